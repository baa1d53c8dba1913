"""A store is checked file by file; what is damaged is set aside and made again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from tests.stored_records import change_record
from xadapt.data.own_tasks import kept_task
from xadapt.store.check import StoreCheck, check_store
from xadapt.store.repair import repair_store
from xadapt.store.result_record import ExamplesRecord, PredictionsRecord, Result
from xadapt.store.store import Store
from xadapt.store.text_cache import text_key
from xadapt.store.unfinished import unfinished_file, unfinished_folder


def check(store: Store) -> StoreCheck:
    return check_store(Store(store.root, store.shipped), kept_task)


def found(store: Store) -> dict[str, str]:
    """What a check finds, by path inside of the store."""
    return {finding.path.relative_to(store.root).as_posix(): finding.sort for finding in check(store).findings}


def keep_result(store: Store, run: str = "e" * 16, languages: str = "en de") -> Result:
    """Store an evaluation with all that is kept beside it."""
    codes = languages.split()
    text = {"task": "xnli", "kind": "pair-classification", "metric": "accuracy", "setup": "mnli", "base": "tiny"}
    scores = {code: {"n": 2, "rows": f"rows-{code}", "scores": {"accuracy": 50.0 + n}} for n, code in enumerate(codes)}
    made = {**text, "run": run, "seed": 42, "data": "hub", "languages": scores, "means": {"accuracy": 50.5}}
    for code in codes:
        PredictionsRecord(run=run, language=code, rows=f"rows-{code}", values=[0, 1]).write(
            store.predictions_path(run, code)
        )
        ExamplesRecord(
            run=run, language=code, kind="mean", score="accuracy", rows=f"rows-{code}", values=[0.0, 1.0]
        ).write(store.examples_path(run, code))
    result = Result.of(made, "a made-up result")
    store.write_result(result)
    return result


@pytest.fixture
def whole(store: Store, make_checkpoint: Callable[..., Path]) -> Store:
    """A store with two checkpoints, an evaluation and a cache."""
    make_checkpoint(store.run_path("a" * 16), age=20)
    make_checkpoint(store.run_path("b" * 16), age=10, setup="fuse(mnli, stsb)", members={"mnli": "a" * 16})
    keep_result(store)
    store.cache.put("space", [text_key(np.arange(3))], [np.ones((3, 4), np.float16)])
    store.cache.flush()
    return store


def test_a_whole_store_has_no_findings(whole: Store) -> None:
    checked = check(whole)
    assert (checked.findings, checked.damaged, checked.files) == ((), [], 13)
    assert check_store(Store(whole.root / "nothing", whole.shipped), kept_task).findings == ()


def flip(path: Path, at: int = -9) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def write(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("")


WEIGHTS = "adapter/adapter.safetensors"
RUN, FUSED, EVALUATION = "a" * 16, "b" * 16, "e" * 16


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda root: flip(root / "runs" / RUN / WEIGHTS), f"runs/{RUN}"),
        (lambda root: (root / "runs" / RUN / WEIGHTS).unlink(), f"runs/{RUN}"),
        (lambda root: flip(root / "runs" / RUN / "xadapt.json"), f"runs/{RUN}"),
        (lambda root: (root / "runs" / RUN / "xadapt.json").unlink(), f"runs/{RUN}"),
        (lambda root: (root / "runs" / RUN).rename(root / "runs" / ("c" * 16)), f"runs/{'c' * 16}"),
        (lambda root: (root / "runs" / RUN / "adapter" / "x.bin").write_bytes(b""), f"runs/{RUN}"),
        (lambda root: flip(root / "results" / f"{EVALUATION}.json"), f"results/{EVALUATION}.json"),
        (lambda root: (root / "predictions" / EVALUATION / "de.json").unlink(), f"predictions/{EVALUATION}/de.json"),
        (lambda root: flip(root / "predictions" / EVALUATION / "de.json"), f"predictions/{EVALUATION}/de.json"),
        (lambda root: flip(root / "examples" / EVALUATION / "en.json"), f"examples/{EVALUATION}/en.json"),
        (lambda root: (root / "cost.json").write_text("{}"), "cost.json"),
        (
            lambda root: write(root / "explanations" / "x.json"),
            "explanations/x.json",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_damaged_is_found_and_set_aside_at_the_same_path(
    whole: Store, damage: Callable[[Path], object], named: str
) -> None:
    damage(whole.root)
    before = (whole.root / named).exists()
    assert found(whole)[named] == "damaged"
    repair_store(whole, check(whole))
    assert "damaged" not in found(whole).values()
    assert (whole.root / "damaged" / named).exists() == before
    assert not (whole.root / named).exists()


def test_predictions_of_other_rows_than_their_result_are_damaged(whole: Store) -> None:
    change_record(whole.predictions_path(EVALUATION, "de"), rows="others")
    assert found(whole) == {f"predictions/{EVALUATION}/de.json": "damaged"}


def test_scores_whose_predictions_are_gone_leave_their_result_and_a_copy_stays(whole: Store) -> None:
    before = whole.result_path(EVALUATION).read_bytes()
    whole.predictions_path(EVALUATION, "de").write_text("")
    repair_store(whole, check(whole))
    result = Result.read(whole.result_path(EVALUATION))
    assert (list(result.languages), result.means) == (["en"], {"accuracy": 50.0})
    assert (whole.root / "damaged/results" / f"{EVALUATION}.json").read_bytes() == before
    whole.predictions_path(EVALUATION, "en").unlink()
    repair_store(whole, check(whole))
    assert not whole.result_path(EVALUATION).exists()


def test_examples_that_are_damaged_cost_no_score(whole: Store) -> None:
    before = whole.result_path(EVALUATION).read_bytes()
    whole.examples_path(EVALUATION, "de").write_text("[]")
    repair_store(whole, check(whole))
    assert whole.result_path(EVALUATION).read_bytes() == before
    assert found(whole) == {f"examples/{EVALUATION}/de.json": "note"}


def test_what_is_set_aside_twice_is_there_twice(whole: Store) -> None:
    content = whole.result_path(EVALUATION).read_text()
    for text in ("one", "two"):
        whole.result_path(EVALUATION).write_text(text)
        repair_store(whole, check(whole))
    aside = whole.root / "damaged/results"
    assert {path.read_text() for path in aside.iterdir()} == {"one", "two"}
    whole.result_path(EVALUATION).write_text(content)


def test_a_record_of_a_later_xadapt_is_told_apart_and_stays(whole: Store) -> None:
    change_record(whole.result_path(EVALUATION), format=99)
    change_record(whole.run_path(RUN) / "xadapt.json", format=99)
    assert found(whole)[f"results/{EVALUATION}.json"] == found(whole)[f"runs/{RUN}"] == "later"
    assert check(whole).damaged == []
    repair_store(whole, check(whole))
    assert whole.result_path(EVALUATION).exists()


def test_what_a_dead_process_left_is_left_over_and_what_a_living_one_writes_is_not_touched(whole: Store) -> None:
    with (
        unfinished_file(whole.result_path("f" * 16)) as (alive, _),
        unfinished_folder(whole.run_path("f" * 16)) as folder,
    ):
        (folder / "half").write_text("")
        dead = whole.root / "results" / ".x.json.abcdefgh.unfinished"
        dead.write_text("half")
        sorts = {path: sort for path, sort in found(whole).items() if "unfinished" in path}
        assert sorted(sorts.values()) == ["left", "note", "note"]
        assert sorts[dead.relative_to(whole.root).as_posix()] == "left"
        repair_store(whole, check(whole))
        assert (alive.exists(), folder.exists(), dead.exists()) == (True, True, False)


def test_a_lock_of_a_dead_process_is_left_over_and_a_held_one_protects_its_run(whole: Store) -> None:
    lock = whole.partial_path(RUN).with_suffix(".lock")
    lock.parent.mkdir(exist_ok=True)
    flip(whole.run_path(RUN) / WEIGHTS)
    with FileLock(lock):
        assert found(whole)[f"partial/{RUN}.lock"] == "note"
        repair_store(whole, check(whole))
        assert whole.run_path(RUN).exists()
    lock.touch()
    assert found(whole)[f"partial/{RUN}.lock"] == "left"
    repair_store(whole, check(whole))
    assert not whole.run_path(RUN).exists()
    assert not lock.exists()


def test_the_state_of_an_unfinished_run_stays_and_that_of_a_finished_one_is_left_over(whole: Store) -> None:
    for run in (RUN, "d" * 16):
        whole.partial_path(run).mkdir(parents=True)
    assert found(whole) == {f"partial/{RUN}": "left", f"partial/{'d' * 16}": "note"}
    repair_store(whole, check(whole))
    assert found(whole) == {f"partial/{'d' * 16}": "note"}


def test_what_belongs_to_nothing_is_left_over(whole: Store) -> None:
    whole.result_path(EVALUATION).unlink()
    assert found(whole) == {f"predictions/{EVALUATION}": "left", f"examples/{EVALUATION}": "left"}
    repair_store(whole, check(whole))
    assert found(whole) == {}


def test_a_checkpoint_without_what_it_was_trained_on_and_strange_files_are_noted(whole: Store) -> None:
    shutil.rmtree(whole.run_path(RUN))
    (whole.run_path(FUSED) / "adapter" / "notes.txt").write_text("mine")
    (whole.root / "results" / "notes.txt").write_text("mine")
    assert set(found(whole).values()) == {"note"}
    assert len(check(whole).findings) == 3


@pytest.fixture
def segment(whole: Store) -> Path:
    """The vectors of the cache."""
    (path,) = (whole.root / "cache").rglob("*.npy")
    return path


def turn_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"<f2", b">f2"))


def move(path: Path) -> None:
    (path.parent.parent / "other").mkdir()
    for file in (path, path.with_suffix(".npz")):
        file.rename(path.parent.parent / "other" / file.name)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: flip(path, -1),
        turn_bytes,
        lambda path: flip(path.with_suffix(".npz"), 300),
        lambda path: path.with_suffix(".npz").unlink(),
        lambda path: path.write_bytes(b""),
        move,
    ],
)
def test_vectors_that_are_not_those_that_were_kept_are_found_and_never_given_out(
    whole: Store, segment: Path, damage: Callable[[Path], object]
) -> None:
    damage(segment)
    assert list(found(whole).values()) in (["damaged"], ["left"])
    assert Store(whole.root, whole.shipped).cache.get("space", [text_key(np.arange(3))]) == [None]
    assert Store(whole.root, whole.shipped).cache.get("other", [text_key(np.arange(3))]) == [None]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_found(whole: Store) -> None:
    path = whole.run_path(RUN) / WEIGHTS
    path.chmod(0)
    assert found(whole) == {f"runs/{RUN}": "damaged"}


def test_findings_are_there_for_programs(whole: Store) -> None:
    flip(whole.run_path(RUN) / WEIGHTS)
    facts: Any = json.loads(json.dumps(check(whole).as_json()))
    assert facts["damaged"] == 1
    assert facts["findings"][0]["path"] == f"runs/{RUN}"
