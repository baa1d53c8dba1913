"""Benchmark suites: their tasks, groups and languages, as the papers and their evaluator lay them down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xadapt.errors import unknown
from xadapt.tasks.languages import codes

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Suite:
    """A benchmark of several tasks.

    Attributes:
        name: The name that users type.
        title: The name that people read.
        groups: Its groups of tasks, in the order of the tables.
        languages: By task, the languages that its score is the mean of.
        source: Where that is laid down.
    """

    name: str
    title: str
    groups: Mapping[str, tuple[str, ...]]
    languages: Mapping[str, tuple[str, ...]]
    source: str

    @property
    def tasks(self) -> tuple[str, ...]:
        """All its tasks, group by group."""
        return tuple(task for tasks in self.groups.values() for task in tasks)

    def group(self, task: str) -> str:
        """The group of a task."""
        return next(name for name, tasks in self.groups.items() if task in tasks)


_XNLI = codes("ar bg de el en es fr hi ru sw th tr ur vi zh")
_MLQA = codes("ar de en es hi vi zh")
_TYDIQA = codes("ar bn en fi id ko ru sw te")
_UDPOS = "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl tr ur vi yo zh"
_PANX = (
    "af ar bg bn de el en es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr ms my nl pt ru sw ta te th tl tr ur vi "
    "yo zh"
)
_TATOEBA = "af ar bg bn de el es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr nl pt ru sw ta te th tl tr ur vi zh"
_XQUAD = "ar de el en es hi ru th tr vi zh"

XTREME = Suite(
    name="xtreme",
    title="XTREME",
    groups={
        "classification": ("xnli", "pawsx"),
        "structured prediction": ("udpos", "wikiann"),
        "question answering": ("xquad", "mlqa", "tydiqa"),
        "retrieval": ("bucc", "tatoeba"),
    },
    languages={
        "xnli": _XNLI,
        "pawsx": codes("de en es fr ja ko zh"),
        "udpos": codes(_UDPOS),
        "wikiann": codes(_PANX),
        "xquad": codes(_XQUAD),
        "mlqa": _MLQA,
        "tydiqa": _TYDIQA,
        "bucc": codes("de fr ru zh"),
        "tatoeba": codes(_TATOEBA),
    },
    source="https://arxiv.org/abs/2003.11080",
)

XTREME_R = Suite(
    name="xtreme-r",
    title="XTREME-R",
    groups={
        "classification": ("xnli", "xcopa"),
        "structured prediction": ("udpos", "wikiann"),
        "question answering": ("xquad", "mlqa", "tydiqa"),
        "retrieval": ("mewslix", "lareqa", "tatoeba"),
    },
    languages={
        "xnli": _XNLI,
        "xcopa": codes("et ht id it qu sw ta th tr vi zh"),
        "udpos": codes(f"{_UDPOS} lt pl ro uk wo"),
        "wikiann": codes(f"{_PANX} az gu lt pa pl qu ro uk"),
        # Romanian came later. The official evaluator counts it and stops where its file is missing.
        "xquad": codes(f"{_XQUAD} ro"),
        "mlqa": _MLQA,
        "tydiqa": _TYDIQA,
        "mewslix": codes("ar de en es fa ja pl ro ta tr uk"),
        # The official evaluator has no languages for LAReQA and so cannot score it; these are the ones of its data.
        "lareqa": codes(_XQUAD),
        "tatoeba": codes(f"{_TATOEBA} az lt pl ro uk"),
    },
    source="https://arxiv.org/abs/2104.07412",
)

SUITES = {suite.name: suite for suite in (XTREME, XTREME_R)}


def get_suite(name: str) -> Suite:
    """Look a suite up.

    Raises:
        XadaptError: If there is no such suite.
    """
    if name not in SUITES:
        raise unknown("suite", name, SUITES)
    return SUITES[name]
