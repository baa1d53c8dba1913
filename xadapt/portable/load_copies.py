"""Copies of adapters, a fusion and heads become a model: first one without weights, to see whether they fit."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from adapters import XLMRobertaAdapterModel
from adapters.composition import Fuse

from xadapt.errors import XadaptError, reason_of
from xadapt.methods.adapter import read_adapter
from xadapt.methods.fusion import load_fusion

if TYPE_CHECKING:
    from pathlib import Path

    from xadapt.backbone.base import Backbone
    from xadapt.portable.private_copy import PrivateCopy


@dataclass
class Copies:
    """What goes into a model.

    Attributes:
        adapters: The adapters, by what they are called there.
        fusion: The folder of their fusion.
        heads: The folders of heads, by what they are called there.
    """

    adapters: dict[str, PrivateCopy]
    fusion: Path | None = None
    heads: dict[str, Path] = field(default_factory=dict)

    @property
    def block(self) -> str | Fuse:
        """The composition that they are."""
        return Fuse(*self.adapters) if self.fusion else next(reversed(self.adapters))


def load_copies(backbone: Backbone, copies: Copies) -> XLMRobertaAdapterModel:
    """Make a model of a base with adapters, a fusion and heads in it; nothing is active.

    Args:
        backbone: The base.
        copies: What goes into it.

    Raises:
        XadaptError: If something does not fit the base, or is of a method that is not known here.
    """
    # What a configuration asks for may be larger than any memory, and takes none in a model without weights.
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _fill(XLMRobertaAdapterModel(copy.deepcopy(backbone.config)), copies)
    model = backbone.model()
    _fill(model, copies)
    return model


def _fill(model: XLMRobertaAdapterModel, copies: Copies) -> None:
    for name, one in copies.adapters.items():
        _load_adapter(model, one, name)
    if isinstance(copies.block, Fuse) and copies.fusion:
        load_fusion(model, copies.block, copies.fusion)
    folder = next(reversed(copies.adapters.values())).found.folder
    for name, head in copies.heads.items():
        missed: dict[str, list[str]] = {}
        try:
            model.load_head(str(head), load_as=name, use_safetensors=True, loading_info=missed)
        # A configuration from outside can make the library fail in any way.
        except Exception as error:
            raise _unfit(f"the head of {folder}", _reason(error)) from None
        _check_none_lost(f"the head of {folder}", [key for keys in missed.values() for key in keys])


def _load_adapter(model: XLMRobertaAdapterModel, one: PrivateCopy, name: str) -> None:
    missed: dict[str, list[str]] = {"missing_keys": [], "unexpected_keys": []}
    try:
        if one.found.form == "peft":
            read_adapter(model, one.folder, name)
        else:
            # The library's own loader reads what older versions wrote, with their scales.
            path = str(one.folder)
            model.load_adapter(path, load_as=name, with_head=False, use_safetensors=True, loading_info=missed)
    except XadaptError:
        raise
    # A configuration from outside can make the libraries fail in any way.
    except Exception as error:
        raise _unfit(one.found.folder, _reason(error)) from None
    # The prefixes of all layers are one module, which the file has once and the library misses in every other layer.
    own = {key for key, _ in (*model.named_parameters(), *model.named_buffers())}
    _check_none_lost(
        one.found.folder, [key for key in missed["missing_keys"] if key in own] + missed["unexpected_keys"]
    )


def _check_none_lost(where: object, lost: list[str]) -> None:
    if lost:
        raise _unfit(where, f"{len(lost)} weights have no counterpart, {lost[0]} first")


def _reason(error: Exception) -> str:
    """What a library says; where it begins with a heading, the first line below that."""
    heading, _, rest = str(error).strip().partition("\n")
    return reason_of(ValueError(rest)) if heading.endswith(":") and rest.strip() else reason_of(error)


def _unfit(where: object, reason: str) -> XadaptError:
    return XadaptError(f"{where} does not load on this base ({reason}): get it again, or name its base")
