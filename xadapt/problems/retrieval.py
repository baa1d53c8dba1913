"""Translation retrieval: the nearest sentence by cosine. Nothing is trained."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from xadapt.problems.base import Defaults, Feature
from xadapt.problems.nearest import top_k
from xadapt.problems.vectors import VectorProblem
from xadapt.tasks import Retrieval, Row
from xadapt.tasks.fields import TEXT
from xadapt.tasks.specs import KindSpec, register_kind
from xadapt.tasks.submission_files import Predicted, SubmissionFile, lines


class RetrievalProblem(VectorProblem):
    """Find the translation of each English sentence among all sentences of the other language.

    Source: Tatoeba in XTREME (arXiv 2003.11080), whose code looks each English sentence up in the other language.
    """

    defaults: ClassVar[Defaults] = Defaults(max_length=512)

    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Encode all first sentences, then all second ones."""
        features = self.encode_texts([row["first"] for row in rows] + [row["second"] for row in rows])
        return [{**feature, "row": i % len(rows)} for i, feature in enumerate(features)]

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[int]:
        """Index of the nearest first sentence for each second one."""
        vectors = np.stack(raw)
        _, nearest = top_k(vectors[len(rows) :], vectors[: len(rows)], 1)
        return [int(index) for index in nearest[:, 0]]

    def references(self, rows: list[Row]) -> list[int]:
        """Each row's own translation."""
        return list(range(len(rows)))


def _submitted(predicted: Predicted) -> str:
    rows = predicted.same_rows()
    order = sorted(range(len(rows)), key=lambda number: rows[number]["second"].strip())
    return lines(str(predicted.predictions[number]) for number in order)


register_kind(
    KindSpec(
        kind=Retrieval,
        problem=RetrievalProblem,
        fields={"first": TEXT, "second": TEXT},
        metrics=("retrieval",),
        submission=SubmissionFile("tsv", _submitted),
    )
)
