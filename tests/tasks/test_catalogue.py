import pytest

from xadapt import metrics
from xadapt.data import bundled
from xadapt.tasks import LANGUAGES, PairClassification, PairRegression, all_tasks

TASKS = {task.name: task for task in all_tasks()}
pytestmark = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def test_columns_give_every_field_of_the_kind_and_no_other(task):
    assert tuple(task.columns) == task.kind.fields
    assert len(set(task.columns.values())) == len(task.columns)


def test_a_trainable_task_has_rows_to_train_on_and_rows_to_choose_by(task):
    assert (task.train is not None, task.dev is not None) == (task.kind.trainable, task.kind.trainable)
    if task.train:
        assert (task.train.hub_id, task.train.config) == (task.dev.hub_id, task.dev.config)
        assert not set(task.train.splits) & set(task.dev.splits)
        assert "{" not in task.train.config


def test_a_task_has_something_to_learn_or_to_measure(task):
    assert task.train or task.test


def test_every_language_has_a_test_configuration_of_its_own(task):
    if task.test is None:
        assert task.languages == ("en",)
        return
    names = [task.test_config(code) for code in task.languages]
    assert len(set(names)) == len(task.languages)
    assert not [name for name in names if "{" in name or not name]


def test_languages_are_known_and_named_once(task):
    assert set(task.languages) <= LANGUAGES.keys()
    assert len(set(task.languages)) == len(task.languages)


def test_exceptional_codes_belong_to_languages_of_the_task(task):
    assert set(task.iso3) <= set(task.languages)


def test_the_metric_and_the_bundled_stand_in_exist(task):
    assert metrics.main_score(task.metric)
    assert task.bundled in bundled.SETS


def test_the_name_can_stand_in_an_expression_and_in_a_path(task):
    assert task.name.replace("-", "").replace("_", "").isalnum()
    assert task.name == task.name.lower()


def test_hub_ids_have_an_owner_and_a_name(task):
    for rows in (task.train, task.dev, task.test):
        assert rows is None or rows.hub_id.count("/") == 1
        assert rows is None or all(rows.splits)


def test_the_source_is_a_link(task):
    assert task.source.startswith("https://")


def test_labels_and_ranges_are_not_empty(task):
    if isinstance(task.kind, PairClassification):
        assert len(set(task.kind.labels)) == len(task.kind.labels) >= 2
    if isinstance(task.kind, PairRegression):
        assert task.kind.low < task.kind.high
