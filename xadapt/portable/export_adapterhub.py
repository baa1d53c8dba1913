"""A setup as folders that the plain adapters library loads: adapters, fusions and heads in AdapterHub's layout."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import torch
from safetensors.torch import load_file, save_file

from xadapt.composition.builder import Assembly, layer_name
from xadapt.composition.grammar import parse
from xadapt.composition.kinds.gate import gated_layer
from xadapt.errors import XadaptError
from xadapt.methods.adapter import method_of, save_adapter
from xadapt.methods.fusion import expand_fusion, save_fusion
from xadapt.portable.export_check import HIDDEN, Written
from xadapt.portable.export_record import ExportParts, Origin
from xadapt.store.files import atomic_write_json, inside, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.composition import AdapterCompositionBlock

    from xadapt.composition.expression import Node
    from xadapt.store.records import Json

#: A composition as JSON: a name, or ``{"stack": [...]}``; None for the bare base.
Structure: TypeAlias = "str | dict[str, list[Structure]] | None"


def write_adapterhub(assembly: Assembly, node: Node, heads: list[str], folder: Path, precision: str) -> Written:
    """Write the adapters, fusions and heads of a setup.

    Args:
        assembly: The setup, assembled; its fusions of low rank become ordinary ones.
        node: The setup.
        heads: The heads to write.
        folder: An existing folder.
        precision: ``fp32`` or ``fp16``.

    Raises:
        XadaptError: If there is no adapter, or one that is none of the adapters library's methods.
    """
    model = assembly.model
    if not assembly.names:
        raise XadaptError(f"{node} has no adapter: the format merged writes the base alone")
    for name in assembly.names:
        if method_of(model, name)["library"] == "peft":
            raise XadaptError(f"{node} has an adapter of peft's own: use the format peft, or merged")
    called = _aliases(_leaves(assembly.active))
    origins = _origins(assembly, node)
    adapters: dict[str, Origin] = {}
    fusions: dict[str, Origin] = {}
    for name, alias in called.items():
        to = folder / "adapters" / alias
        to.parent.mkdir(exist_ok=True)
        save_adapter(model, name, to)
        _rename(to / "adapter_config.json", to / "adapter.safetensors", name, alias, precision)
        adapters[alias] = origins[name]
    for fused in assembly.fusions():
        alias = ",".join(called[name] for name in fused.children)
        to = folder / "fusions" / alias.replace(",", "+")
        to.parent.mkdir(exist_ok=True)
        expand_fusion(model, fused)
        save_fusion(model, fused, to)
        weights = to / "model_adapter_fusion.safetensors"
        _rename(to / "adapter_fusion_config.json", weights, fused.name, alias, precision)
        fusions[to.name] = origins[fused.name]
    for head in heads:
        to = inside(folder, f"heads/{head}")
        to.parent.mkdir(exist_ok=True)
        model.save_head(str(to), head, use_safetensors=True)
        _cast(to / "model_head.safetensors", precision)
    parts = ExportParts(active=_structure(assembly.active, called), adapters=adapters, fusions=fusions)
    plain = {
        "library": "adapters",
        "adapters": list(adapters),
        "fusions": list(fusions),
        "heads": heads,
        "active": parts.active,
    }
    outputs: dict[str, Json] = {HIDDEN: {"encoder": True}, **{head: {"head": head} for head in heads}}
    return Written(parts, heads, lambda base: _code(parts, heads, base), plain, outputs)


def _code(written: ExportParts, heads: list[str], base: str) -> str:
    blocks = sorted({kind.capitalize() for kind in _kinds(written.active)})
    lines = ["from adapters import XLMRobertaAdapterModel"]
    lines += [f"from adapters.composition import {', '.join(blocks)}"] if blocks else []
    lines += ["", f"model = XLMRobertaAdapterModel.from_pretrained({base!r})"]
    lines += [f"model.load_adapter({f'adapters/{name}'!r}, use_safetensors=True)" for name in written.adapters]
    lines += [f"model.load_adapter_fusion({f'fusions/{name}'!r}, use_safetensors=True)" for name in written.fusions]
    lines += [f"model.load_head({f'heads/{name}'!r}, use_safetensors=True)" for name in heads]
    lines += [f"model.set_active_adapters({_block(written.active)})"] if written.active else []
    lines += [f"model.active_head = {heads[-1]!r}"] if heads else []
    return "\n".join(lines)


def _leaves(block: str | AdapterCompositionBlock) -> list[str]:
    """The adapters of a composition, from left to right, each once."""
    if isinstance(block, str):
        return [block]
    return list(dict.fromkeys(name for child in block.children for name in _leaves(child)))


def _aliases(names: list[str]) -> dict[str, str]:
    """A name for each adapter that is also the name of a folder everywhere."""
    called: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^\w-]+", "-", name).strip("-")
        alias, count = plain, 1
        while alias in called.values():
            count += 1
            alias = f"{plain}-{count}"
        called[name] = alias
    return called


def _origins(assembly: Assembly, node: Node) -> dict[str, Origin]:
    """Where each adapter and fusion of a model came from, by what it is called there."""
    nodes = [*node.walk(), *(parse(setup) for setup in assembly.members)]
    gated = {gated_layer(part): Origin(setup=str(part), run=None) for part in nodes if part.kind == "gate"}
    # What was put together in weight space has no checkpoint of its own.
    named = {layer_name(part): Origin(setup=str(part), run=assembly.members.get(str(part))) for part in nodes}
    fused = {",".join(map(layer_name, part.children)): named[layer_name(part)] for part in nodes if part.kind == "fuse"}
    return {**gated, **fused, **named}


def _structure(block: str | AdapterCompositionBlock | None, called: dict[str, str]) -> Structure:
    """A composition as JSON."""
    if block is None or isinstance(block, str):
        return called[block] if block else None
    return {type(block).__name__.lower(): [_structure(child, called) for child in block.children]}


def _kinds(structure: Structure) -> set[str]:
    if not isinstance(structure, dict):
        return set()
    ((kind, children),) = structure.items()
    return {kind}.union(*map(_kinds, children))


def _block(structure: Structure) -> str:
    if not isinstance(structure, dict):
        return repr(structure)
    ((kind, children),) = structure.items()
    return f"{kind.capitalize()}({', '.join(map(_block, children))})"


def _rename(config: Path, weights: Path, old: str, new: str, precision: str) -> None:
    settings = read_json(config)
    settings["name"] = new
    if "adapter_names" in settings:
        settings["adapter_names"] = new
    atomic_write_json(config, settings)
    _cast(weights, precision, old, new)


def _cast(weights: Path, precision: str, old: str = "", new: str = "") -> None:
    dtype = torch.float16 if precision == "fp16" else torch.float32
    cast = {key: value.to(dtype).contiguous() for key, value in load_file(weights).items()}
    save_file({key.replace(f".{old}.", f".{new}.") if old else key: value for key, value in cast.items()}, weights)
