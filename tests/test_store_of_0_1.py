"""A store that version 0.1 made, kept as files: its records are read and its checkpoints give the same numbers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from xadapt.analysis.comparison import compare
from xadapt.session import Session
from xadapt.store.files import read_json
from xadapt.store.result_record import PredictionsRecord, Result
from xadapt.store.store import Store, read_results

KEPT = Path(__file__).parent / "fixtures" / "store-0.1"
EXPECTED = json.loads((KEPT / "expected.json").read_text())
RESULTS = sorted((KEPT / "store" / "results").glob("*.json"))


@pytest.fixture
def lab(tmp_path: Path) -> Session:
    """A session on a copy of it."""
    shutil.copytree(KEPT / "store", tmp_path / "store")
    (tmp_path / "none").mkdir()
    store = Store(tmp_path / "store", shipped=tmp_path / "none", cache_size="0")
    base, mirror = str(KEPT / "base"), str(KEPT / "mirror")
    return Session(base, mirror, store, device="cpu", precision="fp32", display=False)


@pytest.mark.parametrize("asked", list(EXPECTED["predictions"]))
def test_its_checkpoints_predict_what_they_did(lab: Session, asked: str) -> None:
    setup, task = asked.split(" | ")
    found = lab.load(setup, task, max_length=48).predict(EXPECTED["rows"][task])
    for now, before in zip(found, EXPECTED["predictions"][asked], strict=True):
        assert numbers(now) == pytest.approx(numbers(before), abs=1e-4)
        assert words(now) == words(before)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_its_results_are_read_and_evaluated_again_to_the_same_scores(lab: Session, path: Path) -> None:
    before, stored = Result.read(path), read_json(path)
    assert before.means == stored["mean"]
    assert {code: one.n for code, one in before.languages.items()} == {
        code: entry["n"] for code, entry in stored["languages"].items()
    }
    now = lab.evaluate(before.setup, before.task, max_length=48)
    assert now.run != before.run, "what decides a run has changed since"
    assert now.means == pytest.approx(before.means, abs=1e-4)
    assert now.members == before.members
    for code in before.languages:
        assert now[code].scores == pytest.approx(before[code].scores, abs=1e-4)
        paths = (lab.store.predictions_path(run, code) for run in (now.run, before.run))
        mine, theirs = (PredictionsRecord.read(path).values for path in paths)
        assert flat(mine) == pytest.approx(flat(theirs), abs=1e-4)


def test_its_results_are_compared_in_a_report(lab: Session) -> None:
    comparisons = compare(read_results(lab.store.root / "results"), examples=lab.store.root / "examples")
    assert {comparison.task for comparison in comparisons} >= {"xnli", "xquad"}


def numbers(answer: dict[str, Any]) -> list[float]:
    """The numbers of an answer."""
    return [*answer.get("probabilities", {}).values(), *(v for v in answer.values() if isinstance(v, float))]


def words(answer: dict[str, Any]) -> list[str]:
    """The texts of an answer."""
    return [value for value in answer.values() if isinstance(value, str)]


def flat(value: Any) -> list[Any]:
    """Predictions as one list."""
    if isinstance(value, dict):
        return [inner for key in sorted(value) for inner in flat(value[key])]
    return [inner for one in value for inner in flat(one)] if isinstance(value, list) else [value]
