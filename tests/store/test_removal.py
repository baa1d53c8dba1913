"""What a store holds is listed and measured; what is to go is looked at first, and nothing is removed by accident."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from tests.error_checks import refused
from tests.store.test_check import check, keep_result
from tests.stored_records import change_record
from xadapt.store.contents import items, rooms
from xadapt.store.removal import plan_removal
from xadapt.store.store import Store

ALONE, MEMBER, FUSED, RESULT = "c" * 16, "a" * 16, "b" * 16, "e" * 16


@pytest.fixture
def full(store: Store, make_checkpoint: Callable[..., Path]) -> Store:
    """A store with a fusion, its member, another adapter, and a result of the fusion."""
    make_checkpoint(store.run_path(MEMBER), age=30)
    make_checkpoint(store.run_path(FUSED), age=20, setup="fuse(mnli, stsb)", members={"mnli": MEMBER})
    make_checkpoint(store.run_path(ALONE), age=10, setup="squad", seed=7)
    keep_result(store, RESULT)
    used = {"members": {"mnli": MEMBER, "fuse(mnli, stsb)": FUSED}}
    change_record(store.result_path(RESULT), setup="fuse(mnli, stsb)", decides=used)
    return store


def left(store: Store) -> set[str]:
    return {item.run for item in items(store)}


def test_checkpoints_and_results_are_listed_the_newest_first_with_what_uses_them(full: Store) -> None:
    listed = items(full)
    assert [item.run for item in listed] == [RESULT, ALONE, FUSED, MEMBER]
    assert [item.used_by for item in listed] == [(), (), (RESULT,), (FUSED, RESULT)]
    assert all(item.bytes > 0 for item in listed)
    assert (listed[0].score, listed[0].metric) == (50.5, "accuracy")


def test_the_rooms_add_up_to_the_whole_store_and_say_what_can_go(full: Store) -> None:
    (full.root / "notes.txt").write_text("12345")
    found = {room.name: room for room in rooms(full)}
    every = [path for path in full.root.rglob("*") if path.is_file()]
    assert sum(room.files for room in found.values()) == len(every)
    assert sum(room.bytes for room in found.values()) == sum(path.stat().st_size for path in every)
    assert (found["other"].files, found["other"].bytes) == (1, 5)
    assert found["checkpoints"].free == next(item.bytes for item in items(full) if item.run == ALONE)


def test_nothing_goes_before_it_is_carried_out(full: Store) -> None:
    removal = plan_removal(full, ["squad"])
    assert left(full) == {ALONE, MEMBER, FUSED, RESULT}
    removal.carry_out()
    assert left(full) == {MEMBER, FUSED, RESULT}
    assert check(full).findings == ()


@pytest.mark.parametrize("name", ["mnli", MEMBER, MEMBER[:8]])
def test_what_others_were_trained_on_stays_unless_they_go_too(full: Store, name: str) -> None:
    with refused("mnli", "fuse(mnli, stsb)", advice="dependents"):
        plan_removal(full, [name])
    removal = plan_removal(full, [name], dependents=True)
    assert {item.run for item in removal.items} == {MEMBER, FUSED}
    removal.carry_out()
    assert left(full) == {ALONE, RESULT}


def test_results_stay_unless_they_are_asked_for(full: Store) -> None:
    kept = plan_removal(full, ["fuse(mnli, stsb)"])
    assert {item.run for item in kept.items} == {FUSED}
    (note,) = kept.notes
    assert "1 result" in note
    everything = plan_removal(full, [FUSED], results=True)
    assert {item.run for item in everything.items} == {FUSED, RESULT}
    everything.carry_out()
    assert not list(full.root.rglob(f"{RESULT}*"))
    assert check(full).findings == ()


def test_a_result_is_removed_by_its_run(full: Store) -> None:
    plan_removal(full, [RESULT[:7]]).carry_out()
    assert left(full) == {ALONE, MEMBER, FUSED}


def test_a_setup_with_results_alone_names_the_option(full: Store) -> None:
    change_record(full.result_path(RESULT), setup="none")
    with refused("none", advice="results"):
        plan_removal(full, ["none"])
    assert [item.run for item in plan_removal(full, ["none"], results=True).items] == [RESULT]


def test_unused_checkpoints_are_those_that_nothing_was_trained_on_or_measured_with(full: Store) -> None:
    assert [item.run for item in plan_removal(full, [], unused=True).items] == [ALONE]


def test_caches_states_and_what_was_set_aside_go_when_asked_for(full: Store) -> None:
    state, lock = full.partial_path("d" * 16), full.partial_path("f" * 16)
    for folder in (full.root / "cache", full.root / "damaged", state, lock):
        folder.mkdir(parents=True)
        (folder / "file").write_text("123")
    with FileLock(lock.with_suffix(".lock")):
        removal = plan_removal(full, [], caches=True, unfinished=True, damaged=True)
        assert removal.bytes == 9
        removal.carry_out()
        assert lock.exists()
    assert not any(path.exists() for path in (full.root / "cache", full.root / "damaged", state))
    assert len(left(full)) == 4


def test_what_is_not_there_or_not_named_is_one_line(full: Store) -> None:
    with refused("'squat'", advice="'squad'"):
        plan_removal(full, ["squat"])
    with refused("nothing was named", advice="unused"):
        plan_removal(full, [])
    with refused(f"'{ALONE[:5]}'"):
        plan_removal(full, [ALONE[:5]])


def test_a_run_that_is_being_trained_stays(full: Store) -> None:
    lock = full.partial_path(ALONE).with_suffix(".lock")
    lock.parent.mkdir()
    with FileLock(lock), refused("squad", "being trained"):
        plan_removal(full, ["squad"])
