import pytest

from xadapt.tasks import Retrieval, Rows, Task, get_task
from xadapt.tasks.kinds import PairClassification, PairRegression
from xadapt.tasks.task import what_tasks_are


def made(**more):
    return Task(name="t", kind=Retrieval(), metric="retrieval", source="", **more)


def test_one_split_and_several_are_read_alike():
    assert Rows("a/b", split="test").splits == ("test",)
    assert Rows("a/b", split=("test", "validation")).splits == ("test", "validation")


def test_a_configuration_takes_codes_and_names():
    task = made(test=Rows("a/b", config="{language}.{iso3}.{name}.{lower}"))
    assert task.fill(task.test.config, "de") == "de.deu.German.german"
    assert task.fill(task.test.config, "ht") == "ht.hat.Haitian Creole.haitian creole"


def test_a_language_may_be_spelled_otherwise_in_longer_codes_and_names():
    task = made(test=Rows("a/b", config="{language}.{iso3}"), spelled={"zh": "cmn"})
    assert task.fill(task.test.config, "zh") == "zh.cmn"
    assert task.fill(task.test.config, "de") == "de.deu"
    assert made(spelled={"zh": "Chinese"}).fill("udpos.{name}", "zh") == "udpos.Chinese"


def test_a_pair_gives_its_two_languages():
    task = made(test=Rows("a/b", config="mlqa.{first}.{second}"))
    assert task.fill(task.test.config, "ar-de") == "mlqa.ar.de"
    assert task.fill("{language}", "en-de") == "en-de"


def test_a_language_outside_the_table_is_filled_in_as_it_is():
    assert made().fill("{language}.{iso3}.{name}", "xx") == "xx.xx.xx"


def test_parts_are_a_tuple_whatever_was_declared():
    rows = Rows("a/b")
    assert made(train=rows).parts("train") == (rows,)
    assert made(train=(rows, rows)).parts("train") == (rows, rows)
    assert made(dev=rows).parts("dev") == (rows,)
    assert made().parts("train") == made().parts("dev") == ()
    assert len(get_task("anli").parts("train")) == 5
    assert len(get_task("anli").parts("dev")) == 3


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("tatoeba", {"de": "deu-eng", "zh": "cmn-eng", "fa": "pes-eng", "sw": "swh-eng"}),
        ("udpos", {"de": "udpos.German", "zh": "udpos.Chinese", "en": "udpos.English"}),
        ("mlqa", {"de": "mlqa.de.de"}),
        ("mlqa-cross", {"ar-de": "mlqa.ar.de", "de-ar": "mlqa.de.ar"}),
        ("bucc", {"zh": "bucc18.zh.source"}),
        ("sts17", {"ko-ko": "ko-ko", "en-de": "en-de"}),
        ("tydiqa", {"fi": "secondary_task"}),
    ],
)
def test_a_task_uses_the_names_of_its_own_files(name, config):
    task = get_task(name)
    assert {code: task.fill(task.test.config, code) for code in config} == config


def test_the_rows_of_tydiqa_begin_with_the_name_of_their_language():
    task = get_task("tydiqa")
    assert [task.fill(task.test.id_prefix, code) for code in ("fi", "sw")] == ["finnish-", "swahili-"]


def test_a_task_shares_the_adapter_of_another_or_has_its_own():
    assert get_task("mlqa").adapter == "xquad"
    assert get_task("xquad").adapter == "xquad"


def test_kinds_are_equal_when_a_head_can_be_shared():
    assert get_task("mnli").kind == get_task("xnli").kind == get_task("lingnli").kind
    assert PairClassification(labels=("a", "b")) != PairClassification(labels=("b", "a"))
    assert PairRegression(0.0, 5.0) != PairRegression(0.0, 1.0)


def test_what_decides_a_run_is_the_kind_with_its_labels_and_the_metric_and_no_more():
    def own(labels=("a", "b"), metric="accuracy", **more):
        return what_tasks_are(
            [Task(name="mine", kind=PairClassification(labels=labels), metric=metric, source="", **more)]
        )

    assert own() == own(train=Rows("", path="train.csv")) == own(languages=("de",), note="moved")
    seen = [own(), own(labels=("a", "b", "c")), own(metric="accuracy_f1")]
    assert all(one != other for number, one in enumerate(seen) for other in seen[number + 1 :])


def test_tasks_that_are_alike_decide_a_run_alike_but_by_their_names():
    found = what_tasks_are([get_task("mnli"), get_task("xnli"), get_task("udpos")])
    assert list(found) == ["mnli", "xnli", "udpos"]
    assert found["mnli"] == found["xnli"] != found["udpos"]


def test_a_task_is_a_users_own_where_it_reads_files_of_theirs():
    assert not get_task("xnli").own
    assert made(train=Rows("", path="train.csv")).own
    assert made(test=Rows("", path="test.csv")).own
