"""Bitext mining: translations hidden in two large sets of sentences, by ratio margin. Nothing is trained."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xadapt.errors import XadaptError, option
from xadapt.problems.base import Defaults, Feature
from xadapt.problems.nearest import top_k
from xadapt.problems.vectors import VectorProblem
from xadapt.tasks import Mining, Row
from xadapt.tasks.fields import ID, TEXT
from xadapt.tasks.specs import KindSpec, PoolSpec, register_kind
from xadapt.tasks.submission_files import Predicted, SubmissionFile, lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xadapt.metrics.examples import Examples
    from xadapt.store.records import Json

#: Nearest neighbours on the other side that a cosine is compared with.
NEIGHBOURS = 4


class MiningProblem(VectorProblem):
    """Pair source sentences with sentences of the pool, each at most once.

    As XTREME does, equal texts are mined as one, and pairs with a text that several sentences share are then left out,
    because it does not say which of them is meant.

    Source: BUCC 2018 in XTREME (arXiv 2003.11080).
    """

    defaults: ClassVar[Defaults] = Defaults(max_length=512)
    pooled: ClassVar[bool] = True

    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Encode the source sentences."""
        return [{**feature, "row": i} for i, feature in enumerate(self.encode_texts([row["text"] for row in rows]))]

    def encode_pool(self, pool: list[Row]) -> list[Feature]:
        """Encode the target sentences."""
        return self.encode_texts([row["text"] for row in pool])

    def fill(self, pool: list[Row], raw: list[np.ndarray]) -> None:
        """Take the target sentences and their vectors."""
        self._targets, self._vectors = pool, np.stack(raw)

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[list[Any]]:
        """All mined pairs as ``[score, source id, target id]``, highest score first, as many as there are."""
        sources, targets = _distinct(rows), _distinct(self._targets)
        shared_sources, shared_targets = _shared(rows), _shared(self._targets)
        found = []
        for score, i, j in mine(np.stack(raw)[sources], self._vectors[targets]):
            source, target = rows[sources[i]], self._targets[targets[j]]
            if source["text"].strip() not in shared_sources and target["text"].strip() not in shared_targets:
                found.append([round(score, 9), source["id"], target["id"]])
        return found

    def references(self, rows: list[Row]) -> list[tuple[str, str]]:
        """The gold pairs whose source is among the rows.

        Raises:
            XadaptError: If there is none.
        """
        here = {row["id"] for row in rows}
        pairs = [(source, target) for source, target in self.gold if source in here]
        if not pairs:
            raise XadaptError(
                f"{self.task.name}: no gold pair among {len(rows)} sentences: take more with {option('limit')}"
            )
        return pairs

    def examples(self, predictions: list[Any], rows: list[Row], language: str = "en") -> Examples:
        """The pairs of each source sentence."""
        from xadapt.metrics.mining import mining_examples

        return mining_examples(predictions, self.references(rows), [row["id"] for row in rows])

    def details(self) -> Json:
        """The margin, beside what a vector depends on."""
        return {**super().details(), "margin": "ratio", "neighbours": NEIGHBOURS}


def mine(source: np.ndarray, target: np.ndarray, neighbours: int = NEIGHBOURS) -> list[tuple[float, int, int]]:
    """Pair two sets of vectors by ratio margin, greedily and one to one.

    The score of a pair is its cosine over the mean of the two sides' mean cosines to their nearest neighbours on the
    other side. Each vector of either side proposes the best of its neighbours; proposals are taken from the highest
    score down, unless one of the two is taken already.

    Args:
        source: Unit vectors, shape (sources, width).
        target: Unit vectors, shape (targets, width).
        neighbours: How many neighbours a mean is over, all when there are fewer.

    Returns:
        ``(score, source index, target index)``, highest score first; scores are above 0.

    Source: Artetxe and Schwenk, arXiv 1811.01136, in the ``max`` retrieval of XTREME (arXiv 2003.11080).
    """
    forward, forward_index = top_k(source, target, neighbours)
    backward, backward_index = top_k(target, source, neighbours)
    forward_mean, backward_mean = forward.mean(axis=1), backward.mean(axis=1)
    sources, targets = np.arange(len(source)), np.arange(len(target))
    ahead = _margins(forward, forward_mean[:, None], backward_mean[forward_index])
    back = _margins(backward, backward_mean[:, None], forward_mean[backward_index])
    best, best_back = ahead.argmax(axis=1), back.argmax(axis=1)
    scores = np.concatenate((ahead[sources, best], back[targets, best_back]))
    left = np.concatenate((sources, backward_index[targets, best_back]))
    right = np.concatenate((forward_index[sources, best], targets))
    taken_left, taken_right = np.zeros(len(source), dtype=bool), np.zeros(len(target), dtype=bool)
    pairs = []
    for at in np.lexsort((right, left, -scores)):
        i, j = left[at], right[at]
        if not taken_left[i] and not taken_right[j]:
            taken_left[i] = taken_right[j] = True
            if scores[at] > 0:
                pairs.append((float(scores[at]), int(i), int(j)))
    return pairs


def _margins(cosines: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    return cosines.astype(np.float64) / ((own.astype(np.float64) + other) / 2)


def _distinct(rows: list[Row]) -> list[int]:
    """Number of the first row of each text."""
    first: dict[str, int] = {}
    for number, row in enumerate(rows):
        first.setdefault(row["text"], number)
    return list(first.values())


def _shared(rows: list[Row]) -> set[str]:
    counts = Counter(row["text"].strip() for row in rows)
    return {text for text, count in counts.items() if count > 1}


def _wanted(rows: Iterable[Row], gold: Iterable[tuple[str, str]]) -> set[str]:
    sources = {row["id"] for row in rows}
    return {target for source, target in gold if source in sources}


def _submitted(predicted: Predicted) -> str:
    """The pairs at or above the threshold with the best F1, found again because the stored one is rounded."""
    from xadapt.metrics.mining import best_threshold

    here = {str(row["id"]) for row in predicted.rows()}
    gold = {(str(left), str(right)) for left, right in predicted.gold() if str(left) in here}
    scored: dict[tuple[str, str], float] = {}
    for score, left, right in predicted.predictions:
        pair = str(left), str(right)
        scored[pair] = max(score, scored.get(pair, score))
    threshold = best_threshold(scored, gold)
    return lines("\t".join(pair) for pair, score in scored.items() if score >= threshold)


register_kind(
    KindSpec(
        kind=Mining,
        problem=MiningProblem,
        fields={"id": ID, "text": TEXT},
        metrics=("mining",),
        unique_ids=True,
        pool=PoolSpec(_wanted),
        submission=SubmissionFile("tsv", _submitted),
    )
)
