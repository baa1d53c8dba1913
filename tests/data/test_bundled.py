"""The bundled suite: forms, sizes, scripts, parallel tests."""

import itertools
import re
from typing import Any

import pytest

from tests.data.bundled_parts import ENGLISH_SPLITS, splits, words
from tests.error_checks import refused
from xadapt.data.bundled import LANGUAGES, SETS, languages, rows
from xadapt.tasks import Row

TRAINED = ("nli", "sts", "qa")

SCRIPTS = {"ru": r"[а-яё]", "ar": r"[\u0621-\u064a]", "hi": r"[\u0900-\u097f]", "zh": r"[\u4e00-\u9fff]"}

# Letters or words that a text of some length cannot do without, for the languages that share the Latin script.
LATIN_SIGNS = {
    "en": r"\bthe\b",
    "de": r"\b(der|die|das)\b",
    "es": r"\b(el|los|las)\b",
    "fr": r"\b(le|les|des)\b",
    "sw": r"\b(na|ya|wa)\b",
    "tr": r"[ığş]",
}


def texts(row: Row) -> list[str]:
    return [row[key] for key in ("first", "second", "question", "context") if key in row]


EVERY_SPLIT = [(name, language, split) for name in SETS for language, split in splits(name)]


def test_the_suite_names_ten_languages_and_four_sets() -> None:
    assert LANGUAGES == ("en", "de", "es", "fr", "ru", "ar", "hi", "sw", "tr", "zh")
    assert SETS == ("nli", "sts", "qa", "retrieval")
    assert [languages(name) for name in TRAINED] == [LANGUAGES] * 3
    assert languages("retrieval") == LANGUAGES[1:]


@pytest.mark.parametrize(
    ("name", "language", "split", "subject"),
    [
        ("xnli", "en", "test", "'xnli'"),
        ("nli", "pl", "test", "'pl'"),
        ("nli", "en", "validation", "'validation'"),
        ("nli", "de", "train", "'train' split in 'de'"),
        ("qa", "zh", "dev", "'dev' split in 'zh'"),
        ("retrieval", "en", "test", "'en'"),
        ("retrieval", "de", "train", "'train' split in 'de'"),
    ],
)
def test_an_unknown_name_language_or_split_is_named(name: str, language: str, split: str, subject: str) -> None:
    with refused(subject):
        rows(name, language, split)


def test_the_languages_of_an_unknown_set_are_refused() -> None:
    with refused("'xnli'", advice="nli, sts, qa, retrieval"):
        languages("xnli")


@pytest.mark.parametrize(("name", "language", "split"), EVERY_SPLIT)
def test_rows_have_exactly_the_canonical_keys_and_clean_text(name: str, language: str, split: str) -> None:
    keys = {
        "nli": {"first", "second", "label"},
        "sts": {"first", "second", "score"},
        "qa": {"id", "question", "context", "answers"},
        "retrieval": {"first", "second"},
    }[name]
    for row in rows(name, language, split):
        assert set(row) == keys
        for text in texts(row):
            assert text == text.strip()
            assert not re.search(r"[\[\]{}<>\n]|  ", text)
            assert text[-1] in ".?!。？।؟"


@pytest.mark.parametrize(("name", "language", "split"), EVERY_SPLIT)
def test_rows_are_the_same_on_every_call_and_belong_to_the_caller(name: str, language: str, split: str) -> None:
    once = rows(name, language, split)
    before = repr(once)
    for row in once:
        if name == "qa":
            row["answers"]["text"].append("spoiled")
        row.clear()
    assert repr(rows(name, language, split)) == before


@pytest.mark.parametrize(
    ("name", "sizes"),
    [("nli", (360, 60, 96)), ("sts", (320, 60, 96)), ("qa", (320, 60, 96)), ("retrieval", (0, 0, 100))],
)
def test_every_split_is_large_enough(name: str, sizes: tuple[int, int, int]) -> None:
    least = dict(zip(ENGLISH_SPLITS, sizes, strict=True))
    for language, split in splits(name):
        assert len(rows(name, language, split)) >= least[split]


@pytest.mark.parametrize(("name", "language", "split"), EVERY_SPLIT)
def test_no_row_occurs_twice_in_a_split(name: str, language: str, split: str) -> None:
    seen = [tuple(texts(row)) for row in rows(name, language, split)]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("name", TRAINED)
def test_train_dev_and_test_share_no_sentence(name: str) -> None:
    # A question is asked of several contexts, so it is the context that must be new.
    keys = ("context",) if name == "qa" else ("first", "second")
    pools = [{row[key] for row in rows(name, "en", split) for key in keys} for split in ENGLISH_SPLITS]
    for one, other in itertools.combinations(pools, 2):
        assert not one & other


@pytest.mark.parametrize("name", TRAINED)
def test_no_test_text_is_a_training_text_with_other_names_and_numbers(name: str) -> None:
    def shape(text: str) -> str:
        return re.sub(r"\b[A-Z]\w*|\d+", "_", text)

    # Short hypotheses are left out: "_ passed the exam" has too little shape to tell templates apart.
    key = "context" if name == "qa" else "first"
    trained = {shape(row[key]) for row in rows(name, "en", "train")}
    assert not trained & {shape(row[key]) for row in rows(name, "en", "test")}


@pytest.mark.parametrize("name", SETS)
def test_the_test_sets_are_parallel(name: str) -> None:
    def content(row: Row) -> Any:
        if name == "qa":
            answer = row["answers"]["text"][0]
            return answer if answer.isdigit() else None
        return row["label" if name == "nli" else "score" if name == "sts" else "second"]

    by_language = [[content(row) for row in rows(name, language, "test")] for language in languages(name)]
    assert all(contents == by_language[0] for contents in by_language)


@pytest.mark.parametrize("name", ["nli", "sts"])
def test_equal_english_sentences_have_equal_translations_and_different_ones_different(name: str) -> None:
    english = [row[key] for row in rows(name, "en", "test") for key in ("first", "second")]
    for language in LANGUAGES[1:]:
        translated = [row[key] for row in rows(name, language, "test") for key in ("first", "second")]
        pairs = set(zip(english, translated, strict=True))
        assert len(pairs) == len(set(english)) == len(set(translated))


@pytest.mark.parametrize(("name", "language", "split"), EVERY_SPLIT)
def test_texts_are_written_in_the_script_of_their_language(name: str, language: str, split: str) -> None:
    written = [row["first"] if name == "retrieval" else " ".join(texts(row)) for row in rows(name, language, split)]
    if language in SCRIPTS:
        for text in written:
            letters = [letter for letter in text.lower() if letter.isalpha()]
            native = re.findall(SCRIPTS[language], text.lower())
            assert len(native) > 0.6 * len(letters), text
            assert not re.search(r"[a-z]", text.lower()), text
    else:
        assert not any(re.search(script, text.lower()) for text in written for script in SCRIPTS.values())
        signs = sum(bool(re.search(LATIN_SIGNS[language], text.lower())) for text in written)
        assert signs > 0.4 * len(written)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_no_test_sentence_is_left_in_english(language: str) -> None:
    for name in TRAINED:
        for own, english in zip(rows(name, language, "test"), rows(name, "en", "test"), strict=True):
            assert not set(texts(own)) & set(texts(english))


def test_retrieval_sentences_are_distinct_and_never_the_same_template() -> None:
    for language in languages("retrieval"):
        pairs = rows("retrieval", language, "test")
        assert len({row["first"] for row in pairs}) == len({row["second"] for row in pairs}) == len(pairs)
    bags = [set(words(row["second"])) for row in rows("retrieval", "de", "test")]
    assert max(len(one & other) / len(one | other) for one, other in itertools.combinations(bags, 2)) < 0.5
