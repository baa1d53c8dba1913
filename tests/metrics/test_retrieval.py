from xadapt.metrics import compute


def test_retrieval_counts_queries_whose_item_is_the_gold_one():
    assert compute("retrieval", [2, 0, 1, 3, 3], [2, 1, 0, 3, 4]) == {"accuracy": 40.0}


def test_an_index_of_no_item_is_wrong():
    assert compute("retrieval", [-1, 1], [0, 1]) == {"accuracy": 50.0}
