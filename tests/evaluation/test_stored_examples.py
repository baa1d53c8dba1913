"""Per-example scores beside predictions: written, and made up for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.evaluation import evaluate as evaluation
from xadapt.metrics.examples import Examples
from xadapt.store.result_record import ExamplesRecord, PredictionsRecord, Result

CASES = [
    ("mnli", "xnli", "de", "mean"),
    ("squad", "xquad", "de", "mean"),
    ("none", "tatoeba", "de", "mean"),
    ("mnli", "lareqa", "de", "mean"),
    ("mnli", "bucc", "de", "micro_f1"),
    ("stsb", "stsb", "en", "spearman"),
]


#: Two values and one group.
MISFIT = '{"kind": "mean", "score": "accuracy", "rows": "a", "values": [1, 0], "groups": [0]}'


def stored(lab: Any, result: Result, language: str) -> dict[str, Any]:
    return dict(json.loads(lab.store.examples_path(result.run, language).read_text()))


@pytest.mark.parametrize(("setup", "task", "language", "kind"), CASES)
def test_examples_are_stored_with_predictions_and_made_again_from_them(
    trained: Any, monkeypatch: pytest.MonkeyPatch, setup: str, task: str, language: str, kind: str
) -> None:
    result = trained.evaluate(setup, task, language)
    entry, made = result[language], stored(trained, result, language)
    assert (made["kind"], made["score"], made["rows"]) == (kind, result.metric, entry.rows)
    assert len(made["values"]) == entry.n
    found = ExamplesRecord.read(trained.store.examples_path(result.run, language))
    assert Examples(found.kind, found.values).score() == pytest.approx(entry.score, abs=1e-3)

    def forbidden(*given: Any) -> None:
        raise AssertionError("the model was run")

    monkeypatch.setattr(evaluation.Answerer, "_raw", forbidden)
    trained.store.examples_path(result.run, language).unlink()
    assert trained.evaluate(setup, task, language) == result
    assert stored(trained, result, language) == made


def test_questions_on_one_paragraph_are_stored_as_a_group_also_where_they_were_not(trained: Any) -> None:
    result = trained.evaluate("squad", "xquad", "de")
    made = stored(trained, result, "de")
    contexts = [row["context"] for row in trained.source.test(trained.task("xquad"), "de", None).rows]
    assert len(set(contexts)) < len(contexts), "the rows do not show it"
    assert [contexts.index(context) for context in contexts] == [
        contexts.index(contexts[made["groups"].index(group)]) for group in made["groups"]
    ]
    path = trained.store.examples_path(result.run, "de")
    ExamplesRecord.read(path).model_copy(update={"groups": []}).write(path)
    trained.evaluate("squad", "xquad", "de")
    assert stored(trained, result, "de") == made


def test_rows_without_a_paragraph_have_no_groups(trained: Any) -> None:
    result = trained.evaluate("mnli", "xnli", "de")
    assert stored(trained, result, "de")["groups"] == []


def test_predictions_that_do_not_give_the_known_score_make_no_examples(trained: Any) -> None:
    result = trained.evaluate("mnli", "xnli", "de")
    path = trained.store.predictions_path(result.run, "de")
    kept = PredictionsRecord.read(path)
    kept.model_copy(update={"values": [99 for _ in kept.values]}).write(path)
    trained.store.examples_path(result.run, "de").unlink()
    assert result["de"].score > 0
    trained.evaluate("mnli", "xnli", "de")
    assert not trained.store.examples_path(result.run, "de").exists()


def test_without_predictions_nothing_is_made(trained: Any) -> None:
    result = trained.evaluate("mnli", "xnli", "de")
    trained.store.predictions_path(result.run, "de").unlink()
    trained.store.examples_path(result.run, "de").unlink()
    trained.evaluate("mnli", "xnli", "de")
    assert not trained.store.examples_path(result.run, "de").exists()


def test_what_is_something_else_is_refused(tmp_path: Path) -> None:
    for content in ('{"kind": "median", "values": [1]}', "[]", '{"kind": "mean", "values": []}', MISFIT):
        path = tmp_path / "de.json"
        path.write_text(content)
        with refused(path, advice="evaluate again"):
            ExamplesRecord.read(path)
