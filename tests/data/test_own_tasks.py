"""A user's own tasks are kept in the store and found by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.data.own_tasks import known_tasks, open_task
from xadapt.data.source import Source
from xadapt.tasks import Catalogue


def test_a_task_that_was_opened_once_is_found_by_name_from_then_on(folder: Path, store: Any) -> None:
    tasks = known_tasks(store)
    with refused("task", "'reviews'"):
        open_task("reviews", store, tasks)
    task = open_task(str(folder / "my.yaml"), store, tasks)
    assert open_task("reviews", store, tasks) == tasks["reviews"] == task
    later = known_tasks(store)
    assert open_task("reviews", store, later) == task
    assert [*later][-1] == task


def test_the_stored_declaration_holds_labels_and_absolute_files(
    folder: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    open_task("my.yaml", store, Catalogue())
    kept = store.task_path("reviews").read_text(encoding="utf-8")
    assert str(folder / "train.csv") in kept
    assert "bad" in kept
    assert list(store.task_path("reviews").parent.iterdir()) == [store.task_path("reviews")]


def test_a_changed_declaration_replaces_the_stored_one(declare_with: Callable[..., Path], store: Any) -> None:
    tasks = Catalogue()
    open_task(str(declare_with()), store, tasks)
    open_task(str(declare_with(("[xq, de]", "[xq]"))), store, tasks)
    assert tasks["reviews"].languages == ("xq",)
    assert known_tasks(store)["reviews"].languages == ("xq",)


def test_opening_it_again_without_a_change_writes_nothing(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store, Catalogue())
    before = store.task_path("reviews").stat().st_ino
    open_task(str(folder / "my.yaml"), store, known_tasks(store))
    assert store.task_path("reviews").stat().st_ino == before


def test_a_declaration_with_a_mistake_is_not_kept(declare_with: Callable[..., Path], store: Any) -> None:
    tasks = Catalogue()
    with refused("nowhere.csv"):
        open_task(str(declare_with(("train.csv", "nowhere.csv"))), store, tasks)
    assert store.task_files() == []
    assert "reviews" not in tasks


def test_a_store_without_own_tasks_is_not_touched(store: Any) -> None:
    assert known_tasks(store).names == Catalogue().names
    assert not store.root.exists()


def test_rows_that_went_away_do_not_hide_the_other_tasks(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store, Catalogue())
    (folder / "train.csv").unlink()
    tasks = known_tasks(store)
    assert open_task("mnli", store, tasks).name == "mnli"
    with refused("no file", "train.csv"):
        Source("hub").train(tasks["reviews"])


def test_a_task_that_xadapt_comes_with_goes_before_a_stored_one(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store, Catalogue())
    kept = store.task_path("reviews")
    kept.with_name("xnli.yaml").write_text(kept.read_text().replace("name: reviews", "name: xnli"))
    assert known_tasks(store)["xnli"].languages != ("xq", "de")


def test_a_stored_declaration_that_was_damaged_stops_only_who_asks_for_it(store: Any) -> None:
    said: list[str] = []
    store.left_out.say = said.append
    store.task_path("reviews").parent.mkdir(parents=True)
    store.task_path("reviews").write_text("name: reviews\nproblem: [")
    tasks = known_tasks(store)
    assert tasks["xnli"].name == "xnli"
    (line,) = said
    assert "store/tasks/reviews.yaml:2:" in line
    with refused("store/tasks/reviews.yaml:2:", "YAML"):
        tasks["reviews"]


def test_a_stored_declaration_that_was_changed_is_not_taken(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store, Catalogue())
    kept = store.task_path("reviews")
    assert known_tasks(store)["reviews"].name == "reviews"
    whole = kept.read_bytes()
    kept.write_bytes(whole.replace(b"bad", b"bat"))
    with refused(kept, "digest", advice="declared it with again"):
        known_tasks(store)["reviews"]
    # One of before there were digests.
    kept.write_bytes(whole.partition(b"\n")[2])
    assert known_tasks(store)["reviews"].name == "reviews"
    kept.rename(store.task_path("others"))
    with refused("others.yaml", "reviews"):
        known_tasks(store)["others"]


def test_the_same_declaration_given_again_mends_the_one_that_is_kept(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store, Catalogue())
    kept = store.task_path("reviews")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-5])
    open_task(str(folder / "my.yaml"), store, known_tasks(store))
    assert kept.read_bytes() == whole


def test_a_misspelt_own_task_is_answered_with_the_nearest_name(folder: Path, store: Any) -> None:
    tasks = Catalogue()
    open_task(str(folder / "my.yaml"), store, tasks)
    with refused("'reveiws'", advice="'reviews'"):
        open_task("reveiws", store, tasks)


def test_a_declaration_with_the_name_of_a_task_of_xadapt_is_refused(
    declare_with: Callable[..., Path], store: Any
) -> None:
    with refused("my.yaml:1: name", "xnli", advice="another name"):
        open_task(str(declare_with(("name: reviews", "name: xnli"))), store, Catalogue())
    assert store.task_files() == []
