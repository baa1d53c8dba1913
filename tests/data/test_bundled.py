"""The bundled suite: forms, sizes, balance, parallel tests, and how little a shallow heuristic gets from it."""

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from xadapt.data.bundled import LANGUAGES, SETS, languages, rows

Row = dict[str, Any]

ENGLISH_SPLITS = ("train", "dev", "test")
TRAINED = ("nli", "sts", "qa")
CHANCE = 100 / 3
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


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def texts(row: Row) -> list[str]:
    return [row[key] for key in ("first", "second", "question", "context") if key in row]


def splits(name: str) -> list[tuple[str, str]]:
    tests = [(language, "test") for language in languages(name)]
    return tests if name == "retrieval" else [("en", "train"), ("en", "dev"), *tests]


EVERY_SPLIT = [(name, language, split) for name in SETS for language, split in splits(name)]


def test_the_suite_names_ten_languages_and_four_sets() -> None:
    assert LANGUAGES == ("en", "de", "es", "fr", "ru", "ar", "hi", "sw", "tr", "zh")
    assert SETS == ("nli", "sts", "qa", "retrieval")
    assert [languages(name) for name in TRAINED] == [LANGUAGES] * 3
    assert languages("retrieval") == LANGUAGES[1:]


@pytest.mark.parametrize(
    ("name", "language", "split", "message"),
    [
        ("xnli", "en", "test", "no bundled set 'xnli'"),
        ("nli", "pl", "test", "no language 'pl'"),
        ("nli", "en", "validation", "no split 'validation'"),
        ("nli", "de", "train", "no 'train' split in 'de'"),
        ("qa", "zh", "dev", "no 'dev' split in 'zh'"),
        ("retrieval", "en", "test", "no language 'en'"),
        ("retrieval", "de", "train", "no 'train' split in 'de'"),
    ],
)
def test_an_unknown_name_language_or_split_is_a_clear_key_error(
    name: str, language: str, split: str, message: str
) -> None:
    with pytest.raises(KeyError, match=message):
        rows(name, language, split)


def test_the_languages_of_an_unknown_set_are_a_key_error() -> None:
    with pytest.raises(KeyError, match="no bundled set 'xnli'"):
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


# Question answering


@pytest.mark.parametrize(("language", "split"), splits("qa"))
def test_every_qa_answer_is_an_exact_span(language: str, split: str) -> None:
    for row in rows("qa", language, split):
        (text,), (start,) = row["answers"]["text"], row["answers"]["answer_start"]
        assert text
        assert row["context"][start : start + len(text)] == text
        assert text.casefold() not in words(row["question"])


@pytest.mark.parametrize("split", ENGLISH_SPLITS)
def test_english_qa_contexts_are_short(split: str) -> None:
    for row in rows("qa", "en", split):
        assert 35 <= len(row["context"].split()) <= 70


@pytest.mark.parametrize(("language", "split"), splits("qa"))
def test_qa_ids_are_unique(language: str, split: str) -> None:
    ids = [row["id"] for row in rows("qa", language, split)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("language", "split"), splits("qa"))
def test_every_numeric_answer_stands_among_other_numbers(language: str, split: str) -> None:
    for row in rows("qa", language, split):
        if row["answers"]["text"][0].isdigit():
            assert len(set(re.findall(r"\d+", row["context"]))) >= 2


@pytest.mark.parametrize("split", ENGLISH_SPLITS)
def test_every_who_question_has_several_people_to_choose_from(split: str) -> None:
    people = {
        row["answers"]["text"][0]
        for row in rows("qa", "en", split)
        if re.match("Who|What is the name", row["question"])
    }
    people.add("Boris")  # the one person in a context who is never the answer to any question
    for row in rows("qa", "en", split):
        if row["question"].startswith("Who"):
            assert len(people & set(re.findall(r"\w+", row["context"]))) >= 2


def test_every_qa_context_is_asked_for_several_answers() -> None:
    asked = defaultdict(set)
    for row in rows("qa", "en", "test"):
        asked[row["context"]].add(row["answers"]["text"][0])
    assert min(len(answers) for answers in asked.values()) >= 4


# Similarity


@pytest.mark.parametrize(("language", "split"), splits("sts"))
def test_sts_has_every_grade_and_nothing_between(language: str, split: str) -> None:
    scores = [row["score"] for row in rows("sts", language, split)]
    assert set(scores) == {0.0, 1.0, 2.0, 3.0, 4.0, 5.0}
    assert all(isinstance(score, float) for score in scores)


@pytest.mark.parametrize("split", ENGLISH_SPLITS)
def test_the_sts_score_is_not_the_token_overlap(split: str) -> None:
    overlaps = defaultdict(list)
    for row in rows("sts", "en", split):
        one, other = set(words(row["first"])), set(words(row["second"]))
        overlaps[row["score"]].append(len(one & other) / len(one | other))
    mean = {score: sum(found) / len(found) for score, found in overlaps.items()}
    assert mean[5.0] < mean[3.0], "paraphrases must share fewer words than sentences with an important difference"
    pairs = [(overlap, score) for score, found in overlaps.items() for overlap in found]
    assert correlation(pairs) < 0.6


def correlation(pairs: list[tuple[float, float]]) -> float:
    means = [sum(column) / len(pairs) for column in zip(*pairs, strict=True)]
    covariance = sum((one - means[0]) * (other - means[1]) for one, other in pairs)
    spread = [math.sqrt(sum((pair[side] - means[side]) ** 2 for pair in pairs)) for side in (0, 1)]
    return covariance / (spread[0] * spread[1])


# Inference


@pytest.mark.parametrize(("language", "split"), splits("nli"))
def test_nli_labels_are_exactly_balanced(language: str, split: str) -> None:
    labels = Counter(row["label"] for row in rows("nli", language, split))
    assert set(labels) == {0, 1, 2}
    assert len(set(labels.values())) == 1


@pytest.mark.parametrize(("language", "split"), splits("nli"))
def test_every_hypothesis_has_every_label_equally_often(language: str, split: str) -> None:
    labels = defaultdict(list)
    for row in rows("nli", language, split):
        labels[row["second"]].append(row["label"])
    assert all(sorted(found) == sorted([0, 1, 2] * (len(found) // 3)) for found in labels.values())


def test_negation_words_occur_in_entailments_as_well_as_in_contradictions() -> None:
    negated = Counter(
        row["label"]
        for row in rows("nli", "en", "test")
        if {"not", "no", "none", "never", "nobody", "nothing", "neither"} & set(words(row["second"]))
    )
    assert min(negated[label] for label in (0, 1, 2)) >= 3


def accuracy(classify: Callable[[Row], int]) -> float:
    test = rows("nli", "en", "test")
    return 100 * sum(classify(row) == row["label"] for row in test) / len(test)


def two_thresholds(measure: Callable[[Row], float]) -> Callable[[Row], int]:
    """Fit the two cuts of `measure`, and a label for each of the three ranges, that do best on the training rows."""
    train = [(measure(row), row["label"]) for row in rows("nli", "en", "train")]
    values = sorted({value for value, _ in train})
    cuts = values[:: len(values) // 40 + 1]

    def label_of_ranges(low: float, high: float) -> list[tuple[int, int]]:
        ranges = [Counter({0: 0}), Counter({0: 0}), Counter({0: 0})]
        for value, label in train:
            ranges[(value >= low) + (value >= high)][label] += 1
        return [found.most_common(1)[0] for found in ranges]

    def right(pair: tuple[float, float]) -> int:
        return sum(count for _, count in label_of_ranges(*pair))

    low, high = max(itertools.combinations_with_replacement(cuts, 2), key=right)
    labels = [label for label, _ in label_of_ranges(low, high)]
    return lambda row: labels[(measure(row) >= low) + (measure(row) >= high)]


def covered(row: Row) -> float:
    premise, hypothesis = words(row["first"]), words(row["second"])
    return sum(word in premise for word in hypothesis) / len(hypothesis)


def jaccard(row: Row) -> float:
    premise, hypothesis = set(words(row["first"])), set(words(row["second"]))
    return len(premise & hypothesis) / len(premise | hypothesis)


def relative_length(row: Row) -> float:
    return len(words(row["second"])) / len(words(row["first"]))


@pytest.mark.parametrize("measure", [covered, jaccard, relative_length])
def test_overlap_and_length_stay_near_chance_in_nli(measure: Callable[[Row], float]) -> None:
    assert abs(accuracy(two_thresholds(measure)) - CHANCE) <= 10


@pytest.mark.parametrize("key", ["first", "second"])
def test_one_side_alone_stays_near_chance_in_nli(key: str) -> None:
    counts: dict[int, Counter[str]] = {label: Counter() for label in (0, 1, 2)}
    for row in rows("nli", "en", "train"):
        counts[row["label"]].update(words(row[key]))
    vocabulary = len(set().union(*counts.values()))

    def likelihood(label: int, row: Row) -> float:
        total = counts[label].total() + vocabulary
        return sum(math.log((counts[label][word] + 1) / total) for word in words(row[key]))

    assert abs(accuracy(lambda row: max(counts, key=lambda label: likelihood(label, row))) - CHANCE) <= 10


def test_the_majority_label_stays_near_chance_in_nli() -> None:
    majority = Counter(row["label"] for row in rows("nli", "en", "train")).most_common(1)[0][0]
    assert abs(accuracy(lambda row: majority) - CHANCE) <= 10
