import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from xadapt.problems import make_problem
from xadapt.problems.predict import predict
from xadapt.tasks import get_task

ROWS = [{"first": f"ein Satz {word}", "second": f"a sentence {word}"} for word in ("house", "river", "old bridge")]
FOLDER = os.environ.get("XADAPT_GOLDEN")


@pytest.fixture
def problem(tiny):
    return lambda layer=None: make_problem(get_task("tatoeba"), tiny.tokenizer, layer=layer)


def test_all_first_sentences_come_before_all_second_ones(problem, tiny):
    features = problem().encode(ROWS, labelled=False)
    assert [f["row"] for f in features] == [0, 1, 2, 0, 1, 2]
    assert features[1]["input_ids"].tolist() == tiny.tokenizer(ROWS[1]["first"])["input_ids"]
    assert features[4]["input_ids"].tolist() == tiny.tokenizer(ROWS[1]["second"])["input_ids"]


def test_each_english_sentence_finds_the_nearest_in_the_other_language(problem):
    # Two English sentences are nearest to the same foreign one; the other way round all three would differ.
    other = np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32)
    english = np.array([[0.8, 0.6], [1, 0], [0, 1]], dtype=np.float32)
    assert problem().decode([*other, *english], [], ROWS) == [0, 0, 1]


def test_of_equally_near_sentences_the_first_is_found(problem):
    same = np.array([[1, 0]] * 3, dtype=np.float32)
    assert problem().decode([*same, *same], [], ROWS) == [0, 0, 0]


def test_sentences_that_are_the_same_on_both_sides_are_all_found(problem, model):
    rows = [{"first": row["second"], "second": row["second"]} for row in ROWS]
    found = predict(model, problem(), rows, None)
    assert found == problem().references(rows) == [0, 1, 2]
    assert set(problem().score(found, rows).values()) == {100.0}


def test_layer_and_pooling_are_recorded_with_the_score(problem):
    assert problem(1).details() == {"max_length": 128, "layer": 1, "pooling": "mean"}


@pytest.mark.skipif(not FOLDER, reason="XADAPT_GOLDEN names no folder with official scores")
def test_the_official_nearest_neighbours_and_accuracy_are_reproduced(problem):
    case = json.loads((Path(FOLDER or "") / "tatoeba.xx.json").read_text(encoding="utf-8"))
    sides = problem().read(torch.tensor(case["other"] + case["english"]))
    rows = [{"first": "", "second": ""} for _ in case["other"]]
    found = problem().decode(list(sides), [], rows)
    assert found == case["nearest"]
    assert problem().score(found, rows)["accuracy"] == pytest.approx(case["expected"]["accuracy"], abs=1e-6)
