"""Zero-shot evaluation: what a result holds, and what is not computed twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import torch

from tests.error_checks import refused
from tests.tiny_lab import SpyDisplay
from xadapt.evaluation import evaluate as evaluation
from xadapt.store.result_record import LanguageScore, PredictionsRecord, Result
from xadapt.training.plan import plan_task


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of rows of every language that is computed from now on."""
    counted: list[int] = []
    predict = evaluation.Answerer.predict

    def spy(answerer: Any, rows: Any, *rest: Any) -> Any:
        counted.append(len(rows))
        return predict(answerer, rows, *rest)

    monkeypatch.setattr(evaluation.Answerer, "predict", spy)
    return counted


def test_a_result_says_what_was_measured_language_by_language(trained: Any) -> None:
    result = trained.evaluate("stack(mnli, xnli)", "xnli")
    assert (result.task, result.kind, result.metric) == ("xnli", "pair-classification", "accuracy")
    assert (result.setup, result.head) == ("stack(mnli, xnli)", "xnli")
    assert (result.base, result.seed, result.data) == (trained.backbone.name, 42, trained.source.name)
    assert list(result.languages) == ["en", "de"]
    german = result["de"]
    assert (german.n, german.available, german.split) == (12, 12, "validation")
    assert german.rows
    assert german.seconds > 0
    assert 0 <= german.score <= 100
    assert german.scores == {"accuracy": german.score}
    assert set(result.decides["members"]) == {"mnli", "stack(mnli, xnli)"}


def test_the_mean_is_the_unweighted_mean_of_the_languages(trained: Any) -> None:
    result = trained.evaluate("squad", "xquad")
    for key in ("exact_match", "f1"):
        values = [language.scores[key] for language in result.languages.values()]
        assert result.means[key] == pytest.approx(sum(values) / 2, abs=1e-3)
    assert result.mean == result.means["f1"]


def test_the_stored_result_is_the_returned_one(trained: Any) -> None:
    result = trained.evaluate("mnli", "xnli")
    assert Result.read(trained.store.result_path(result.run)) == result


def test_scores_equal_a_hand_computation(trained: Any) -> None:
    result = trained.evaluate("mnli", "xnli", "de")
    model, tokenizer = trained.assemble("mnli").model, trained.backbone.tokenizer
    rows = parquet.read_table(trained.mirror / "facebook/xnli/de/validation.parquet").to_pylist()
    right, answers = 0, []
    for row in rows:
        encoded = tokenizer(row["premise"], row["hypothesis"], return_tensors="pt", truncation=True, max_length=48)
        with torch.inference_mode():
            logits = model(input_ids=encoded["input_ids"], head="mnli").logits[0]
        answers.append(int(logits.argmax()))
        right += answers[-1] == row["label"]
    assert result["de"].score == pytest.approx(100 * right / len(rows), abs=1e-3)
    assert PredictionsRecord.read(trained.store.predictions_path(result.run, "de")).values == answers


def test_retrieval_scores_equal_a_hand_computation_at_the_stated_layer(trained: Any) -> None:
    result = trained.evaluate("mnli", "tatoeba", layer=1)
    model, tokenizer = trained.assemble("mnli").model, trained.backbone.tokenizer
    rows = parquet.read_table(trained.mirror / "mteb/tatoeba-bitext-mining/deu-eng/test.parquet").to_pylist()

    def vector(text: str) -> np.ndarray:
        encoded = tokenizer(text, return_tensors="pt", truncation=True, max_length=48)
        with torch.inference_mode():
            hidden = model.roberta(input_ids=encoded["input_ids"], output_hidden_states=True).hidden_states[1]
        mean = hidden[0].mean(dim=0).numpy()
        return mean / np.linalg.norm(mean)

    left, right = (np.stack([vector(row[side]) for row in rows]) for side in ("sentence1", "sentence2"))
    # Every English sentence queries the other language, as in XTREME.
    found = (right @ left.T).argmax(axis=1)
    assert result["de"].score == pytest.approx(100 * (found == np.arange(len(rows))).mean(), abs=1e-3)


def test_retrieval_records_layer_and_pooling_and_needs_no_head(trained: Any) -> None:
    result = trained.evaluate("none", "tatoeba", layer=2)
    assert result.details == {"max_length": 48, "layer": 2, "pooling": "mean"}
    assert result.head is None
    assert trained.evaluate("none", "tatoeba").details["layer"] == trained.backbone.sentence_layer


def test_a_smaller_pool_holds_the_answers_and_is_another_run(trained: Any) -> None:
    whole = trained.evaluate("none", "lareqa", limit=2)
    small = trained.evaluate("none", "lareqa", limit=2, pool_limit=1)
    assert small.details["candidates"] < whole.details["candidates"]
    assert small.run != whole.run
    assert small.decides["pool_limit"] == 1
    assert "pool_limit" not in whole.decides
    assert trained.evaluate("none", "tatoeba", pool_limit=1).run == trained.evaluate("none", "tatoeba").run


def test_an_adapter_changes_what_retrieval_sees_and_the_layer_is_part_of_the_run(trained: Any) -> None:
    runs = {
        (setup, layer): trained.evaluate(setup, "tatoeba", layer=layer).run
        for setup in ("none", "mnli")
        for layer in (1, 2)
    }
    assert len(set(runs.values())) == 4


def test_languages_that_are_done_are_not_run_again(trained: Any, passes: list[int]) -> None:
    first = trained.evaluate("mnli", "xnli")
    assert len(passes) == 2
    assert trained.evaluate("mnli", "xnli") == first
    assert len(passes) == 2


def test_only_missing_languages_are_run(trained: Any, passes: list[int]) -> None:
    german = trained.evaluate("mnli", "xnli", "de")
    assert list(german.languages) == ["de"]
    both = trained.evaluate("mnli", "xnli")
    assert len(passes) == 2
    assert both.run == german.run
    assert both["de"] == german["de"]
    again = trained.evaluate("mnli", "xnli", "de")
    assert list(again.languages) == ["de"]
    assert again.mean == german["de"].score
    assert len(passes) == 2


def test_a_changed_data_file_makes_its_language_run_again(trained: Any, passes: list[int]) -> None:
    before = trained.evaluate("mnli", "xnli")
    path = trained.mirror / "facebook/xnli/de/validation.parquet"
    rows = parquet.read_table(path).to_pylist()
    parquet.write_table(pa.Table.from_pylist(rows[:-3]), path)
    # A session reads rows once.
    after = trained.with_store(trained.store).evaluate("mnli", "xnli")
    assert passes == [12, 12, 9]
    assert after["de"].n == 9
    assert after["en"] == before["en"]


@pytest.mark.parametrize("change", [{"limit": 5}, {"max_length": 32}])
def test_another_way_of_evaluating_is_another_run(trained: Any, passes: list[int], change: dict[str, int]) -> None:
    first = trained.evaluate("mnli", "xnli", "de")
    assert trained.evaluate("mnli", "xnli", "de", **change).run != first.run
    assert len(passes) == 2


def test_another_checkpoint_of_the_same_name_is_another_run(trained: Any) -> None:
    first = trained.evaluate("mnli", "xnli", "de")
    old = trained.store.find("mnli", trained.backbone.fingerprint)
    trained.train(plan_task("mnli"), lr=0.02)
    assert trained.evaluate("mnli", "xnli", "de").run != first.run
    assert trained.evaluate("mnli", "xnli", "de", pins={"mnli": old}).run == first.run


def test_an_interrupted_evaluation_keeps_the_languages_it_finished(trained: Any, passes: list[int]) -> None:
    def cut(language: str, rows: int) -> None:
        if language == "de":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained.evaluate("mnli", "xnli", display=SpyDisplay(start=cut))
    assert passes == [12]
    started: list[str] = []
    whole = trained.evaluate("mnli", "xnli", display=SpyDisplay(start=lambda language, rows: started.append(language)))
    assert started == ["de"]
    assert list(whole.languages) == ["en", "de"]


def test_a_limit_takes_the_same_rows_of_parallel_languages(trained: Any) -> None:
    result = trained.evaluate("mnli", "xnli", limit=5)
    assert {language.n for language in result.languages.values()} == {5}
    assert {language.available for language in result.languages.values()} == {12}


def test_progress_adds_up_to_the_rows(trained: Any) -> None:
    done: list[int] = []
    trained.evaluate("squad", "xquad", "de", display=SpyDisplay(advance=done.append))
    assert sum(done) == 6


def test_the_seed_of_a_result_is_that_of_its_checkpoint(trained: Any) -> None:
    trained.train(plan_task("mnli"), seed=7)
    assert trained.evaluate("mnli", "xnli", "de", seed=7).seed == 7
    assert trained.evaluate("mnli", "xnli", "de", seed=42).seed == 42


def test_the_number_of_added_parameters_counts_adapters_and_fusions(trained: Any) -> None:
    def added(setup: str) -> int:
        return int(trained.evaluate(setup, "tatoeba", "de").parameters)

    assert added("none") == 0
    single, fused = (trained.assemble(text) for text in ("stsb", "fuse(mnli, stsb)"))
    fusion = sum(p.numel() for name, p in fused.model.named_parameters() if "adapter_fusion_layer." in name)
    adapter = sum(p.numel() for name, p in single.model.roberta.named_parameters() if ".stsb." in name)
    assert fusion > 0
    assert added("stsb") == added("average(mnli, stsb)") == adapter
    assert added("fuse(mnli, stsb)") == 2 * adapter + fusion
    assert added("ensemble(mnli, stsb)") == 2 * adapter


@pytest.mark.parametrize(
    ("setup", "task", "languages", "options", "subject", "advice"),
    [
        ("none", "tatoeba", "de", {"layer": 3}, "3", "to 2"),
        ("mnli", "xnli", "de", {"layer": 1}, "layer", "retrieval"),
        ("mnli", "xquad", "de", {}, "mnli", "train-target xquad"),
        ("none", "xnli", "de", {}, "xnli", "train-target xnli"),
        ("mnli", "xnli", "sw", {}, "'sw'", ""),
        ("mnli", "xnli", "dee", {}, "'dee'", "'de'"),
        ("mnli", "xnli", ",", {}, "languages", "all"),
        ("mnli", "xnli", "de", {"device": "gpu"}, "'gpu'", "cuda"),
    ],
)
def test_what_cannot_be_evaluated_is_one_line(
    trained_once: Any, setup: str, task: str, languages: str, options: dict[str, Any], subject: str, advice: str
) -> None:
    with refused(subject, advice=advice):
        trained_once.evaluate(setup, task, languages, **options)


def test_a_mean_is_over_scores_that_every_language_has_and_never_over_thresholds() -> None:
    english = LanguageScore(n=2, scores={"f1": 50.0, "no_answer_f1": 40.0, "threshold": 1.07})
    german = LanguageScore(n=2, scores={"f1": 30.0, "threshold": 1.05})
    assert evaluation._means([english, german]) == {"f1": 40.0}
    assert evaluation._means([english]) == {"f1": 50.0, "no_answer_f1": 40.0}
