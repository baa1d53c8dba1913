import pytest
from xadapt.tasks.groups import PAPER, pick_tasks, suite_names

from xadapt.errors import XadaptError
from xadapt.tasks import all_tasks


def names(*wanted):
    return [task.name for task in pick_tasks(wanted)]


def test_suites_are_those_that_tasks_belong_to():
    assert suite_names() == ("xtreme", "xtreme-r")


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


def test_a_misspelt_name_is_answered_with_the_nearest_suite_group_or_task():
    for given, meant in (
        ("xtremer", "xtreme-r"),
        ("papers", "paper"),
        ("xquat", "xquad"),
        ("intermediat", "intermediate"),
    ):
        with pytest.raises(XadaptError, match=f"unknown suite or task '{given}': did you mean '{meant}'"):
            pick_tasks([given])
