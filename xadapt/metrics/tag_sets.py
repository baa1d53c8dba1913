"""What a set of tags is: how it spells chunks, by which scheme, and which tags do not fit the others."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OUTSIDE = "O"
#: Characters that nobody sees; around a tag they are no part of it.
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
#: What stands for O where O itself does not.
_OUTSIDES = (OUTSIDE, "o", "0")
#: The first is the usual one, to which the others are brought.
_STANDARD = "B-PER"
#: By example, how a chunk's tag may be spelled: a letter for the place in the chunk, and the chunk's type.
_SPELLINGS = {
    _STANDARD: re.compile(r"(?P<place>[BIESLUMW])-(?P<type>.+)"),
    "b-per": re.compile(r"(?P<place>[bieslumw])-(?P<type>.+)"),
    "B_PER": re.compile(r"(?P<place>[BIESLUMW])_(?P<type>.+)"),
    "b_per": re.compile(r"(?P<place>[bieslumw])_(?P<type>.+)"),
    "B:PER": re.compile(r"(?P<place>[BIESLUMW]):(?P<type>.+)"),
    "B.PER": re.compile(r"(?P<place>[BIESLUMW])\.(?P<type>.+)"),
    "B/PER": re.compile(r"(?P<place>[BIESLUMW])/(?P<type>.+)"),
    "PER-B": re.compile(r"(?P<type>.+)-(?P<place>[BIESLUMW])"),
    "PER_B": re.compile(r"(?P<type>.+)_(?P<place>[BIESLUMW])"),
    "B": re.compile(r"(?P<place>[BIESLUMW])(?P<type>)"),
}
#: Letters of other schemes that mean the same: the middle of a chunk, and a chunk of one word.
_SAME = {"M": "I", "W": "S"}


@dataclass(frozen=True)
class TagSet:
    """A set of tags.

    Attributes:
        spelling: How chunks are spelled, by the example of ``B-PER``; "" where the tags are no chunks'.
        scheme: The places that chunks have: ``IOB`` (1 or 2), ``IOE`` (1 or 2), ``IOBES``, ``BILOU``; "" for no chunks.
        standard: By tag that fits, how it is usually written: ``B-PER``, ``O``.
        spelled: The same with tags that are chunks' and of another scheme.
        odd: Tags that do not fit: no chunk's among those of chunks, or a chunk's among others.
    """

    spelling: str = ""
    scheme: str = ""
    standard: Mapping[str, str] = field(default_factory=dict)
    spelled: Mapping[str, str] = field(default_factory=dict)
    odd: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether all chunks are written as usual."""
        return all(tag == usual for tag, usual in self.spelled.items())


def clean_tag(tag: str) -> str:
    """A tag without white space and invisible characters around it."""
    return tag.strip().strip(_INVISIBLE).strip()


def read_tag_set(tags: Iterable[str]) -> TagSet:
    """Tell what tags are, by what most of them are.

    Chunks are told by a letter of B, I, E, S (with M and W for I and S, as in BMES and BMEWO), L and U, and a type. A
    set is one of chunks where more than half of its tags but O are spelled so, all in the same way. IOB1 and IOB2 have
    the same tags, as have IOE1 and IOE2.

    Args:
        tags: The tags, in any order, each any number of times.
    """
    there = dict.fromkeys(tags)
    outside = next((one for one in _OUTSIDES if one in there), None)
    others = [tag for tag in there if tag != outside]
    found = {name: _matches(name, spelling, others, outside) for name, spelling in _SPELLINGS.items()}
    spelling = max(found, key=lambda name: len(found[name]))
    chunks = found[spelling]
    if 2 * len(chunks) <= len(others):
        return TagSet(odd=tuple(found[_STANDARD]) if len(found[_STANDARD]) < len(others) else ())
    same = {tag: (_SAME.get(place, place), kind) for tag, (place, kind) in chunks.items()}
    scheme, strange = _scheme(same)
    spelled = {tag: "-".join(filter(None, parts)) for tag, parts in same.items()}
    spelled |= {outside: OUTSIDE} if outside else {}
    standard = {tag: usual for tag, usual in spelled.items() if tag not in strange}
    return TagSet(spelling, scheme, standard, spelled, tuple(tag for tag in others if tag not in standard))


_Chunks = dict[str, tuple[str, str]]


def _matches(name: str, spelling: re.Pattern[str], tags: list[str], outside: str | None) -> _Chunks:
    found = {tag: (match["place"].upper(), match["type"]) for tag in tags if (match := spelling.fullmatch(tag))}
    places = {place for place, _ in found.values()}
    if name in (_STANDARD, "b-per"):
        return found if places & set("BIESU") else {}
    if name == "B":
        return found if "B" in places and places & set("IEML") else {}
    # S_pos and E_mail are not yet chunks.
    return found if "B" in places or ("I" in places and outside) else {}


def _scheme(chunks: _Chunks) -> tuple[str, set[str]]:
    """The scheme, and the tags that are of another."""
    by_place = {letters: {tag for tag, (place, _) in chunks.items() if place in letters} for letters in ("LU", "ES")}
    strange = by_place["LU"] if len(by_place["LU"]) < len(by_place["ES"]) else by_place["ES"]
    begun, *ended = ({kind for place, kind in chunks.values() if place in letters} for letters in ("B", "L", "E"))
    if begun and 2 * max(len(begun & kinds) for kinds in ended) < len(begun):
        # What begins would end by the same scheme, for most types.
        strange = by_place["LU"] | by_place["ES"]
    places = {place for tag, (place, _) in chunks.items() if tag not in strange}
    if places & set("LU"):
        return "BILOU", strange
    if "S" in places or {"B", "E"} <= places:
        return "IOBES", strange
    return "IOE" if "E" in places else "IOB", strange
