import socket
import subprocess
import sys

import pytest

from tests.error_checks import refused
from xadapt.metrics import compute, main_score, names


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("accuracy", "accuracy"),
        ("accuracy_f1", "accuracy"),
        ("correlation", "spearman"),
        ("squad", "f1"),
        ("squad_v2", "f1"),
        ("mlqa", "f1"),
        ("entities", "f1"),
        ("pos", "f1"),
        ("tokens", "token_accuracy"),
        ("retrieval", "accuracy"),
        ("mining", "f1"),
        ("map@20", "map@20"),
    ],
)
def test_every_metric_names_the_score_that_ranks(name, score):
    assert name in names()
    assert main_score(name) == score


def test_an_unknown_metric_is_answered_with_the_nearest_name():
    with refused("metric", "'acuracy'", advice="'accuracy'"):
        compute("acuracy", [1], [1])


def test_nothing_to_score_is_refused():
    with refused("accuracy", "references", "empty"):
        compute("accuracy", [], [])


def test_metrics_are_evaluate_metrics_that_agree_with_compute():
    import evaluate

    from xadapt.metrics.accuracy import Accuracy

    metric = Accuracy()
    assert isinstance(metric, evaluate.Metric)
    metric.add_batch(predictions=[1, 0], references=[1, 1])
    metric.add(prediction=2, reference=2)
    assert metric.compute()["accuracy"] == compute("accuracy", [1, 0, 2], [1, 1, 2])["accuracy"]


def test_scoring_touches_neither_network_nor_disk(tmp_path, monkeypatch):
    import evaluate

    def refuse(*args, **kwargs):
        raise AssertionError("a metric opened a connection")

    cache = tmp_path / "cache"
    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", str(cache))
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    answers = [{"id": "q", "answers": ["x"]}]
    compute("accuracy", [1], [1])
    compute("accuracy_f1", [1], [1])
    compute("retrieval", [1], [1])
    compute("correlation", [1.0, 2.0], [1.0, 2.0])
    compute("squad", [{"id": "q", "text": "x"}], answers)
    compute("squad_v2", [{"id": "q", "text": "x", "null_gap": None}], answers)
    compute("mlqa", [{"id": "q", "text": "x"}], answers, language="en")
    for name in ("entities", "pos", "tokens"):
        compute(name, [["B-PER", "O"]], [["B-PER", "O"]])
    compute("mining", [(1.2, "s", "t")], [("s", "t")])
    compute("map@20", [["a", "b"]], [["b"]])
    assert list(tmp_path.iterdir()) == []


def test_importing_the_room_does_not_import_evaluate():
    code = "import sys, xadapt.metrics; assert not {'evaluate', 'datasets', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
