import pytest

from xadapt.metrics import compute


def test_retrieval_counts_queries_whose_item_is_the_gold_one():
    assert compute("retrieval", [2, 0, 1, 3, 3], [2, 1, 0, 3, 4]) == {"accuracy": 40.0}


def test_an_index_of_no_item_is_wrong():
    assert compute("retrieval", [-1, 1], [0, 1]) == {"accuracy": 50.0}


def test_retrieval_agrees_with_the_official_tatoeba_score(golden_cases):
    for case in golden_cases("tatoeba"):
        scores = compute("retrieval", case["nearest"], list(range(len(case["nearest"]))))
        assert scores["accuracy"] == pytest.approx(case["expected"]["accuracy"], abs=1e-6)
