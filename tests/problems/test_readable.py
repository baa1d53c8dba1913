"""Results for people, from raw outputs made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from xadapt.problems import make_problem
from xadapt.store.records import Json
from xadapt.tasks import Row, get_task


def read(tiny: Any, task: str, rows: list[Row], raw: Any, **calibration: float) -> list[Json]:
    problem = make_problem(get_task(task), tiny.tokenizer, 48)
    problem.calibration = calibration
    features = problem.encode(rows, labelled=False)
    made = [raw(feature) for feature in features] if callable(raw) else [np.array(r, dtype=np.float32) for r in raw]
    return problem.readable(made, features, rows)


def test_a_label_has_its_name_and_every_label_its_probability(tiny: Any) -> None:
    (result,) = read(tiny, "xnli", [{"first": "a", "second": "b"}], [np.log([0.2, 0.7, 0.1])])
    assert result["prediction"] == "neutral"
    assert result["probabilities"] == pytest.approx({"entailment": 0.2, "neutral": 0.7, "contradiction": 0.1}, abs=1e-5)
    assert all(type(share) is float for share in result["probabilities"].values())


def test_a_choice_is_its_text_and_only_a_rows_own_choices_have_probabilities(tiny: Any) -> None:
    rows = [{"context": "c", "choices": ["x", "y"]}, {"context": "c", "choices": ["x", "y", "z"]}]
    two, three = read(tiny, "siqa", rows, [[*np.log([0.9, 0.1]), -np.inf], np.log([0.2, 0.3, 0.5])])
    assert (two["prediction"], three["prediction"]) == ("x", "z")
    assert two["probabilities"] == pytest.approx([0.9, 0.1], abs=1e-5)
    assert three["probabilities"] == pytest.approx([0.2, 0.3, 0.5], abs=1e-5)


def test_a_score_is_on_the_scale_of_the_task(tiny: Any) -> None:
    (result,) = read(tiny, "sick-r", [{"first": "a", "second": "b"}], [[0.75]])
    assert result == {"prediction": 4.0}


def test_every_word_has_its_tag(tiny: Any) -> None:
    rows = [{"tokens": ["Ana", "eats", "bread"]}]

    def tagged(feature: Any) -> np.ndarray:
        logits = np.zeros((len(feature["input_ids"]), 7), dtype=np.float32)
        logits[feature["tagged"], [1, 0, 6]] = 1
        return logits

    assert read(tiny, "wikiann", rows, tagged) == [{"prediction": ["B-PER", "O", "I-LOC"]}]


def at(token: int, height: float, none: float = 0.0) -> Any:
    """Logits of a window in which one token, from the end of the context, starts and ends the answer."""

    def logits(feature: Any) -> np.ndarray:
        made = np.zeros((len(feature["input_ids"]) + 3, 2), dtype=np.float32)
        made[0] = none
        made[np.flatnonzero(feature["inside"])[token]] = height
        # Behind a window's own tokens is what pads it to the longest of its batch.
        made[len(feature["input_ids"]) :] = 50
        return made

    return logits


QUESTION = [{"id": "0", "question": "who eats", "context": "the man reads the book"}]


def test_an_answer_has_the_probability_of_its_start_and_end(tiny: Any) -> None:
    (result,) = read(tiny, "xquad", QUESTION, at(-1, 3.0))
    length = len(make_problem(get_task("xquad"), tiny.tokenizer, 48).encode(QUESTION, False)[0]["input_ids"])
    share = np.exp(3) / (np.exp(3) + length - 1)
    assert QUESTION[0]["context"].endswith(result["prediction"])
    assert result["prediction"] != ""
    assert result["score"] == pytest.approx(share**2, abs=1e-5)


def test_the_score_is_that_of_the_window_with_the_answer(tiny: Any) -> None:
    rows = [{**QUESTION[0], "context": " ".join(["the man reads the book"] * 12)}]
    heights = iter([1.0, 5.0, 2.0, *[0.5] * 50])
    seen: list[np.ndarray] = []

    def window(feature: Any) -> np.ndarray:
        seen.append(at(0, next(heights))(feature))
        return seen[-1][: len(feature["input_ids"])]

    (result,) = read(tiny, "xquad", rows, window)
    assert len(seen) > 2
    size = len(seen[1]) - 3
    assert result["score"] == pytest.approx((np.exp(5) / (np.exp(5) + size - 1)) ** 2, abs=1e-5)


@pytest.mark.parametrize(("threshold", "answered"), [(5.0, True), (3.0, False)])
def test_no_answer_is_an_empty_text_where_its_gap_is_above_the_threshold(
    tiny: Any, threshold: float, answered: bool
) -> None:
    # The span scores 2 + 2, no answer 4 + 4: a gap of 4.
    (result,) = read(tiny, "squad2", QUESTION, at(-1, 2.0, 4.0), null_threshold=threshold)
    length = len(make_problem(get_task("squad2"), tiny.tokenizer, 48).encode(QUESTION, False)[0]["input_ids"])
    total = np.exp(2) + np.exp(4) + length - 2
    assert bool(result["prediction"]) == answered
    assert result["score"] == pytest.approx((np.exp(2.0 if answered else 4.0) / total) ** 2, abs=1e-5)


@pytest.mark.parametrize("task", ["xquad", "squad2"])
def test_a_context_without_a_word_has_no_answer(tiny: Any, task: str) -> None:
    rows = [{**QUESTION[0], "context": ""}]
    (result,) = read(tiny, task, rows, lambda feature: np.zeros((len(feature["input_ids"]), 2), dtype=np.float32))
    assert result == {"prediction": "", "score": 0.0}
