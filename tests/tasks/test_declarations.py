"""Every declaration is consistent, and the catalogue holds what the papers have."""

import pytest

from xadapt import metrics
from xadapt.data import bundled
from xadapt.tasks import (
    LANGUAGES,
    Mining,
    MultipleChoice,
    PairClassification,
    PairRegression,
    SpanQA,
    Tagging,
    get_task,
)
from xadapt.tasks.catalogue import SHIPPED
from xadapt.tasks.languages import is_known

TASKS = dict(SHIPPED)
every_task = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)


def declared(task):
    """All rows that a task declares, with the fields that they must give."""
    own = [*task.parts("train"), *task.parts("dev"), *([task.test] if task.test else [])]
    pairs = [(rows, task.kind.fields) for rows in own]
    pairs += [(task.pool, task.kind.pool_fields)] if task.pool else []
    return pairs + ([(task.gold, ("source", "target"))] if task.gold else [])


@every_task
def test_columns_give_every_field_that_rows_must_have_and_no_other(task):
    possible = {*task.kind.fields, *task.kind.optional}
    assert set(task.columns) <= possible
    assert set(task.optional) <= set(task.kind.optional) - set(task.columns)
    for rows, fields in declared(task):
        columns = rows.columns or task.columns
        assert set(fields) <= set(columns), (rows, "lacks a field")
        if rows not in (task.pool, task.gold):
            assert set(columns) <= possible


@every_task
def test_no_column_is_read_twice(task):
    for rows, _ in declared(task):
        columns = list((rows.columns or task.columns).values())
        assert len(set(columns)) == len(columns)


@every_task
def test_values_belong_to_fields_and_hub_labels_to_labels(task):
    assert set(task.values) <= set(task.columns)
    for meaning in task.values.values():
        assert len(set(meaning.values())) == len(meaning), "two values would be one"
    assert len(task.hub_labels) in (0, len(getattr(task.kind, "labels", ())))


@every_task
def test_a_trainable_task_has_rows_to_train_on_and_rows_to_choose_by(task):
    trainable = task.kind.trainable
    assert (bool(task.parts("train")), bool(task.parts("dev"))) == (trainable, trainable)
    files = [(rows.hub_id, rows.config, split) for rows in task.parts("train") for split in rows.splits]
    chosen = [(rows.hub_id, rows.config, split) for rows in task.parts("dev") for split in rows.splits]
    assert not set(files) & set(chosen)
    assert len(set(files)) == len(files)
    assert not [rows.config for rows in (*task.parts("train"), *task.parts("dev")) if "{" in rows.config]


@every_task
def test_a_task_has_something_to_learn_or_to_measure(task):
    assert task.train or task.test


@every_task
def test_every_language_has_test_rows_of_its_own(task):
    if task.test is None:
        assert task.languages == ("en",)
        return
    files = [(task.fill(task.test.config, code), task.fill(task.test.id_prefix, code)) for code in task.languages]
    assert len(set(files)) == len(task.languages)
    assert not [file for file in files if not file[0] or "{" in "".join(file)]


@every_task
def test_languages_are_known_and_named_once(task):
    assert all(is_known(code) for code in task.languages)
    assert len(set(task.languages)) == len(task.languages)
    assert set(task.spelled) <= set(task.languages)


@every_task
def test_the_metric_and_the_bundled_set_exist(task):
    assert task.metric in metrics.names()
    assert metrics.main_score(task.metric)
    assert task.bundled is None or task.bundled in bundled.SETS


@every_task
def test_the_bundled_set_gives_the_fields_of_the_kind(task):
    if task.bundled is None:
        return
    row = bundled.rows(task.bundled, bundled.languages(task.bundled)[-1], "test")[0]
    assert set(task.kind.fields) <= set(row)


@every_task
def test_the_name_can_be_part_of_an_expression_and_of_a_path(task):
    assert task.name.replace("-", "").replace("_", "").isalnum()
    assert task.name == task.name.lower()


@every_task
def test_hub_ids_have_an_owner_and_a_name(task):
    for rows, _ in declared(task):
        assert rows.hub_id.count("/") == 1
        assert all(rows.splits)
        assert not rows.path, "a file of somebody's own"


@every_task
def test_what_the_hub_does_not_have_has_a_note(task):
    assert task.note or all(rows.on_hub for rows, _ in declared(task))


@every_task
def test_the_source_is_a_link(task):
    assert task.source.startswith(("https://", "http://"))


@every_task
def test_labels_and_ranges_are_not_empty(task):
    if isinstance(task.kind, PairClassification):
        assert len(set(task.kind.labels)) == len(task.kind.labels) >= 2
    if isinstance(task.kind, PairRegression):
        assert task.kind.low < task.kind.high
    if isinstance(task.kind, Tagging):
        assert len(set(task.kind.labels)) == len(task.kind.labels)
        assert bool(task.kind.labels) != bool(task.kind.tagset)


@every_task
def test_an_adapter_is_trained_first_on_a_task_that_can_share_its_head(task):
    if task.after:
        assert get_task(task.after).kind == task.kind
        assert get_task(task.after).train
    shares = get_task(task.adapter)
    assert shares.adapter == shares.name
    if shares is not task:
        assert shares.kind == task.kind
        assert shares.test, "only a target's adapter is shared"


NAMES = {
    "the nine intermediate tasks of arXiv 2005.13013": "anli mnli qqp squad squad2 hellaswag ccg cosmosqa csqa",
    "the nine of XTREME": "xnli pawsx udpos wikiann xquad mlqa tydiqa bucc tatoeba",
    "the ten of XTREME-R": "xnli xcopa udpos wikiann xquad mlqa tydiqa tatoeba lareqa mewslix",
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_the_tasks_of_the_papers_are_there(names):
    assert set(names.split()) <= set(TASKS)


@pytest.mark.parametrize(("suite", "which"), [("xtreme", "the nine of XTREME"), ("xtreme-r", "the ten of XTREME-R")])
def test_a_suite_has_exactly_its_tasks(suite, which):
    assert {task.name for task in TASKS.values() if suite in task.suites} == set(NAMES[which].split())


@pytest.mark.parametrize("name", NAMES["the nine intermediate tasks of arXiv 2005.13013"].split())
def test_the_intermediate_tasks_of_the_paper_are_english_ones(name):
    assert TASKS[name].test is None
    assert TASKS[name].train


@pytest.mark.parametrize(
    ("name", "count"),
    {
        "xnli": 15,
        "xcopa": 11,
        "udpos": 38,
        "wikiann": 48,
        "xquad": 12,
        "mlqa": 7,
        "mlqa-cross": 42,
        "tydiqa": 9,
        "tatoeba": 41,
        "lareqa": 11,
        "mewslix": 11,
        "pawsx": 7,
        "bucc": 4,
        "sts-multi": 11,
        "sts17": 11,
    }.items(),
)
def test_a_target_has_the_languages_of_its_paper(name, count):
    assert len(TASKS[name].languages) == count


def test_the_metrics_are_those_of_the_benchmarks():
    expected = {
        "xnli": "accuracy",
        "xcopa": "accuracy",
        "udpos": "pos",
        "wikiann": "entities",
        "xquad": "squad",
        "mlqa": "mlqa",
        "tydiqa": "squad",
        "tatoeba": "retrieval",
        "bucc": "mining",
        "lareqa": "map@20",
        "mewslix": "map@20",
        "squad2": "squad_v2",
        "qqp": "accuracy_f1",
        "ccg": "tokens",
        "sts-multi": "correlation",
    }
    assert {name: TASKS[name].metric for name in expected} == expected


def test_no_metric_is_without_a_task():
    # A scheme of tags is that of a user's own files.
    of_schemes = {name for name in metrics.names() if name.startswith("entities_")}
    assert {task.metric for task in TASKS.values()} == set(metrics.names()) - of_schemes


def test_every_language_of_xtreme_r_is_measured_by_a_task():
    measured = {code for task in TASKS.values() for pair in task.languages for code in pair.split("-")}
    assert measured == set(LANGUAGES)


def test_only_mining_has_gold_pairs_and_only_what_is_mined_or_linked_has_a_pool():
    assert [task.name for task in TASKS.values() if task.gold] == ["bucc"]
    assert [task.name for task in TASKS.values() if task.pool] == ["bucc", "mewslix"]
    assert isinstance(TASKS["bucc"].kind, Mining)


def test_tasks_with_the_same_labels_share_a_kind():
    for names in ("anli mnli lingnli snli sick xnli", "qqp mrpc paws pawsx", "stsb sts-multi sts17", "pos udpos"):
        assert len({TASKS[name].kind for name in names.split()}) == 1, names
    assert TASKS["squad"].kind == SpanQA() != TASKS["squad2"].kind
    assert {task.kind for task in TASKS.values() if task.kind.name == "multiple-choice"} == {MultipleChoice()}
