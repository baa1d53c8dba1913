import numpy as np
import pytest

from tests.error_checks import refused
from xadapt.problems import make_problem
from xadapt.problems.predict import fill_pool, predict
from xadapt.tasks import get_task

POOL = [
    {"entity": "Q1", "description": "A house is a place to live in."},
    {"entity": "Q2", "description": "A river is water that flows."},
    {"entity": "Q3", "description": "Eine Brücke ist ein Weg über einen Fluss."},
]
ROWS = [
    {"id": "a", "text": "river: over the { river }", "entity": "Q2"},
    {"id": "b", "text": "Brücke: eine alte { Brücke }", "entity": "Q3"},
]
PAIRS = [
    {"text": "house: a { house }", "description": "A house is a place to live in."},
    {"text": "river: a { river }", "description": "A river is water that flows."},
    {"text": "home: at { home }", "description": "A house is a place to live in."},
]


@pytest.fixture
def problem(tiny):
    return make_problem(get_task("mewslix"), tiny.tokenizer, layer=0)


def test_one_entity_is_right_for_each_mention(problem):
    assert problem.references(ROWS) == [["Q2"], ["Q3"]]


def test_mentions_are_answered_with_entities_and_scored_by_their_rank(problem):
    problem.fill(POOL, list(np.eye(3, dtype=np.float32)))
    found = problem.decode([np.array([0.1, 0.9, 0], np.float32), np.array([0.9, 0.1, 0.5], np.float32)], [], ROWS)
    assert found == [["Q2", "Q1", "Q3"], ["Q1", "Q3", "Q2"]]
    assert problem.score(found, ROWS, "de") == {"map@20": 75.0}


def test_an_entity_that_is_not_in_the_pool_is_simply_missed(problem):
    problem.fill(POOL[:1], [np.ones(2, dtype=np.float32)])
    found = problem.decode([np.ones(2, dtype=np.float32)] * 2, [], ROWS)
    assert problem.score(found, ROWS) == {"map@20": 0.0}


def test_an_entity_without_a_name_is_its_description(problem):
    assert problem.own_pool(PAIRS) == [
        {"entity": PAIRS[0]["description"], "description": PAIRS[0]["description"]},
        {"entity": PAIRS[1]["description"], "description": PAIRS[1]["description"]},
    ]
    assert problem.references(PAIRS) == [[pair["description"]] for pair in PAIRS]


def test_named_entities_keep_their_names_in_a_pool_of_the_rows(problem):
    named = [pair | {"entity": f"Q{number}"} for number, pair in enumerate(PAIRS[:2])]
    assert [entry["entity"] for entry in problem.own_pool(named)] == ["Q0", "Q1"]


def test_a_mention_with_neither_entity_nor_description_is_an_error(problem):
    with refused(problem.task.name, "'a { x }'", "description"):
        problem.references([{"text": "a { x }"}])
    with refused("description"):
        problem.encode(ROWS, labelled=True)


def test_mentions_find_descriptions_that_read_the_same_without_any_training(problem, model):
    rows = [{"text": entry["description"], "entity": entry["entity"]} for entry in POOL]
    fill_pool(model, problem, POOL)
    found = predict(model, problem, rows, None)
    assert [ranked[0] for ranked in found] == ["Q1", "Q2", "Q3"]
    assert problem.score(found, rows) == {"map@20": 100.0}
    assert problem.details() == {"max_length": 64, "layer": 0, "pooling": "mean", "candidates": 3}


def test_texts_are_cut_to_the_official_length(problem):
    long = {"text": "word " * 200, "description": "river " * 200}
    feature = problem.encode([long], labelled=True)[0]
    assert (len(feature["input_ids"]), len(feature["candidate_ids"])) == (64, 64)
