"""What a user would write without xadapt: NLI with the libraries' own trainer, then XNLI, nothing shared.

python benchmarks/speed/plain_script.py --data MIRROR --to FILE [--method lora|full] [--group-by-length] [--bf16]

The base is the one that xadapt loads; all else is plain `adapters`, `peft` or `transformers`.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as parquet
import torch
from adapters import AdapterTrainer
from peft import LoraConfig, get_peft_model
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments, set_seed

from xadapt.backbone.base import load_backbone

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from xadapt.store.records import Json

LANGUAGES = ["en", "ar", "bg", "de", "el", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh"]
#: Rates that suit the methods.
RATES = {"adapter": 1e-3, "lora": 1e-3, "full": 5e-5}


def rows_of(path: Path, limit: int, seed: int = 0) -> list[Json]:
    """Read a fixed sample of a file's rows."""
    rows = parquet.read_table(path).to_pylist()
    return [rows[index] for index in np.random.default_rng(seed).permutation(len(rows))[:limit]]


def features_of(rows: list[Json], tokenizer: PreTrainedTokenizerBase) -> list[Json]:
    """Encode NLI pairs."""
    encoded = tokenizer(
        [row["premise"] for row in rows], [row["hypothesis"] for row in rows], truncation=True, max_length=128
    )
    return [{"input_ids": ids, "labels": row["label"]} for ids, row in zip(encoded["input_ids"], rows, strict=True)]


def build(method: str) -> tuple[torch.nn.Module, PreTrainedTokenizerBase]:
    """The model with what the method trains, and its tokenizer."""
    backbone = load_backbone("e5-small")
    model = backbone.model()
    words = model.get_input_embeddings()
    # An ordinary model has its words unpacked.
    model.set_input_embeddings(torch.nn.Embedding.from_pretrained(words.weight.data, padding_idx=words.padding_idx))
    model.add_classification_head("nli", num_labels=3)
    if method == "adapter":
        model.add_adapter("nli", config="seq_bn[reduction_factor=8]")
        model.train_adapter("nli")
        model.set_active_adapters("nli")
    elif method == "lora":
        model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules=["query", "value"]))
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(parameter.requires_grad or ".heads." in name)
    else:
        for parameter in model.parameters():
            parameter.data = parameter.data.clone()
            parameter.requires_grad_(True)
    return model, backbone.tokenizer


def main() -> None:
    """Train, evaluate, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--method", choices=list(RATES), default="adapter")
    parser.add_argument("--group-by-length", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--rows", type=int, default=16000)
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--steps", type=int, default=-1, help="stop after so many steps: time only, no scores")
    parser.add_argument("--test-rows", type=int, default=300, help="XNLI validation rows a language")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=42)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    set_seed(given.seed)
    model, tokenizer = build(given.method)
    train = features_of(rows_of(given.data / "metaeval/lingnli/default/train.parquet", given.rows), tokenizer)
    arguments = TrainingArguments(
        output_dir=str(given.to.parent / "plain"),
        num_train_epochs=given.epochs,
        max_steps=given.steps,
        per_device_train_batch_size=32,
        per_device_eval_batch_size=32,
        learning_rate=RATES[given.method],
        warmup_ratio=0.06,
        group_by_length=given.group_by_length,
        bf16=given.bf16,
        use_cpu=not torch.cuda.is_available(),
        save_strategy="no",
        remove_unused_columns=False,
        label_names=["labels"],
        logging_steps=50,
        report_to=[],
        disable_tqdm=True,
        seed=given.seed,
    )
    collator = DataCollatorWithPadding(tokenizer)
    kind = AdapterTrainer if given.method == "adapter" else Trainer
    trainer = kind(model=model, args=arguments, train_dataset=train, data_collator=collator)
    started, worked = time.perf_counter(), time.process_time()
    trainer.train()
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    steps = trainer.state.global_step
    figures: Json = {
        **{key: value for key, value in vars(given).items() if key not in ("data", "to")},
        "seconds": seconds,
        "processor": processor,
        "steps_done": steps,
        "seconds_a_step": seconds / steps,
        "parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if given.steps < 0 and given.test_rows:
        figures["xnli"] = {}
        model.eval()
        for language in LANGUAGES:
            rows = rows_of(given.data / f"facebook/xnli/{language}/validation.parquet", given.test_rows)
            found = trainer.predict(features_of(rows, tokenizer))
            logits = found.predictions[0] if isinstance(found.predictions, tuple) else found.predictions
            # With --group-by-length the trainer answers in another order.
            right = logits.argmax(-1) == found.label_ids
            figures["xnli"][language] = 100 * float(right.mean())
    given.to.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
