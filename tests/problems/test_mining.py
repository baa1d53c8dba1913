import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.error_checks import refused
from xadapt.problems import make_problem
from xadapt.problems.mining import mine
from xadapt.problems.predict import fill_pool, predict
from xadapt.tasks import get_task

FOLDER = os.environ.get("XADAPT_GOLDEN")
WORDS = ("house", "river", "old bridge", "closed road", "no man", "it is so", "a dog", "seven women")


@pytest.fixture
def problem(tiny):
    return make_problem(get_task("bucc"), tiny.tokenizer)


def sentences(prefix, texts):
    return [{"id": f"{prefix}{number}", "text": text} for number, text in enumerate(texts)]


def unit(vectors):
    vectors = np.array(vectors, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def random_unit(count, width, seed):
    return unit(np.random.default_rng(seed).standard_normal((count, width)) + 1.0)


def test_the_score_is_the_cosine_over_the_mean_of_both_sides_means():
    source, target = unit([[1, 0], [0, 1]]), unit([[1, 0], [1, 1], [0, 1]])
    # A source's two neighbours are its own target and the one in the middle, a target's the two sources.
    source_mean, target_mean = (1 + 2**-0.5) / 2, (1 + 0) / 2
    expected = 1 / ((source_mean + target_mean) / 2)
    found = mine(source, target, neighbours=2)
    assert [(i, j) for _, i, j in found] == [(0, 0), (1, 2)]
    assert [score for score, _, _ in found] == pytest.approx([expected] * 2, abs=1e-6)


def test_a_target_that_is_near_to_every_source_loses_to_one_that_is_near_to_one():
    def at(*degrees):
        return unit([[math.cos(math.radians(angle)), math.sin(math.radians(angle))] for angle in degrees])

    source, target = at(0, 10), at(5, -8)
    assert (source @ target.T).argmax(axis=1).tolist() == [0, 0], "by cosine alone both find the same"
    assert {(i, j) for _, i, j in mine(source, target, neighbours=2)} == {(0, 1), (1, 0)}


def test_every_sentence_is_paired_once_and_the_highest_score_comes_first():
    source, target = random_unit(60, 8, 0), random_unit(80, 8, 1)
    found = mine(source, target)
    scores = [score for score, _, _ in found]
    assert scores == sorted(scores, reverse=True)
    assert len({i for _, i, _ in found}) == len({j for _, _, j in found}) == len(found) > 30


def test_both_directions_give_the_same_pairs():
    source, target = random_unit(40, 8, 0), random_unit(50, 8, 1)
    there = {(i, j): score for score, i, j in mine(source, target)}
    back = {(i, j): score for score, j, i in mine(target, source)}
    assert there.keys() == back.keys()
    assert [there[pair] for pair in there] == pytest.approx([back[pair] for pair in there], abs=1e-6)


def test_a_side_with_fewer_sentences_than_neighbours_is_mined_too():
    assert [(i, j) for _, i, j in mine(unit([[1, 0]]), unit([[1, 1], [1, 0]]))] == [(0, 1)]


def test_pairs_with_a_score_of_zero_or_less_are_not_mined():
    source, target = unit([[1, 0, 0], [0, 1, 0]]), unit([[1, 0.2, 0], [0, 0, 1]])
    found = mine(source, target, neighbours=2)
    assert [(i, j) for _, i, j in found] == [(0, 0)], "the second ones are at right angles"


def test_translations_of_the_same_text_are_mined_and_scored(problem, model):
    rows, pool = sentences("s", WORDS), sentences("t", WORDS[::-1])
    fill_pool(model, problem, pool)
    found = predict(model, problem, rows, None)
    pairs = {(f"s{i}", f"t{7 - i}") for i in range(8)}
    assert {(source, target) for _, source, target in found} == pairs
    problem.gold = sorted(pairs)
    assert problem.score(found, rows, "zh")["f1"] == 100.0


def test_predictions_are_plain_numbers_and_ids(problem, model):
    fill_pool(model, problem, sentences("t", WORDS))
    found = predict(model, problem, sentences("s", WORDS), None)
    assert json.loads(json.dumps(found)) == found
    assert all(round(score, 9) == score for score, _, _ in found)


def test_a_text_that_several_sentences_share_is_mined_once_and_then_left_out(problem, model):
    rows, pool = sentences("s", WORDS), sentences("t", WORDS)
    fill_pool(model, problem, pool)
    alone = {tuple(pair) for _, *pair in predict(model, problem, rows, None)}
    assert ("s3", "t3") in alone
    shared = [*rows, {"id": "twin", "text": " " + WORDS[3]}, {"id": "other", "text": WORDS[3]}]
    found = {tuple(pair) for _, *pair in predict(model, problem, shared, None)}
    assert found == alone - {("s3", "t3")}
    fill_pool(model, problem, [*pool, {"id": "twin", "text": WORDS[5]}])
    found = predict(model, problem, rows, None)
    assert {tuple(pair) for _, *pair in found} == alone - {("s5", "t5")}
    kept = {source: score for score, source, _ in found}
    fill_pool(model, problem, pool)
    before = {source: score for score, source, _ in predict(model, problem, rows, None)}
    assert [kept[source] for source in kept] == pytest.approx([before[source] for source in kept], abs=1e-6)


def test_gold_pairs_are_those_of_the_rows_at_hand(problem):
    problem.gold = [("s0", "t5"), ("s2", "t1"), ("s9", "t0")]
    assert problem.references(sentences("s", WORDS[:3])) == [("s0", "t5"), ("s2", "t1")]


def test_rows_without_a_gold_pair_cannot_be_scored(problem):
    problem.gold = [("s9", "t0")]
    with refused(problem.task.name, "3 sentences", advice="limit"):
        problem.score([], sentences("s", WORDS[:3]), "zh")


def test_what_the_margin_depends_on_is_recorded(problem):
    assert problem.details() == {
        "max_length": 128,
        "layer": None,
        "pooling": "mean",
        "margin": "ratio",
        "neighbours": 4,
    }


@pytest.mark.skipif(not FOLDER, reason="XADAPT_GOLDEN names no folder with official scores")
def test_the_official_pairs_and_scores_are_reproduced(problem):
    case = json.loads((Path(FOLDER or "") / "bucc2018.xx.json").read_text(encoding="utf-8"))
    rows = sentences("s", [f"text {number}" for number in range(len(case["source"]))])
    pool = sentences("t", [f"text {number}" for number in range(len(case["target"]))])
    problem.fill(pool, list(problem.read(torch.tensor(case["target"]))))
    found = problem.decode(list(problem.read(torch.tensor(case["source"]))), [], rows)
    assert [pair for _, *pair in found] == [pair for _, *pair in case["mined"]]
    assert [score for score, *_ in found] == pytest.approx([score for score, *_ in case["mined"]], abs=1e-6)
    problem.gold = [(source, target) for source, target in case["gold"]]
    scores = problem.score(found, rows, "zh")
    for key, value in case["expected"].items():
        assert scores[key] == pytest.approx(value, abs=1e-6)
