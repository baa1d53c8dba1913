import json
import shutil

import pytest

from tests.error_checks import refused
from xadapt.store import store as module
from xadapt.store.result_record import Result
from xadapt.store.store import Store, read_results, run_hash

FINGERPRINT = "ab" * 32
OTHER = {"name": "large", "fingerprint": "cd" * 32}


@pytest.fixture
def full(tmp_path, make_checkpoint):
    """A store with three seeds of ``mnli``, the first the newest, and a shipped one of a fourth seed."""
    store = Store(tmp_path / "store", shipped=tmp_path / "shipped")
    make_checkpoint(store.run_path("new"), age=10, seed=1)
    make_checkpoint(store.run_path("older"), age=20, seed=2)
    make_checkpoint(store.run_path("oldest"), age=30, seed=3)
    make_checkpoint(tmp_path / "shipped" / "tiny" / "mnli", seed=4)
    return store


def test_the_hash_of_a_run_depends_on_its_values_and_not_on_the_order_of_keys():
    one = run_hash({"seed": 1, "settings": {"lr": 0.1, "epochs": 2}})
    assert one == run_hash({"settings": {"epochs": 2, "lr": 0.1}, "seed": 1})
    assert one != run_hash({"settings": {"epochs": 2, "lr": 0.1}, "seed": 2})
    assert len(one) == 16


def test_the_checkpoint_of_the_same_seed_is_preferred(full):
    assert full.find("mnli", FINGERPRINT, seed=3).run == "oldest"


def test_without_the_same_seed_the_newest_is_taken(full):
    assert full.find("mnli", FINGERPRINT, seed=99).run == "new"
    assert full.find("mnli", FINGERPRINT).run == "new"


def test_a_shipped_checkpoint_comes_last_unless_it_has_the_seed(full):
    assert full.find("mnli", FINGERPRINT, seed=4).path.parent.name == "tiny"
    shutil.rmtree(full.root)
    assert full.find("mnli", FINGERPRINT, seed=99).seed == 4


def test_a_checkpoint_of_this_base_goes_before_one_of_another_base_with_the_same_seed(full, make_checkpoint):
    make_checkpoint(full.run_path("large"), seed=99, base=OTHER)
    assert full.find("mnli", FINGERPRINT, seed=99).run == "new"


def test_a_checkpoint_of_another_base_only_is_returned_for_the_caller_to_name(tmp_path, make_checkpoint):
    store = Store(tmp_path / "store", shipped=tmp_path)
    make_checkpoint(store.run_path("large"), base=OTHER)
    assert store.find("mnli", FINGERPRINT).run == "large"


def test_a_checkpoint_that_was_made_again_is_seen_and_the_others_are_not_read_again(full, make_checkpoint, monkeypatch):
    assert full.find("mnli", FINGERPRINT, seed=3).record.seed == 3
    shutil.rmtree(full.run_path("oldest"))
    make_checkpoint(full.run_path("oldest"), age=30, seed=5)
    opened, inner = [], module.open_checkpoint
    monkeypatch.setattr(module, "open_checkpoint", lambda path: opened.append(path.name) or inner(path))
    assert full.find("mnli", FINGERPRINT, seed=5).run == "oldest"
    assert opened == ["oldest"]


def spoil(full, run):
    """Damage a record; gives what it said on the way."""
    path = full.run_path(run) / "xadapt.json"
    path.write_text(path.read_text().replace('"bundled"', '"bundle"'))
    said = []
    full.left_out.say = said.append
    return said


def test_a_damaged_record_is_left_out_with_one_line_that_names_it(full):
    said = spoil(full, "older")
    assert [c.run for c in full.checkpoints()] == ["new", "oldest", "mnli"]
    assert [c.run for c in full.checkpoints()] == ["new", "oldest", "mnli"]
    (line,) = said
    assert str(full.run_path("older")) in line
    spoil(full, "oldest")
    full.checkpoints()


def test_a_damaged_checkpoint_that_would_be_taken_is_refused_and_no_other_takes_its_place(full):
    spoil(full, "older")
    assert full.find("mnli", FINGERPRINT, seed=1).run == "new"
    assert full.find("squad", FINGERPRINT, seed=2) is None
    for seed in (2, 99, None):
        with refused("mnli", full.run_path("older"), advice="store check --repair"):
            full.find("mnli", FINGERPRINT, seed=seed)
    with refused(full.run_path("older"), advice="store check --repair"):
        full.finished("older")


def test_who_misses_a_checkpoint_is_told_of_damaged_ones_that_do_not_say_what_they_are(full):
    (full.run_path("older") / "xadapt.json").write_text("{")
    with refused("squad", advice="store check"):
        full.need("squad", FINGERPRINT, None, "xadapt train-task squad")


def test_a_record_in_the_folder_of_another_run_is_left_out(full):
    new, older = (full.run_path(run) / "xadapt.json" for run in ("new", "older"))
    older.write_bytes(new.read_bytes())
    assert [c.run for c in full.checkpoints()] == ["new", "oldest", "mnli"]
    assert "older" in full.left_out.faults[older]


@pytest.mark.parametrize("there", ["folder", "link to nowhere", "link to itself"])
def test_something_else_where_a_record_was_is_no_traceback(full, there):
    path = full.run_path("new") / "xadapt.json"
    path.unlink()
    if there == "folder":
        path.mkdir()
    else:
        path.symlink_to("xadapt.json" if there == "link to itself" else "nowhere")
    assert [c.run for c in full.checkpoints()] == ["older", "oldest", "mnli"]


def test_an_unknown_setup_is_not_found(full):
    assert full.find("squad", FINGERPRINT) is None


def test_a_needed_adapter_that_is_not_there_names_the_nearest_and_how_to_make_it(full):
    with refused("adapter 'mnlii'", "did you mean 'mnli'", advice="xadapt train-task mnlii"):
        full.need("mnlii", FINGERPRINT, None, "xadapt train-task mnlii")
    assert full.need("mnli", FINGERPRINT, 2, "").run == "older"


def test_a_folder_that_is_still_being_written_is_not_a_checkpoint(full, make_checkpoint):
    make_checkpoint(full.root / "runs" / ".half.x7", seed=7, run="half")
    assert [c.seed for c in full.checkpoints()] == [1, 2, 3, 4]


def test_a_run_is_finished_once_its_record_is_there(full):
    assert full.finished("new").seed == 1
    assert full.finished("nothing") is None
    full.run_path("begun").mkdir()
    assert full.finished("begun") is None


def test_a_store_that_does_not_exist_yet_is_empty(store):
    assert list(store.checkpoints()) == []


def test_the_environment_names_the_store_and_an_argument_goes_before_it(tmp_path, monkeypatch):
    monkeypatch.setenv("XADAPT_STORE", str(tmp_path / "by-environment"))
    assert Store().root == tmp_path / "by-environment"
    assert Store(tmp_path / "by-argument").root == tmp_path / "by-argument"
    monkeypatch.delenv("XADAPT_STORE")
    assert str(Store().root) == "xadapt-store"


def test_a_file_where_the_store_belongs_is_one_line(tmp_path):
    (tmp_path / "f").write_text("")
    with refused("store", tmp_path / "f", advice="name a folder"):
        Store(tmp_path / "f")


def test_results_are_read_back_in_the_order_of_their_names(store):
    text = dict.fromkeys(("task", "kind", "metric", "setup", "base", "data"), "x")
    for run in ("b", "a"):
        store.write_result(Result.of({**text, "run": run, "seed": 42, "languages": {}}, "a made-up result"))
    assert [result.run for result in read_results(store.root / "results")] == ["a", "b"]


def test_damaged_results_are_left_out_where_others_are_enough(store):
    text = dict.fromkeys(("task", "kind", "metric", "setup", "base", "data"), "x")
    for run in ("a", "b", "c"):
        store.write_result(Result.of({**text, "run": run, "seed": 42, "languages": {}}, "a made-up result"))
    store.result_path("b").write_bytes(store.result_path("c").read_bytes())
    store.result_path("c").write_text("")
    said = []
    store.left_out.say = said.append
    assert [result.run for result in store.results()] == ["a"]
    assert len(said) == 1
    for run in "bc":
        with refused(store.result_path(run), advice="evaluate it again"):
            store.result(run)
    assert store.result("d") is None


@pytest.mark.parametrize("content", [{"task": "xnli"}, [1, 2]])
def test_a_stranger_among_the_results_is_named(tmp_path, content):
    (tmp_path / "stranger.json").write_text(json.dumps(content))
    with refused(tmp_path / "stranger.json", "a result", advice="move it elsewhere"):
        read_results(tmp_path)
