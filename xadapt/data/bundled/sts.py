"""Semantic textual similarity from groups of six sentences around one anchor.

A group holds the anchor, a paraphrase in other words, the anchor with a small detail changed, the anchor with an
important detail changed (roles swapped, negated, another object), another event with the same participants, and
a sentence on the same topic. The paraphrase shares few words with the anchor and the changed sentence many, so
the score is not the token overlap.
"""

from collections.abc import Sequence

from xadapt.data.bundled.material import load
from xadapt.tasks import Row

_ANCHOR, _PARAPHRASE, _DETAIL, _CHANGED, _OTHER, _TOPIC = range(6)
_PAIRS = (
    (_ANCHOR, _PARAPHRASE, 5.0),
    (_ANCHOR, _DETAIL, 4.0),
    (_PARAPHRASE, _DETAIL, 4.0),
    (_ANCHOR, _CHANGED, 3.0),
    (_CHANGED, _PARAPHRASE, 3.0),
    (_ANCHOR, _OTHER, 2.0),
    (_TOPIC, _ANCHOR, 1.0),
    (_PARAPHRASE, _TOPIC, 1.0),
)


def rows(language: str, split: str) -> list[Row]:
    """Pair the sentences of every group, and each anchor with the anchor of the next group.

    Args:
        language: One of the ten languages; English for ``"train"`` and ``"dev"``.
        split: ``"train"``, ``"dev"`` or ``"test"``. No test group is an instance of a training template.

    Returns:
        Rows ``{"first", "second", "score"}``, nine for each group, with every whole score from 0.0 to 5.0.

    Raises:
        KeyError: The material has no such language or split.
    """
    groups = [group[language] for group in load("sts")["test"]] if split == "test" else _fill(split)
    return [
        row
        for position, group in enumerate(groups)
        for row in _pair(group, unrelated=groups[(position + 1) % len(groups)][_ANCHOR])
    ]


def _fill(split: str) -> list[list[str]]:
    templates = load("sts")["templates"]
    groups = []
    # Neighbouring groups must come from different templates, or their anchors would not be unrelated.
    for position in range(len(templates[0][split])):
        for template in templates:
            filled = [sentence.format(*template[split][position]) for sentence in template["sentences"]]
            groups.append([sentence[0].upper() + sentence[1:] for sentence in filled])
    return groups


def _pair(group: Sequence[str], unrelated: str) -> list[Row]:
    pairs = [(group[left], group[right], score) for left, right, score in _PAIRS]
    pairs.append((group[_ANCHOR], unrelated, 0.0))
    return [{"first": first, "second": second, "score": score} for first, second, score in pairs]
