"""What each row contributes to the score that ranks setups, so that the score can be resampled without the rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from xadapt.metrics.scoring import compute, metric_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Set


@dataclass(frozen=True)
class Examples:
    """The examples that a score is over.

    Attributes:
        kind: How they make the score: "mean" of numbers from 0 to 1, "spearman" of predictions and gold scores, or
            "micro_f1" of counts.
        values: One an example: a number; [prediction, gold]; or how many things were right, were predicted, and are
            in gold.
    """

    kind: Literal["mean", "spearman", "micro_f1"]
    values: list[Any]

    def score(self) -> float:
        """The score that they make, 0-100 (a correlation times 100)."""
        if self.kind == "spearman":
            given, gold = zip(*self.values, strict=True)
            return compute("correlation", given, gold)["spearman"]
        if self.kind == "micro_f1":
            right, predicted, gold = (sum(counts) for counts in zip(*self.values, strict=True))
            return 200.0 * right / (predicted + gold) if predicted + gold else 0.0
        return 100.0 * sum(self.values) / len(self.values)


def make_examples(
    name: str,
    predictions: Sequence[Any],
    references: Sequence[Any],
    *,
    language: str = "en",
    threshold: float = 0.0,
) -> Examples:
    """Take a metric's main score apart into its examples, in the order of the references.

    An entity or a run of equal parts of speech counts for the sentence in which it ends, since seqeval lets some begin
    in the sentence before. The share of right tokens is a micro-averaged F1 that predicts as many as there are.

    Args:
        name: A metric of :func:`xadapt.metrics.compute` but "mining", which has a function of its own,
            :func:`~xadapt.metrics.mining.mining_examples`.
        predictions: As that function takes them.
        references: As that function takes them.
        language: Language of the answers, for "mlqa".
        threshold: Null gap above which "squad_v2" reads no answer.

    Raises:
        XadaptError: If the input does not fit the metric.
    """
    # What loads `evaluate` is imported only when something is scored.
    return metric_class(name).examples(predictions, references, language=language, threshold=threshold)


def counted(
    examples: Sequence[Any], found: Set[Any], wanted: Set[Any], example_of: Callable[[Any], Any]
) -> list[list[int]]:
    """Count for each example what is right, was found and was to be found.

    Args:
        examples: The examples.
        found: What was found, over all of them.
        wanted: What was to be found.
        example_of: The example that one of these belongs to.
    """
    tallies = [Counter(map(example_of, things)) for things in (found & wanted, found, wanted)]
    return [[tally[example] for tally in tallies] for example in examples]
