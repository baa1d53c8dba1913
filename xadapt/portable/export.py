"""A setup leaves xadapt: written for another library, loaded by that library, compared, and only then kept."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from xadapt.composition.builder import Assembly, assemble
from xadapt.composition.specs import is_several
from xadapt.errors import XadaptError, option, unknown
from xadapt.methods.adapter import method_of
from xadapt.portable.base_folder import write_base
from xadapt.portable.export_adapterhub import write_adapterhub
from xadapt.portable.export_check import Check, check, probe
from xadapt.portable.export_merged import write_merged
from xadapt.portable.export_peft import write_peft
from xadapt.portable.export_readme import readme
from xadapt.portable.export_record import RECORD, Checked, ExportRecord
from xadapt.problems import problem_class
from xadapt.store.files import atomic_folder, atomic_write_bytes
from xadapt.store.records import BaseOf
from xadapt.store.versions import versions

if TYPE_CHECKING:
    from pathlib import Path

    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.portable.plain_heads import HeadConfig
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.tasks import Task

#: What there is to export to, and the library that loads it.
FORMATS = {"adapterhub": "adapters", "peft": "peft", "merged": "transformers"}
PRECISIONS = ("fp16", "fp32")
BASE = "base"
_WRITERS = {"adapterhub": write_adapterhub, "peft": write_peft, "merged": write_merged}


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes:
        path: The folder.
        record: Its ``export.json``.
        check: What the plain library computed with it.
        notes: What a user must know, a line each.
    """

    path: Path
    record: ExportRecord
    check: Check
    notes: tuple[str, ...]


def export(
    context: Context,
    node: Node,
    to: Path,
    form: str,
    task: Task | None = None,
    precision: str | None = None,
    with_base: bool = False,
) -> Export:
    """Write a setup for another library and check it there.

    Args:
        context: Base, store, seed and tasks.
        node: The setup.
        to: The folder; it may be new, empty or an earlier export, which is replaced.
        form: One of :data:`FORMATS`.
        task: The task whose head goes with it; None for all heads, or the outermost where there can be one only.
        precision: ``fp16`` or ``fp32``; None for fp16, as checkpoints are stored, and fp32 for a merged model.
        with_base: Whether the base is written beside it in transformers' format.

    Raises:
        XadaptError: If a member is missing, the format cannot hold the setup, or the folder holds something else.
        RunFailed: If the plain library computes something else.
    """
    if form not in FORMATS:
        raise unknown("format", form, FORMATS)
    if precision is not None and precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    if with_base and form == "merged":
        raise XadaptError(
            f"{option('with_base')} is for formats that need the base beside them; a merged model holds it"
        )
    if is_several(node.kind):
        raise XadaptError(f"{node} is several models and has no single folder: export its members one by one")
    if to.exists() and (not to.is_dir() or (any(to.iterdir()) and not (to / RECORD).is_file())):
        raise XadaptError(f"{to} is not empty and no export: name another folder")
    precision = precision or ("fp32" if form == "merged" else "fp16")
    used: list[Checkpoint] = []
    backbone = context.backbone
    assembly = assemble(context, node, used.append)
    _check_methods(assembly, node)
    heads = _heads(assembly, task)
    with atomic_folder(to) as folder:
        found = probe(backbone, assembly.model, heads)
        written = _WRITERS[form](assembly, node, heads, folder, precision)
        if with_base:
            write_base(backbone, folder / BASE)
        base = "." if form == "merged" else BASE if with_base else None
        compared = check(found, backbone, folder, written, base, precision)
        library = FORMATS[form]
        record = ExportRecord(
            form=form,
            setup=str(node),
            base=BaseOf(name=backbone.name, fingerprint=backbone.fingerprint),
            seed=used[-1].seed if used else context.seed,
            precision=precision,
            **{name: getattr(written.parts, name) for name in written.parts.model_fields_set},
            heads={head: _maker(head, used) for head in written.heads},
            labels={head: _labels(assembly.model.heads[head].config) for head in written.heads},
            calibration={head: assembly.calibration[head] for head in heads if assembly.calibration.get(head)},
            checked=Checked(sentences=compared.sentences, differences=compared.differences),
            versions={**versions(), library: version(library)},
        )
        record.write(folder / RECORD)
        atomic_write_bytes(folder / "README.md", readme(record, written, library, with_base, context.tasks).encode())
        for file in (path for path in folder.rglob("*") if path.is_file()):
            # safetensors writes for its owner alone, and an export is to be given away.
            file.chmod(0o644)
    return Export(to, record, compared, written.notes)


def _check_methods(assembly: Assembly, node: Node) -> None:
    for name in assembly.names:
        method = method_of(assembly.model, name)
        if method["library"] == "own":
            raise XadaptError(
                f"{node} has an adapter of the method {method['method']}, which its author registered, so that no "
                "other library loads it: take it along with `xadapt push`, and its module with it"
            )


def _heads(assembly: Assembly, task: Task | None) -> list[str]:
    if task is None:
        return list(assembly.heads)
    if not problem_class(task).needs_head:
        return []
    head = assembly.head_for(task)
    assembly.with_head_labels(task, head)
    return [head]


def _maker(head: str, used: list[Checkpoint]) -> str:
    """The setup whose checkpoint a head is of: the last that has one of its name."""
    return next(checkpoint.setup for checkpoint in reversed(used) if head in checkpoint.heads)


def _labels(config: HeadConfig) -> list[str]:
    ids = config.get("label2id") or {}
    # The library makes up names where there are none.
    return sorted(ids, key=ids.__getitem__) if not any(name.startswith("LABEL_") for name in ids) else []
