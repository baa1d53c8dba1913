import socket
import subprocess
import sys

import pytest

from xadapt.errors import XadaptError
from xadapt.metrics import compute, main_score, names


@pytest.mark.parametrize(
    ("name", "score"),
    [("accuracy", "accuracy"), ("correlation", "spearman"), ("squad", "f1"), ("mlqa", "f1"), ("retrieval", "accuracy")],
)
def test_every_metric_names_the_score_that_ranks(name, score):
    assert name in names()
    assert main_score(name) == score


def test_an_unknown_metric_is_answered_with_the_nearest_name():
    with pytest.raises(XadaptError, match="unknown metric 'acuracy': did you mean 'accuracy'"):
        compute("acuracy", [1], [1])


def test_nothing_to_score_is_refused():
    with pytest.raises(XadaptError, match="nothing to score"):
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
    compute("retrieval", [1], [1])
    compute("correlation", [1.0, 2.0], [1.0, 2.0])
    compute("squad", [{"id": "q", "text": "x"}], answers)
    compute("mlqa", [{"id": "q", "text": "x"}], answers, language="en")
    assert list(tmp_path.iterdir()) == []


def test_importing_the_room_does_not_import_evaluate():
    code = "import sys, xadapt.metrics; assert not {'evaluate', 'datasets', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
