"""Adapters that other libraries wrote, and how they come in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from adapters import XLMRobertaAdapterModel

from tests.tiny_lab import SpyDisplay
from xadapt.composition.builder import assemble
from xadapt.composition.grammar import parse
from xadapt.portable.export_check import probe
from xadapt.portable.import_adapter import ImportOptions, import_adapter
from xadapt.store.store import Store


def import_folder(lab: Any, folder: Path, store: Store, task: str | None = None, **options: Any) -> list[Any]:
    """Import a folder into a store."""
    said = options.pop("display", None)
    context = replace(lab.context, store=store, seed=options.pop("seed", 42))
    if said is not None:
        context = replace(context, display=SpyDisplay(said.append))
    return import_adapter(context, folder, lab.tasks[task] if task else None, ImportOptions(**options))


def outputs(lab: Any, setup: str, store: Store) -> dict[str, np.ndarray]:
    """What a setup computes with the checkpoints of a store."""
    assembly = assemble(replace(lab.context, store=store), parse(setup))
    return probe(lab.backbone, assembly.model, list(assembly.heads)).wanted


def save_foreign_adapter(lab: Any, folder: Path, labels: Any = None, config: str = "seq_bn", **head: Any) -> Any:
    """An adapter and a head as somebody else saves them with the adapters library, in one folder."""
    torch.manual_seed(7)
    model = XLMRobertaAdapterModel.from_pretrained(lab.backbone.name)
    model.add_adapter("nli", config=config)
    names = labels or ["entailment", "neutral", "contradiction"]
    model.add_classification_head("nli", num_labels=len(names), id2label=dict(enumerate(names)), **head)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if ".nli." in key:
                parameter.normal_(std=0.2)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_adapter(str(folder), "nli", use_safetensors=True)
    model.set_active_adapters("nli")
    return model.eval()
