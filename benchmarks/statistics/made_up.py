"""Made-up experiments in which no system is better than another: rows, seeds and languages as in the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

#: Systems beside the reference.
SETUPS = 9


@dataclass(frozen=True)
class Language:
    """What all systems and seeds answer in a language.

    Attributes:
        values: What each row adds to the score, shape (systems, seeds, rows), the reference first; of F1 with a last
            axis of right, predicted and gold.
        groups: The paragraph of each row, none where each row is its own.
    """

    values: NDArray[np.float64]
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class Case:
    """A sort of experiment.

    Attributes:
        name: What it is like.
        seeds: Seeds.
        draw: Makes an experiment, a language each.
    """

    name: str
    seeds: int
    draw: Callable[[np.random.Generator], list[Language]]


def xnli(seeds: int) -> Case:
    """Accuracy on 200 questions, the same in 15 languages; the means of seeds differ by SD 0.3 points."""

    def draw(random: np.random.Generator) -> list[Language]:
        systems, rows = 1 + SETUPS, 200
        # What is hard, for all and for each system; a system's seeds agree on most of it.
        shared = random.normal(size=rows) + 0.3 * random.normal(size=(systems, 1, rows))
        seed = 0.01 * random.normal(size=(systems, seeds, 1)) + 0.3 * random.normal(size=(systems, seeds, rows))
        return [
            Language(
                (
                    0.4
                    + shared
                    + seed
                    + 0.7 * random.normal(size=rows)
                    + 0.3 * random.normal(size=(systems, 1, rows))
                    + 0.4 * random.normal(size=(systems, seeds, rows))
                    > 0
                ).astype(float)
            )
            for _ in range(15)
        ]

    return Case("XNLI-like", seeds, draw)


def ud_pos(seeds: int, spread: float) -> Case:
    """F1 on 100 sentences in each of 37 languages; the means of seeds differ by an SD of some points."""

    def draw(random: np.random.Generator) -> list[Language]:
        systems, rows = 1 + SETUPS, 100
        # A point of F1 near 65 is 0.027 of a standard deviation.
        seed = 0.027 * spread * random.normal(size=(systems, seeds, 1))
        found = []
        for _ in range(37):
            gold = 5 + random.poisson(12, size=rows)
            hard = 0.6 * random.normal(size=rows) + 0.25 * random.normal(size=(systems, 1, rows))
            own = 0.027 * spread / 2 * random.normal(size=(systems, seeds, 1))
            chance = special.ndtr(0.4 + hard + seed + own + 0.15 * random.normal(size=(systems, seeds, rows)))
            right = random.binomial(gold, chance)
            predicted = np.maximum(right, gold + random.integers(-1, 2, size=right.shape))
            found.append(Language(np.stack([right, predicted, np.broadcast_to(gold, right.shape)], axis=-1) * 1.0))
        return found

    return Case(f"UD-POS-like, seeds' SD {spread:g}", seeds, draw)


def qa(seeds: int) -> Case:
    """A share of right words on 100 questions on 30 paragraphs, the same in 11 languages; seeds' SD is 0.5 points."""

    def draw(random: np.random.Generator) -> list[Language]:
        systems, rows = 1 + SETUPS, 100
        paragraph = np.sort(random.integers(30, size=rows))
        groups = tuple(paragraph.tolist())
        shared = 0.5 * random.normal(size=30)[paragraph] + 0.25 * random.normal(size=(systems, 1, 30))[..., paragraph]
        question = random.normal(size=rows) + 0.25 * random.normal(size=(systems, 1, rows))
        seed = 0.015 * random.normal(size=(systems, seeds, 1)) + 0.3 * random.normal(size=(systems, seeds, rows))
        return [
            Language(special.ndtr(2 * (shared + question + seed + random.normal(size=(systems, seeds, rows)))), groups)
            for _ in range(11)
        ]

    return Case("QA-like", seeds, draw)
