"""A setup that is loaded predicts rows: three lines, and the same predictions that an evaluation scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
import torch

import xadapt
from tests.error_checks import refused
from tests.tiny_lab import SpyDisplay
from xadapt import model as models
from xadapt.store.result_record import PredictionsRecord

PAIRS = [
    {"premise": "Sie liest ein Buch.", "hypothesis": "Jemand liest."},
    {"premise": "The cat sleeps on the sofa all day long, and nobody minds it.", "hypothesis": "The cat sleeps."},
    {"premise": "A", "hypothesis": "B"},
]


@pytest.fixture
def load(trained: Any) -> Any:
    """Load a setup from the trained store."""

    def loaded(setup: str, task: str, **options: Any) -> Any:
        given = {"base": trained.backbone.name, "store": trained.store, "max_length": 48, "precision": "fp32"}
        return xadapt.load(setup, task, **{**given, "device": "cpu", **options})

    return loaded


def stored(trained: Any, setup: str, task: str, language: str) -> list[Any]:
    run = trained.evaluate(setup, task, language).run
    return PredictionsRecord.read(trained.store.predictions_path(run, language)).values


@pytest.mark.parametrize("setup", ["mnli", "stack(mnli, xnli)", "ensemble(mnli, stack(mnli, xnli))"])
def test_labels_equal_the_stored_predictions_of_an_evaluation(trained: Any, load: Any, setup: str) -> None:
    rows = parquet.read_table(trained.mirror / "facebook/xnli/de/validation.parquet").to_pylist()
    model = load(setup, "xnli")
    labels = [model.task.kind.labels[index] for index in stored(trained, setup, "xnli", "de")]
    assert [result["prediction"] for result in model.predict(rows)] == labels


def test_answers_equal_the_stored_predictions_of_an_evaluation(trained: Any, load: Any) -> None:
    rows = parquet.read_table(trained.mirror / "google/xquad/xquad.de/validation.parquet").to_pylist()
    bare = [{"question": row["question"], "context": row["context"]} for row in rows]
    texts = [answer["text"] for answer in stored(trained, "squad", "xquad", "de")]
    results = load("squad", "xquad").predict(bare)
    assert [result["prediction"] for result in results] == texts
    assert all(0 <= result["score"] <= 1 for result in results)


def test_scores_equal_the_stored_predictions_of_an_evaluation(trained: Any, load: Any) -> None:
    rows = parquet.read_table(trained.mirror / "nyu-mll/glue/stsb/validation.parquet").to_pylist()
    scores = stored(trained, "stsb", "stsb", "en")
    assert [result["prediction"] for result in load("stsb", "stsb").predict(rows)] == pytest.approx(scores, abs=1e-5)


def test_probabilities_are_the_softmax_of_the_models_logits(trained: Any, load: Any) -> None:
    model, tokenizer = trained.assemble("mnli").model, trained.backbone.tokenizer
    encoded = tokenizer("Sie liest ein Buch.", "Jemand liest.", return_tensors="pt")
    with torch.inference_mode():
        shares = model(input_ids=encoded["input_ids"], head="mnli").logits[0].softmax(-1).tolist()
    (result,) = load("mnli", "xnli").predict(PAIRS[:1])
    assert list(result) == ["prediction", "probabilities"]
    assert list(result["probabilities"]) == ["entailment", "neutral", "contradiction"]
    assert list(result["probabilities"].values()) == pytest.approx(shares, abs=1e-5)
    assert result["prediction"] == max(result["probabilities"], key=result["probabilities"].__getitem__)


def test_an_ensembles_probabilities_are_the_mean_of_its_members(load: Any) -> None:
    members = [load(setup, "xnli").predict(PAIRS) for setup in ("mnli", "stack(mnli, xnli)")]
    together = load("ensemble(mnli, stack(mnli, xnli))", "xnli").predict(PAIRS)
    assert members[0] != members[1]
    for result, one, other in zip(together, *members, strict=True):
        for label, share in result["probabilities"].items():
            mean = (one["probabilities"][label] + other["probabilities"][label]) / 2
            assert share == pytest.approx(mean, abs=1e-5)


def test_results_keep_the_order_of_rows_of_any_length_and_number(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load("mnli", "xnli")
    single = [model.predict([row])[0] for row in PAIRS]
    assert len({result["probabilities"]["neutral"] for result in single}) == 3
    monkeypatch.setattr(models, "CHUNK", 4)
    counted: list[int] = []
    results = model.predict((row for row in PAIRS * 3), counted.append)
    assert sum(counted) == 9
    for result, alone in zip(results, single * 3, strict=True):
        assert result["probabilities"] == pytest.approx(alone["probabilities"], abs=1e-5)


def test_no_rows_give_no_results(load: Any) -> None:
    assert load("mnli", "xnli").predict([]) == []


def test_a_row_in_the_fields_of_the_problem_is_the_same_row(load: Any) -> None:
    model = load("mnli", "xnli")
    fields = [{"first": row["premise"], "second": row["hypothesis"]} for row in PAIRS]
    assert model.predict(fields) == model.predict(PAIRS)


def test_a_model_says_what_it_is_and_not_all_its_weights(load: Any) -> None:
    lines: list[str] = []
    model = load("stack(mnli,xnli)", "xnli", display=SpyDisplay(say=lines.append))
    assert (model.setup, model.task.name) == ("stack(mnli, xnli)", "xnli")
    assert len(repr(model)) < 1000
    assert [line.partition(": ")[0] for line in lines] == ["uses mnli", "uses stack(mnli, xnli)"]


def test_a_store_may_be_named_by_its_folder_and_a_task_by_its_file(trained: Any, load: Any, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("a,b,label\nx,y,neutral\n")
    declared = tmp_path / "mine.yaml"
    declared.write_text(
        "name: my-nli\nproblem: pair-classification\nlabels: [entailment, neutral, contradiction]\n"
        "columns: {first: a, second: b}\ntest: test.csv\n"
    )
    model = load("mnli", str(declared), store=str(trained.store.root))
    rows = [{"a": row["premise"], "b": row["hypothesis"]} for row in PAIRS]
    assert model.predict(rows) == load("mnli", "xnli").predict(PAIRS)


@pytest.mark.parametrize(
    ("setup", "task", "options", "subject", "advice"),
    [
        ("mnli", "tatoeba", {}, "tatoeba", "`xadapt evaluate tatoeba`"),
        ("mnli", "bucc", {}, "bucc", "`xadapt evaluate bucc`"),
        ("mnli", "xquad", {}, "mnli", "train-target xquad"),
        ("mnli", "xnly", {}, "'xnly'", "'xnli'"),
        ("mnlii", "xnli", {}, "'mnlii'", "'mnli'"),
        ("mnli", "xnli", {"device": "tpu"}, "'tpu'", "cuda"),
        ("mnli", "xnli", {"precision": "bf17"}, "'bf17'", "'bf16'"),
        ("mnli", "xnli", {"max_length": 4096}, "max_length=4096", "128"),
        ("mnli", "xnli", {"max_length": 0}, "max_length", "greater than"),
        ("mnli", "xnli", {"seed": -1}, "seed=-1", "from 0"),
        ("stack(mnli", "xnli", {}, "'stack(mnli'", "bracket"),
    ],
)
def test_a_mistake_is_one_line(load: Any, setup: str, task: str, options: Any, subject: str, advice: str) -> None:
    with refused(subject, advice=advice):
        load(setup, task, **options)
