"""Choose one set, language and split of the bundled suite, with one clear error for a name it does not have."""

from xadapt.data.bundled import nli, qa, retrieval, sts
from xadapt.errors import XadaptError
from xadapt.tasks import Row

LANGUAGES: tuple[str, ...] = ("en", "de", "es", "fr", "ru", "ar", "hi", "sw", "tr", "zh")
SETS: tuple[str, ...] = ("nli", "sts", "qa", "retrieval")
SPLITS: tuple[str, ...] = ("train", "dev", "test")


def languages(name: str) -> tuple[str, ...]:
    """Name the languages a set has test rows in.

    Args:
        name: One of `SETS`.

    Returns:
        The languages, in the order of `LANGUAGES`. Retrieval pairs a sentence with its English translation and
        so leaves English out.

    Raises:
        XadaptError: `name` is not a bundled set.
    """
    if name not in SETS:
        raise XadaptError(f"no bundled set {name!r}; there are {', '.join(SETS)}")
    if name == "retrieval":
        return tuple(language for language in LANGUAGES if language != "en")
    return LANGUAGES


def rows(name: str, language: str, split: str) -> list[Row]:
    """Give the rows of one set, language and split, always the same rows in the same order.

    Row ``i`` of a test split is the same content in every language, with the same label, score or answer.

    Args:
        name: One of `SETS`.
        language: One of ``languages(name)``.
        split: ``"test"``, or ``"train"`` or ``"dev"``, which exist in English only and not for retrieval.

    Returns:
        New dictionaries that the caller may change. Their keys:

        - nli: ``first`` (premise), ``second`` (hypothesis), ``label`` (0 entailment, 1 neutral, 2 contradiction)
        - sts: ``first``, ``second``, ``score`` (0.0 to 5.0)
        - qa: ``id``, ``question``, ``context``, ``answers`` with ``text`` and ``answer_start`` (in code points)
        - retrieval: ``first`` (in `language`), ``second`` (in English)

    Raises:
        XadaptError: The set, the language or the split does not exist.
    """
    known = languages(name)
    if language not in known:
        raise XadaptError(f"no language {language!r} in bundled set {name!r}; there are {', '.join(known)}")
    if split not in SPLITS:
        raise XadaptError(f"no split {split!r} in bundled set {name!r}; there are {', '.join(SPLITS)}")
    if split != "test" and (language != "en" or name == "retrieval"):
        raise XadaptError(f"bundled set {name!r} has no {split!r} split in {language!r}; only 'test'")
    maker = {"nli": nli.rows, "sts": sts.rows, "qa": qa.rows, "retrieval": retrieval.rows}[name]
    return maker(language, split)
