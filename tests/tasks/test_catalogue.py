"""Tasks by name: those of xadapt, groups of them, and a user's own."""

import subprocess
import sys

from tests.error_checks import refused
from xadapt.tasks import Catalogue, Retrieval, Task, all_tasks, get_task
from xadapt.tasks.catalogue import DEFAULT, PAPER, SHIPPED, SUITE_NAMES
from xadapt.tasks.intermediate import INTERMEDIATE
from xadapt.tasks.targets import TARGET


def own(name, source="https://example.org"):
    return Task(name=name, kind=Retrieval(), metric="retrieval", source=source)


def names(*wanted):
    return [task.name for task in DEFAULT.pick(wanted)]


def test_names_are_unique():
    assert len(SHIPPED) == len(INTERMEDIATE) + len(TARGET)


def test_all_tasks_are_listed_in_the_order_of_their_declaration():
    assert tuple(Catalogue()) == all_tasks() == (*INTERMEDIATE, *TARGET)
    assert Catalogue().names == list(SHIPPED)


def test_a_task_is_found_by_its_name():
    assert get_task("xnli") is DEFAULT["xnli"] is DEFAULT.get("xnli")
    assert "xnli" in DEFAULT


def test_a_misspelt_task_is_answered_with_the_nearest_one():
    for look_up in (get_task, Catalogue().__getitem__):
        with refused("task", "'xnil'", advice="'xnli'"):
            look_up("xnil")


def test_a_task_that_may_be_unknown_is_none():
    assert "xnil" not in DEFAULT
    assert DEFAULT.get("xnil") is DEFAULT.kind_of("xnil") is None
    assert DEFAULT.kind_of("mnli") == get_task("xnli").kind


def test_a_task_of_the_users_own_is_found_by_its_name_and_comes_last():
    task = own("my-task")
    tasks = Catalogue([task])
    assert tasks["my-task"] is task
    assert [*tasks][-1] is task
    with refused("'my-tsk'", advice="'my-task'"):
        tasks["my-tsk"]


def test_one_catalogue_does_not_hold_the_tasks_of_another():
    Catalogue([own("my-task")])
    assert "my-task" not in Catalogue()
    assert "my-task" not in DEFAULT


def test_a_later_task_of_a_name_replaces_an_earlier_one():
    later = own("my-task", "https://example.com")
    tasks = Catalogue([own("my-task")])
    tasks.add(later)
    assert tasks["my-task"] is later
    assert len([*tasks]) == len(SHIPPED) + 1


def test_a_name_that_xadapt_has_cannot_be_taken():
    tasks = Catalogue()
    with refused("xnli", advice="another name"):
        tasks.add(own("xnli"))
    assert tasks["xnli"].suites


def test_suites_are_those_that_tasks_belong_to():
    assert SUITE_NAMES == ("xtreme", "xtreme-r")


def test_a_suite_is_its_tasks():
    assert names("xtreme") == [task.name for task in all_tasks() if "xtreme" in task.suites]
    assert "bucc" not in names("xtreme-r")


def test_the_groups_are_the_paper_the_intermediate_tasks_and_all():
    assert set(names("paper")) == set(PAPER)
    assert len(PAPER) == 9
    assert names("intermediate") == [task.name for task in all_tasks() if task.test is None]
    assert names("all") == [task.name for task in all_tasks()]
    assert names() == names("all")


def test_several_names_give_each_task_once_in_the_order_of_the_catalogue():
    assert names("xquad", "mnli", "mnli") == ["mnli", "xquad"]
    assert names("xtreme", "xtreme-r", "xnli").count("xnli") == 1


def test_a_users_own_task_is_picked_by_its_name_and_among_all():
    tasks = Catalogue([own("my-task")])
    assert [task.name for task in tasks.pick(["my-task", "mnli"])] == ["mnli", "my-task"]
    assert tasks.pick([])[-1].name == "my-task"


def test_a_misspelt_name_is_answered_with_the_nearest_suite_group_or_task():
    for given, meant in (
        ("xtremer", "xtreme-r"),
        ("papers", "paper"),
        ("xquat", "xquad"),
        ("intermediat", "intermediate"),
    ):
        with refused("suite or task", repr(given), advice=repr(meant)):
            DEFAULT.pick([given])


def test_importing_the_tasks_brings_no_model_library_along():
    heavy = "('torch', 'transformers', 'adapters', 'datasets', 'pyarrow', 'numpy')"
    code = f"import sys, xadapt.tasks; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
