import pytest

from xadapt.tasks import LANGUAGES, Retrieval, Rows, Task, get_task
from xadapt.tasks.kinds import PairClassification, PairRegression
from xadapt.tasks.languages import codes


def test_one_split_and_several_are_read_alike():
    assert Rows("a/b", split="test").splits == ("test",)
    assert Rows("a/b", split=("test", "validation")).splits == ("test", "validation")


def test_a_configuration_takes_two_and_three_letter_codes():
    task = Task(
        name="t",
        kind=Retrieval(),
        metric="retrieval",
        source="",
        test=Rows("a/b", config="{language}.{iso3}"),
        iso3={"zh": "cmn"},
    )
    assert task.test_config("de") == "de.deu"
    assert task.test_config("zh") == "zh.cmn"


def test_an_intermediate_task_has_no_test_configuration():
    with pytest.raises(ValueError, match="mnli has no test rows"):
        get_task("mnli").test_config("de")


def test_tatoeba_uses_the_codes_of_its_own_files():
    task = get_task("tatoeba")
    assert [task.test_config(code) for code in ("de", "zh", "fa", "sw")] == [
        "deu-eng",
        "cmn-eng",
        "pes-eng",
        "swh-eng",
    ]


def test_kinds_are_equal_when_a_head_can_be_shared():
    assert get_task("mnli").kind == get_task("xnli").kind == get_task("lingnli").kind
    assert PairClassification(labels=("a", "b")) != PairClassification(labels=("b", "a"))
    assert PairRegression(0.0, 5.0) != PairRegression(0.0, 1.0)


def test_the_table_holds_the_fifty_languages_of_xtreme_r_once_each():
    assert len(LANGUAGES) == 50
    assert len({language.iso3 for language in LANGUAGES.values()}) == 50
    for code, language in LANGUAGES.items():
        assert (len(code), len(language.iso3)) == (2, 3)
        assert all((language.name, language.family, language.script))


def test_a_code_that_is_not_in_the_table_is_refused():
    assert codes("de sw") == ("de", "sw")
    with pytest.raises(ValueError, match="'xx' is not in the table"):
        codes("de xx")
