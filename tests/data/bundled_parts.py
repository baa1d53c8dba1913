"""The parts of the bundled suite."""

import re

from xadapt.data.bundled import languages

ENGLISH_SPLITS = ("train", "dev", "test")


def words(text: str) -> list[str]:
    """Words in small letters."""
    return re.findall(r"\w+", text.lower())


def splits(name: str) -> list[tuple[str, str]]:
    """Language and split of each part of a set."""
    tests = [(language, "test") for language in languages(name)]
    return tests if name == "retrieval" else [("en", "train"), ("en", "dev"), *tests]
