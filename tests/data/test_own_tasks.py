"""A user's own tasks are kept in the store and known by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.data.own_files import forget
from xadapt.data.own_tasks import declare, open_store, open_task, register_stored_tasks
from xadapt.data.source import Source
from xadapt.errors import XadaptError
from xadapt.tasks import all_tasks, get_task, register


def test_a_task_that_was_opened_once_is_known_by_name_in_a_fresh_process(
    folder: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = open_task(str(folder / "my.yaml"), store)
    assert get_task("reviews") == task
    forget(monkeypatch)
    with pytest.raises(XadaptError, match="unknown task 'reviews'"):
        get_task("reviews")
    assert open_task("reviews", store) == task
    forget(monkeypatch)
    open_store(store.root)
    assert get_task("reviews") == task
    assert all_tasks()[-1] == task


def test_the_stored_declaration_holds_labels_and_absolute_files(
    folder: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    open_task("my.yaml", store)
    kept = store.task_path("reviews").read_text(encoding="utf-8")
    assert str(folder / "train.csv") in kept
    assert "bad" in kept
    assert list(store.task_path("reviews").parent.iterdir()) == [store.task_path("reviews")]


def test_a_changed_declaration_takes_the_place_of_the_stored_one(
    say: Callable[..., Path], store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_task(str(say()), store)
    open_task(str(say(("[xq, de]", "[xq]"))), store)
    assert get_task("reviews").languages == ("xq",)
    forget(monkeypatch)
    assert open_task("reviews", store).languages == ("xq",)


def test_opening_it_again_without_a_change_writes_nothing(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store)
    before = store.task_path("reviews").stat().st_ino
    open_task(str(folder / "my.yaml"), store)
    assert store.task_path("reviews").stat().st_ino == before


def test_a_declaration_with_a_mistake_is_not_kept(say: Callable[..., Path], store: Any) -> None:
    with pytest.raises(XadaptError):
        open_task(str(say(("train.csv", "nowhere.csv"))), store)
    assert store.task_files() == []


def test_a_store_without_own_tasks_is_not_touched(store: Any) -> None:
    register_stored_tasks(store)
    assert not store.root.exists()


def test_rows_that_went_away_do_not_hide_the_other_tasks(
    folder: Path, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_task(str(folder / "my.yaml"), store)
    (folder / "train.csv").unlink()
    forget(monkeypatch)
    assert open_task("mnli", store).name == "mnli"
    with pytest.raises(XadaptError, match=r"no file .*train\.csv"):
        Source("hub").train(get_task("reviews"))


def test_a_task_that_xadapt_comes_with_goes_before_a_stored_one(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store)
    kept = store.task_path("reviews")
    kept.with_name("xnli.yaml").write_text(kept.read_text().replace("name: reviews", "name: xnli"))
    register_stored_tasks(store)
    assert get_task("xnli").languages != ("xq", "de")


def test_a_stored_declaration_that_was_damaged_names_its_file(store: Any) -> None:
    store.task_path("reviews").parent.mkdir(parents=True)
    store.task_path("reviews").write_text("name: reviews\nproblem: [")
    with pytest.raises(XadaptError, match=r"store/tasks/reviews\.yaml:2: not YAML"):
        register_stored_tasks(store)


def test_a_misspelt_own_task_is_answered_with_the_nearest_name(folder: Path, store: Any) -> None:
    open_task(str(folder / "my.yaml"), store)
    with pytest.raises(XadaptError, match="did you mean 'reviews'"):
        open_task("reveiws", store)


def test_registering_a_name_of_the_catalogue_is_refused(folder: Path) -> None:
    from dataclasses import replace

    with pytest.raises(XadaptError, match="comes with a task called xnli"):
        register(replace(declare(folder / "my.yaml").task(), name="xnli"))
