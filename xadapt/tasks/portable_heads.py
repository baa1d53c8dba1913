"""How the head of a kind is called elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class PlainHead:
    """A head as a class of transformers has it.

    Attributes:
        architecture: The class.
        layers: Index of each linear layer in the adapters library's head to its name in the class.
        choices: Whether the class wants the choices of a row as a dimension of their own.
    """

    architecture: str
    layers: dict[str, str]
    choices: bool = False


@dataclass(frozen=True)
class HeadForm:
    """What other libraries call the heads of a kind.

    Attributes:
        type: The type of the head in the adapters library.
        outputs: How many outputs it has, where it is not one a label.
        same: Other types of that library whose layers are the same.
        plain: The class of transformers that has an equal head, where it is not that of the type.
        example: The arguments with which a reader calls ``tokenizer`` for one row.
        note: How its outputs are read, "" if nothing.
    """

    type: str
    outputs: int = 0
    same: tuple[str, ...] = ()
    plain: PlainHead | None = None
    example: str = '"Ein Satz.", "Noch ein Satz."'
    note: Callable[[Any], str] = lambda kind: ""
