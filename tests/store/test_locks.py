import threading

from filelock import FileLock

from xadapt.store.locks import alone, clear, one_by_one


def test_what_a_finished_run_left_is_cleared_but_not_while_another_process_has_it(tmp_path):
    partial, lock = tmp_path / "partial" / "run", tmp_path / "partial" / "run.lock"
    partial.mkdir(parents=True)
    (partial / "state").write_text("state")
    with FileLock(lock):
        clear(partial)
        assert partial.exists()
    clear(partial)
    assert list((tmp_path / "partial").iterdir()) == []
    clear(partial)


def test_whoever_has_a_run_alone_leaves_no_lock(tmp_path):
    with alone(tmp_path / "partial" / "run", lambda path: None):
        assert (tmp_path / "partial" / "run.lock").exists()
    assert list((tmp_path / "partial").iterdir()) == []


def test_changes_of_a_folder_take_turns_and_leave_nothing_there(tmp_path):
    inside = []

    def change(name):
        with one_by_one(tmp_path / "results"):
            inside.append(name)

    with one_by_one(tmp_path / "results"):
        other = threading.Thread(target=change, args=("other",))
        other.start()
        other.join(0.2)
        assert inside == []
    other.join(10)
    assert inside == ["other"]
    assert list((tmp_path / "results").iterdir()) == []
