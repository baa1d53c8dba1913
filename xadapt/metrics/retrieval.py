"""Retrieval: the share of queries whose nearest item is the right one."""

from __future__ import annotations

from xadapt.metrics.accuracy import Accuracy


class Retrieval(Accuracy):
    """Top-1 retrieval accuracy, 0-100.

    A prediction is the index of the item retrieved for a query, a reference the index of the gold item. An index that
    names no item, such as -1 for "nothing found", is simply wrong.

    Source: Tatoeba as in LASER (arXiv 1812.10464) and XTREME (arXiv 2003.11080).
    """

    summary = "Share of queries whose retrieved item is the gold one, in per cent."
    source = "https://arxiv.org/abs/1812.10464"
