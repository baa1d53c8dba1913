"""Sentence retrieval: everyday sentences, each written in all ten languages."""

from xadapt.data.bundled.material import load
from xadapt.tasks import Row


def rows(language: str, split: str) -> list[Row]:
    """Pair every sentence in one language with its English translation.

    Args:
        language: One of the nine languages other than English.
        split: Only ``"test"`` exists.

    Returns:
        Rows ``{"first", "second"}``, more than a hundred, no sentence twice on either side.

    Raises:
        KeyError: The material has no such language.
    """
    return [{"first": sentence[language], "second": sentence["en"]} for sentence in load("retrieval")]
