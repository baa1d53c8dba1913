"""Examples of every metric make the very score that the metric gives."""

import random

import pytest

from tests.metrics import test_golden as golden
from xadapt.metrics import compute, main_score, names
from xadapt.metrics.examples import Examples, make_examples
from xadapt.metrics.mining import mining_examples

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
PARTS = ["NOUN", "VERB", "X", "CCONJ", "SCONJ", "O"]
WORDS = ["the", "a", "red", "fox", "ran", "home", "der", "Fuchs"]


def tagged(generator, labels):
    gold = [[generator.choice(labels) for _ in range(generator.randint(1, 9))] for _ in range(40)]
    given = [[tag if generator.random() < 0.7 else generator.choice(labels) for tag in tags] for tags in gold]
    # A prediction may stop short of its sentence.
    return [tags[: generator.randint(1, len(tags))] for tags in given], gold


def answered(generator):
    def text():
        return " ".join(generator.choices(WORDS, k=generator.randint(1, 4)))

    gold = [{"id": f"q{number}", "answers": [text(), text()]} for number in range(40)]
    given = [{"id": row["id"], "text": generator.choice([text(), row["answers"][0]])} for row in gold]
    # In another order, and one question has no prediction.
    return generator.sample(given, k=39), gold


def answered_or_not(generator):
    given, gold = answered(generator)
    gold = [{**row, "answers": row["answers"] if generator.random() < 0.6 else []} for row in gold]
    return [{**row, "null_gap": generator.uniform(-2, 2)} for row in given], gold


def made_up(name):
    generator = random.Random(name)
    if name == "correlation":
        gold = [generator.choice([0.0, 1.0, 2.5, 5.0]) for _ in range(40)]
        return [score + generator.gauss(0, 1) for score in gold], gold
    if name in ("entities", "pos", "tokens"):
        return tagged(generator, TAGS if name == "entities" else PARTS)
    if name.startswith("entities_"):
        letters = {"iobes": "IBES", "bilou": "IBLU"}.get(name.removeprefix("entities_"), name[-4:-1].upper())
        return tagged(generator, ["O", *(f"{letter}-PER" for letter in letters if letter != "O")])
    if name == "squad_v2":
        return answered_or_not(generator)
    if name in ("squad", "mlqa"):
        return answered(generator)
    if name == "map@20":
        ids = [str(number) for number in range(50)]
        return [generator.sample(ids, 30) for _ in range(40)], [generator.sample(ids, 3) for _ in range(40)]
    if name == "mining":
        pairs = [(f"s{number}", f"t{number}") for number in range(30)]
        mined = [(generator.gauss(1.1, 0.1), *pair) for pair in pairs[:20]]
        wrong = [(generator.gauss(1.0, 0.1), f"s{number}", f"t{number + 7}") for number in range(20)]
        return mined + wrong, pairs
    gold = [generator.randint(0, 1) for _ in range(40)]
    return [label if generator.random() < 0.7 else 1 - label for label in gold], gold


def examples_of(name, predictions, references, **options):
    if name == "mining":
        sources = [source for source, _ in references] + [source for _, source, _ in predictions]
        return mining_examples(predictions, references, list(dict.fromkeys(map(str, sources))))
    return make_examples(name, predictions, references, **options)


@pytest.mark.parametrize("name", names())
def test_examples_make_the_score_of_their_metric(name):
    predictions, references = made_up(name)
    options = {"language": "de", "threshold": 0.3}
    score = compute(name, predictions, references, **options)[main_score(name)]
    assert 5 < score < 95
    assert examples_of(name, predictions, references, **options).score() == pytest.approx(score, abs=1e-9)


@golden.needs_folder
@pytest.mark.parametrize("path", golden.FILES, ids=lambda path: path.stem)
def test_examples_make_the_score_of_official_predictions(path, monkeypatch):
    calls = []

    def noted(name, predictions, references, **options):
        calls.append((name, predictions, references, options))
        return compute(name, predictions, references, **options)

    monkeypatch.setattr(golden, "compute", noted)
    golden.check(path)
    name, predictions, references, options = calls[-1]
    score = compute(name, predictions, references, **options)[main_score(name)]
    assert examples_of(name, predictions, references, **options).score() == pytest.approx(score, abs=1e-9)


def test_right_answers_are_one_and_wrong_ones_nothing():
    assert make_examples("accuracy", [1, 0, 2], [1, 1, 2]) == Examples("mean", [1.0, 0.0, 1.0])


def test_a_correlation_keeps_predictions_beside_gold():
    assert make_examples("correlation", [0.1, 0.2], [1, 2]) == Examples("spearman", [[0.1, 1.0], [0.2, 2.0]])


def test_entities_are_counted_in_their_sentences():
    gold = [["B-PER", "I-PER", "O"], ["O"], ["B-LOC", "O"]]
    given = [["B-PER", "I-PER", "O"], ["B-LOC"], ["O", "B-LOC"]]
    assert make_examples("entities", given, gold) == Examples("micro_f1", [[1, 1, 1], [0, 1, 0], [0, 1, 1]])


def test_a_run_that_begins_in_the_sentence_before_counts_where_it_ends():
    # X has the type of O for seqeval, so that the noun's sentence ends a run of it.
    gold = [["VERB", "X"], ["X", "NOUN"]]
    found = make_examples("pos", gold, gold)
    assert [counts[0] for counts in found.values] == [counts[2] for counts in found.values]
    assert found.score() == pytest.approx(100.0)


def test_mined_pairs_are_counted_at_the_threshold_of_the_score():
    candidates = [(1.3, "a", "x"), (1.2, "b", "q"), (1.1, "c", "z"), (0.2, "d", "w")]
    found = mining_examples(candidates, [("a", "x"), ("c", "z"), ("e", "v")], ["a", "b", "c", "d", "e"])
    assert found == Examples("micro_f1", [[1, 1, 1], [0, 1, 0], [1, 1, 1], [0, 0, 0], [0, 0, 1]])


def test_nothing_predicted_and_nothing_there_is_an_f1_of_nothing():
    assert Examples("micro_f1", [[0, 0, 0], [0, 0, 0]]).score() == 0.0
