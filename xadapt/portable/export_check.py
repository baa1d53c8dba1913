"""An export is compared with xadapt: loaded by plain libraries in a fresh process, on a few sentences."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from xadapt.data import bundled
from xadapt.errors import RunFailed
from xadapt.portable.base_folder import write_cut_base

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters import XLMRobertaAdapterModel

    from xadapt.backbone.base import Backbone
    from xadapt.portable.export_record import ExportParts
    from xadapt.store.records import Json

#: Differences that are allowed, as a share of the largest value: rounding of one and of the other.
TOLERANCE = {"fp32": 1e-4, "fp16": 1e-2}
#: The name of the output that needs no head.
HIDDEN = "hidden states"
_LANGUAGES = ("en", "de", "ru", "ar", "hi", "zh")
_PAIRS = 2
_LONGEST = 128

#: The program that loads and runs; it imports nothing of xadapt.
_PROGRAM = Path(__file__).with_name("plain_program.py")


@dataclass(frozen=True)
class Written:
    """What was written in some format.

    Attributes:
        parts: The parts, for the export's record.
        heads: The heads among them.
        code: Gives what a user types to define ``model``, from where the base is; it runs in the export's folder.
        plain: The same as data for the program that checks: ``library``, and the names of what it loads.
        outputs: By name of an output (a head, or ``hidden states``), how it is called for: ``encoder`` for that of the
            encoder alone, ``head`` for a head of the adapters library, ``choices`` where they are a dimension.
        notes: What a user must know, a line each.
    """

    parts: ExportParts
    heads: list[str]
    code: Callable[[str], str]
    plain: Json
    outputs: dict[str, Json]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """What an export was found to compute.

    Attributes:
        differences: Largest absolute difference by head, and of the ``hidden states``.
        sentences: How many pairs of sentences were compared.
    """

    differences: dict[str, float]
    sentences: int

    def __str__(self) -> str:
        """One line for people."""
        parts = ", ".join(f"{value:.1e} in {name}" for name, value in self.differences.items())
        return f"largest difference to xadapt on {self.sentences} pairs of sentences: {parts}"


@dataclass
class Probe:
    """A few sentences and what xadapt computes for them.

    Attributes:
        texts: First and second sentences.
        ids: Token ids, int64, shape (pairs, tokens).
        mask: 1 for a token, 0 for padding, of the same shape.
        longest: Tokens that a pair is cut to.
        wanted: Outputs by name: a head's logits, or ``hidden states``.
    """

    texts: tuple[list[str], list[str]]
    ids: torch.Tensor
    mask: torch.Tensor
    longest: int
    wanted: dict[str, np.ndarray] = field(default_factory=dict)


def probe(backbone: Backbone, model: XLMRobertaAdapterModel, heads: list[str]) -> Probe:
    """Compute with xadapt what an export has to compute too.

    Args:
        backbone: The base.
        model: A model whose adapters are set.
        heads: Names of heads.
    """
    rows = [row for code in _LANGUAGES for row in bundled.rows("nli", code, "test")[::4][:_PAIRS]]
    texts = [row["first"] for row in rows], [row["second"] for row in rows]
    longest = min(_LONGEST, backbone.tokenizer.model_max_length)
    batch = backbone.tokenizer(*texts, padding=True, truncation=True, max_length=longest, return_tensors="pt")
    made = Probe(texts, batch["input_ids"], batch["attention_mask"], longest)
    model.eval()
    with torch.inference_mode():
        inputs = {"input_ids": made.ids, "attention_mask": made.mask}
        made.wanted[HIDDEN] = model.roberta(**inputs).last_hidden_state.float().numpy()
        for head in heads:
            outputs = model(**inputs, head=head)
            spans = "start_logits" in outputs
            logits = torch.stack((outputs.start_logits, outputs.end_logits), -1) if spans else outputs.logits
            made.wanted[head] = logits.float().numpy()
    return made


def check(made: Probe, backbone: Backbone, folder: Path, written: Written, base: str | None, precision: str) -> Check:
    """Load an export with plain libraries in a process of its own and compare.

    Args:
        made: What is wanted.
        backbone: The base.
        folder: The export, in which the process works.
        written: How it is loaded and used.
        base: A folder with the whole base or model and its tokenizer; None for one that is made for the purpose.
        precision: ``fp32`` or ``fp16``.

    Raises:
        RunFailed: If it does not load, or a difference is larger than rounding makes it.
    """
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        ids = made.ids if base else write_cut_base(backbone, work / "base", made.ids)
        job = {
            "texts": made.texts,
            "input_ids": ids.tolist(),
            "attention_mask": made.mask.tolist(),
            "longest": made.longest,
            "tokenizer": base or "",
            "base": base or str(work / "base"),
            "plain": written.plain,
            "outputs": list(written.outputs.values()),
            # The first is the folder of whatever was started, or the working folder.
            "path": [path for path in sys.path[1:] if path],
        }
        (work / "job.json").write_text(json.dumps(job))
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        command = [sys.executable, "-I", str(_PROGRAM), str(work / "job.json"), str(work / "found.npz")]
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise RunFailed(f"the export does not load with plain libraries ({lines[-1][:200]}): nothing was written")
        with np.load(work / "found.npz", allow_pickle=False) as stored:
            found = dict(zip(written.outputs, stored.values(), strict=True))
    differences = {}
    for name, value in found.items():
        wanted = made.wanted[name]
        differences[name] = float(np.abs(value.astype(np.float32) - wanted).max())
        if not differences[name] <= TOLERANCE[precision] * max(1.0, float(np.abs(wanted).max())):
            raise RunFailed(
                f"the export computes something else: its {name} differ by {differences[name]:.2g}; nothing was written"
            )
    return Check(differences, len(made.ids))
