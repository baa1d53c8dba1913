"""Chunks in sequences of tags, by the letter of one scheme: whatever breaks its rules is no chunk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from xadapt.metrics.tag_sets import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: A type, and the indices of a sentence, its first tag and its last.
Chunk = tuple[str, int, int, int]


@dataclass(frozen=True)
class Scheme:
    """The rules of a scheme, each about a tag and the one before it.

    A rule is the letter before, the letter, and whether their types must be equal (``=``), differ (``!``) or are not
    looked at (``*``); a dot is any letter.

    Attributes:
        letters: The letters that tags begin with.
        starts: Where a chunk begins.
        goes_on: Where it goes on.
        ends: Where the one before was its end.
    """

    letters: str
    starts: str
    goes_on: str
    ends: str


#: By name. Source: Ramshaw and Marcus 1995 (arXiv cmp-lg/9505040), Tjong Kim Sang and Veenstra 1999 (arXiv cs/9907006)
#: and Ratinov and Roth 2009, as the strict mode of seqeval 1.2 has them.
SCHEMES = {
    "IOB1": Scheme("IOB", "OI* II! BI* IB= BB=", "BI= II=", "II! IO* IB* BO* BI! BB="),
    "IOB2": Scheme("IOB", ".B*", "BI= II=", "IO* II! IB* BO* BI! BB*"),
    "IOE1": Scheme("IOE", "OI* II! EI* EE=", "II= IE=", "II! IO* IE! EI= EE="),
    "IOE2": Scheme("IOE", "OI* OE* EI* EE* II! IE!", "II= IE=", "E.*"),
    "IOBES": Scheme("IOBES", ".B* .S*", "BI= BE= II= IE=", "S.* E.*"),
    "BILOU": Scheme("BILOU", ".B* .U*", "BI= BL= II= IL=", "U.* L.*"),
}

_Tag = tuple[str, str]


def scheme_chunks(sentences: Sequence[Sequence[str]], name: str) -> set[Chunk]:
    """Read the chunks out of tagged sentences.

    Args:
        sentences: Tags such as ``B-PER`` and ``O``.
        name: A scheme of :data:`SCHEMES`.
    """
    scheme = SCHEMES[name]
    return {
        (kind, number, first, last)
        for number, sentence in enumerate(sentences)
        for kind, first, last in _chunks([*map(_parts, sentence), (OUTSIDE, "_")], scheme)
    }


def strange_tag(tags: Iterable[str], name: str) -> str | None:
    """The first tag that a scheme has not, None if it has all."""
    letters = SCHEMES[name].letters
    return next((tag for tag in tags if not (tag == OUTSIDE or (tag[0] in letters and tag[1:2] in ("", "-")))), None)


def _parts(tag: str) -> _Tag:
    return tag[0], tag[1:].strip("-") or "_"


def _chunks(tags: list[_Tag], scheme: Scheme) -> Iterable[tuple[str, int, int]]:
    at, before = 0, (OUTSIDE, "_")
    while at < len(tags):
        first, tag = at, tags[at]
        at += 1
        if _hold(scheme.starts, before, tag):
            # No chunk goes on at the O behind the sentence.
            while _hold(scheme.goes_on, tags[at - 1], tags[at]):
                at += 1
            if _hold(scheme.ends, tags[at - 1], tags[at]):
                yield tag[1], first, at - 1
        before = tags[at - 1]


def _hold(rules: str, before: _Tag, tag: _Tag) -> bool:
    return _allow(rules, before[0], tag[0], before[1] == tag[1])


@cache
def _allow(rules: str, before: str, letter: str, same: bool) -> bool:
    types = "*=" if same else "*!"
    return any(rule[0] in f".{before}" and rule[1] in f".{letter}" and rule[2] in types for rule in rules.split())
