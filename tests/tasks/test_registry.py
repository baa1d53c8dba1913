import subprocess
import sys

import pytest

from xadapt.errors import XadaptError
from xadapt.tasks import Retrieval, Task, all_tasks, get_task, register, registry
from xadapt.tasks.intermediate import INTERMEDIATE
from xadapt.tasks.targets import TARGET


@pytest.fixture
def own(monkeypatch):
    """A registry without the user's own tasks, which is put back afterwards."""
    monkeypatch.setattr(registry, "_OWN", {})

    def made(name, source="https://example.org"):
        return Task(name=name, kind=Retrieval(), metric="retrieval", source=source)

    return made


def test_names_are_unique():
    names = [task.name for task in (*INTERMEDIATE, *TARGET)]
    assert len(set(names)) == len(names)


def test_all_tasks_are_listed_in_the_order_of_their_declaration(own):
    assert all_tasks() == (*INTERMEDIATE, *TARGET)


def test_a_task_is_found_by_its_name():
    assert get_task("xnli").name == "xnli"


def test_a_misspelt_task_is_answered_with_the_nearest_one():
    with pytest.raises(XadaptError, match=r"unknown task 'xnil': did you mean 'xnli'\?"):
        get_task("xnil")


def test_a_task_of_the_users_own_is_known_by_its_name_and_comes_last(own):
    task = own("my-task")
    register(task)
    assert get_task("my-task") is task
    assert all_tasks()[-1] is task
    with pytest.raises(XadaptError, match="did you mean 'my-task'"):
        get_task("my-tsk")


def test_a_later_task_of_a_name_takes_the_place_of_an_earlier_one(own):
    register(own("my-task"))
    later = own("my-task", "https://example.com")
    register(later)
    assert get_task("my-task") is later
    assert len(all_tasks()) == len(INTERMEDIATE) + len(TARGET) + 1


def test_a_name_that_xadapt_has_cannot_be_taken(own):
    with pytest.raises(XadaptError, match="xadapt comes with a task called xnli: give your task another name"):
        register(own("xnli"))
    assert get_task("xnli").suites


def test_importing_the_tasks_brings_no_model_library_along():
    heavy = "('torch', 'transformers', 'adapters', 'datasets', 'pyarrow', 'numpy')"
    code = f"import sys, xadapt.tasks; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
