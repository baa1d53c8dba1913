"""What checks an export: a program of its own, without xadapt, that loads a folder with plain libraries and runs it.

It is told what to load as data (``Written.plain`` of :mod:`xadapt.portable.export_check`) and evaluates no text: names
come from records, and a record may be a stranger's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(job_file: str, found_file: str) -> None:
    """Load, run, and write the outputs in the order in which they are asked for."""
    job = json.loads(Path(job_file).read_text())
    # Python is started without what the environment adds to its path, and with what the caller found its libraries by.
    sys.path.extend(path for path in job["path"] if path not in sys.path)
    import numpy
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    model = _LOADERS[job["plain"]["library"]](job["base"], job["plain"]).eval()
    batch = {key: torch.tensor(job[key]) for key in ("input_ids", "attention_mask")}
    if job["tokenizer"]:
        tokenizer = transformers.AutoTokenizer.from_pretrained(job["tokenizer"], trust_remote_code=False)
        pairs = tokenizer(*job["texts"], padding=True, truncation=True, max_length=job["longest"], return_tensors="pt")
        if not torch.equal(pairs["input_ids"], batch["input_ids"]):
            raise ValueError("the tokenizer gives other ids")
    with torch.inference_mode():
        found = [_read(_call(model, batch, output)).numpy() for output in job["outputs"]]
    if any(name.partition(".")[0] == "xadapt" for name in sys.modules):
        raise RuntimeError("xadapt took part")
    numpy.savez(found_file, *found)


def _adapters(base: str, plain: dict[str, Any]) -> Any:
    from adapters import XLMRobertaAdapterModel

    model = XLMRobertaAdapterModel.from_pretrained(base)
    for name in plain["adapters"]:
        model.load_adapter(f"adapters/{name}", use_safetensors=True)
    for name in plain["fusions"]:
        model.load_adapter_fusion(f"fusions/{name}", use_safetensors=True)
    for name in plain["heads"]:
        model.load_head(f"heads/{name}", use_safetensors=True)
    if plain["active"]:
        model.set_active_adapters(_block(plain["active"]))
    return model


def _block(structure: Any) -> Any:
    from adapters.composition import Fuse, Stack

    if isinstance(structure, str):
        return structure
    ((kind, children),) = structure.items()
    return {"stack": Stack, "fuse": Fuse}[kind](*map(_block, children))


def _peft(base: str, plain: dict[str, Any]) -> Any:
    from peft import PeftModel
    from transformers import XLMRobertaModel

    encoder = XLMRobertaModel.from_pretrained(base, add_pooling_layer=False)
    return PeftModel.from_pretrained(encoder, ".")


def _merged(base: str, plain: dict[str, Any]) -> Any:
    import transformers

    name = plain["architecture"]
    if name == "XLMRobertaModel":
        return transformers.XLMRobertaModel.from_pretrained(base, add_pooling_layer=False)
    if not name.startswith("XLMRobertaFor"):
        raise ValueError(f"{name} is no class of XLM-R with a head")
    return getattr(transformers, name).from_pretrained(base)


_LOADERS = {"adapters": _adapters, "peft": _peft, "transformers": _merged}


def _call(model: Any, batch: dict[str, Any], output: dict[str, Any]) -> Any:
    # A choice is a dimension of its own.
    inputs = {key: value[:, None] for key, value in batch.items()} if output.get("choices") else batch
    called = model.roberta if output.get("encoder") else model
    return called(**inputs, head=output["head"]) if "head" in output else called(**inputs)


def _read(outputs: Any) -> Any:
    import torch

    if "start_logits" in outputs:
        return torch.stack((outputs.start_logits, outputs.end_logits), -1)
    return outputs.logits if "logits" in outputs else outputs.last_hidden_state


if __name__ == "__main__":
    main(*sys.argv[1:])
