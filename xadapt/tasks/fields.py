"""What the values of a row's field are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: How values are read from a file and checked:
#:
#: * ``text``; ``texts``, a list of texts, which several columns may make; ``words``, a list of texts that may come as
#:   one text with spaces,
#: * ``label``, an index into the kind's labels; ``tags``, a list of labels in words,
#: * ``index``, a whole number, and ``number``, both perhaps written as text,
#: * ``id``, and ``value``, which nothing is known about.
Form = Literal["text", "texts", "words", "label", "tags", "index", "number", "id", "value"]


@dataclass(frozen=True)
class Field:
    """What the values of a field are.

    Attributes:
        form: How they are read and checked.
        asked: Whether a row that is to be predicted has it: gold answers and ids are not looked at then.
        fewest: How many items a list of texts has at least.
        item: What errors call such an item.
        parts: What several columns make of it, in their order; for a value.
        found: Whether a user's own files may lack it, and it is read wherever they have a column of its name.
    """

    form: Form = "value"
    asked: bool = False
    fewest: int = 1
    item: str = "text"
    parts: tuple[str, ...] = ()
    found: bool = False

    @property
    def listed(self) -> bool:
        """Whether it is a list of texts."""
        return self.form in ("texts", "words")

    @property
    def single(self) -> bool:
        """Whether it is one value, whose meaning can be looked up."""
        return self.form in ("text", "label", "index", "number", "id")


TEXT = Field("text", asked=True)
LABEL = Field("label")
TAGS = Field("tags")
INDEX = Field("index")
NUMBER = Field("number")
ID = Field("id")
VALUE = Field()
