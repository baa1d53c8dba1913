"""What configurations of the adapters library may say: a form, and sizes that the weights beside them bear out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from adapters.configuration import ADAPTER_CONFIG_MAP
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from xadapt.errors import XadaptError, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor

    from xadapt.store.records import Json

# What is shown in a terminal must not be able to steer it.
_Label = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]+$", max_length=200)]
#: Numbers in a configuration that count parts, each of which has weights of its own.
_PARTS = ("n_tasks", "layers")
#: Sizes that no check of the weights' number needs: alphas of LoRA, widths of small adapters.
_SMALL = 1 << 16


class _Adapter(BaseModel):
    model_config = ConfigDict(extra="allow")

    config: dict[str, Any] | str
    name: str = Field(min_length=1)
    hidden_size: int | None = None
    model_type: str | None = None
    model_name: str | None = None
    version: str | None = None


class _Head(BaseModel):
    model_config = ConfigDict(extra="allow")

    head_type: str | None = None
    layers: int = Field(default=1, ge=1)
    num_labels: int | None = Field(default=None, ge=1)
    num_choices: int | None = Field(default=None, ge=1)
    label2id: dict[_Label, int] | None = None


class _HeadFile(BaseModel):
    model_config = ConfigDict(extra="allow")

    model_class: str
    name: str | None = None
    config: _Head | None = None
    num_labels: int | None = Field(default=None, ge=1)
    label2id: dict[_Label, int] | None = None


def check_adapter_config(config: Json, weights: Mapping[str, Tensor], where: Path) -> None:
    """Check the configuration of an adapter before the library makes one of it.

    Raises:
        XadaptError: If it is none, or asks for something larger than its weights are.
    """
    checked = _of(_Adapter, config, where)
    if isinstance(checked.config, str) and checked.config not in ADAPTER_CONFIG_MAP:
        # The library would look for it on the disk and on the network.
        raise XadaptError(f"{where}: its config {quoted(checked.config)} is the name of no method: get it again")
    largest = max(_SMALL, sum(value.numel() for value in weights.values()))
    for key, value in _numbers(checked.config):
        most = len(weights) if key in _PARTS else largest
        if "seed" not in key and abs(value) > most:
            raise XadaptError(f"{where}: its {quoted(key)} is {value:.12g}, more than its weights hold: get it again")


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield key, value
    for name, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _numbers(part, name if isinstance(name, str) else key)


def check_head_config(config: Json, weights: Mapping[str, Tensor], where: Path) -> None:
    """Check the configuration of a head before the library makes one of it.

    Raises:
        XadaptError: If it is none, has more layers than weights, or its labels are not those of its outputs.
    """
    checked = _of(_HeadFile, config, where)
    head = checked.config or _Head(num_labels=checked.num_labels, label2id=checked.label2id)
    if head.layers > len(weights):
        raise XadaptError(f"{where}: it has {head.layers:,} layers, and {len(weights)} weights: get it again")
    widest = max((max(value.shape, default=1) for value in weights.values()), default=0)
    if (head.num_labels or 0) > widest:
        raise XadaptError(f"{where}: it has {head.num_labels:,} outputs, and weights for {widest}: get it again")
    outputs = head.num_choices if head.head_type == "multiple_choice" else head.num_labels
    numbers = sorted((head.label2id or {}).values())
    if numbers and outputs is not None and (len(numbers) != outputs or numbers != list(range(len(numbers)))):
        raise XadaptError(
            f"{where}: its label2id names the outputs {quoted(numbers)}, and the head has {outputs} outputs: "
            "number them from 0 on, or get it again"
        )


def _of(model: type[Any], config: Json, where: Path) -> Any:
    try:
        return model.model_validate(config)
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"]))
        raise XadaptError(f"{where}: its {quoted(field)} is wrong ({fault['msg']}): get it again") from None
