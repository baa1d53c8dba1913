"""Two processes with one store do not train the same run at the same time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.tiny_lab import SpyDisplay
from xadapt.store.store import Store
from xadapt.training import loop
from xadapt.training.plan import plan_task


def test_a_run_that_another_process_trains_is_waited_for_and_not_trained_again(lab: Any, tmp_path: Path) -> None:
    other = lab.with_store(Store(tmp_path / "other", lab.store.shipped))
    made = other.train(plan_task("mnli"))
    path = lab.store.partial_path(made.run).with_suffix(".lock")
    path.parent.mkdir(parents=True)
    lock, shown, steps = FileLock(path), [], []
    lock.acquire()

    def say(text: str) -> None:
        shown.append(text)
        if "another process is training mnli" in text:
            shutil.copytree(made.path, lab.store.run_path(made.run))
            lock.release()

    found = lab.train(plan_task("mnli"), SpyDisplay(say, lambda *step: steps.append(step)))
    assert (found.run, found.path) == (made.run, lab.store.run_path(made.run))
    assert not steps
    assert str(path) in next(text for text in shown if "another process" in text)


def test_what_a_process_left_unfinished_is_trained_by_the_one_that_waited(lab: Any) -> None:
    run = lab.train(plan_task("mnli")).run
    shutil.rmtree(lab.store.run_path(run))
    lock = FileLock(lab.store.partial_path(run).with_suffix(".lock"))
    lock.acquire()
    found = lab.train(plan_task("mnli"), SpyDisplay(lambda text: lock.release() if "another process" in text else None))
    assert found.run == run


def test_a_finished_run_leaves_no_lock(lab: Any) -> None:
    lab.train(plan_task("mnli"))
    assert not list((lab.store.root / "partial").iterdir())


def test_processes_of_one_launch_do_not_wait_for_each_other(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xadapt.store.locks.FileLock", lambda path: pytest.fail("a lock was made"))
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(loop, "_run", lambda run, *rest: run.hash)
    assert lab.train(plan_task("mnli"))
