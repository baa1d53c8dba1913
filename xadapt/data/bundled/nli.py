"""Natural language inference from squares of three premises and three hypotheses.

Each premise of a square entails one hypothesis, contradicts another and leaves the third open, and each
hypothesis gets every label once. A hypothesis alone therefore tells nothing of its label, and the three
labels are exactly balanced in every square.
"""

from collections.abc import Sequence

from xadapt.data.bundled.material import load
from xadapt.store.records import Json
from xadapt.tasks import Row


def rows(language: str, split: str) -> list[Row]:
    """Expand the squares of one language and split.

    Args:
        language: One of the ten languages; English for ``"train"`` and ``"dev"``.
        split: ``"train"``, ``"dev"`` or ``"test"``. No test square is an instance of a training template.

    Returns:
        Rows ``{"first", "second", "label"}``, nine for each square.

    Raises:
        KeyError: The material has no such language or split.
    """
    if split == "test":
        squares = [(square[language][:3], square[language][3:]) for square in load("nli")["test"]]
    else:
        squares = _fill(load("nli")["templates"], split)
    return [row for premises, hypotheses in squares for row in _expand(premises, hypotheses)]


def _fill(templates: Sequence[Json], split: str) -> list[tuple[list[str], list[str]]]:
    squares = []
    # Round by round, so that the first rows already show every template to whoever takes only those.
    for position in range(max(len(template[split]) for template in templates)):
        for template in templates:
            if position < len(template[split]):
                words = template[split][position]
                squares.append((_format(template["premises"], words), _format(template["hypotheses"], words)))
    return squares


def _format(patterns: Sequence[str], words: Sequence[str]) -> list[str]:
    sentences = [pattern.format(*words) for pattern in patterns]
    return [sentence[0].upper() + sentence[1:] for sentence in sentences]


def _expand(premises: Sequence[str], hypotheses: Sequence[str]) -> list[Row]:
    return [
        {"first": premise, "second": hypothesis, "label": (column - line) % 3}
        for line, premise in enumerate(premises)
        for column, hypothesis in enumerate(hypotheses)
    ]
