import pytest

from tests.data.source_rows import XNLI
from tests.error_checks import refused
from xadapt.data.source import Source
from xadapt.tasks import Retrieval, Rows, Task, get_task


def test_a_limit_takes_the_same_rows_of_parallel_languages_in_their_order(source):
    taken = {code: [int(r["first"].split()[1]) for r in source.test(XNLI, code, 7).rows] for code in ("en", "de", "sw")}
    assert taken["en"] == taken["de"] == taken["sw"] == sorted(taken["en"])
    assert len(set(taken["en"])) == 7
    assert taken["en"] != list(range(7)), "the first rows of a file are no sample"
    assert source.test(XNLI, "en", 7).available == 40


def test_the_languages_of_a_mirror_are_those_with_a_file_english_first(source):
    assert source.languages(XNLI) == ("en", "de", "sw")
    assert source.pick_languages(XNLI, " all ") == ("en", "de", "sw")


def test_the_languages_of_the_hub_are_those_of_the_task():
    assert set(Source("hub").languages(XNLI)) == set(XNLI.languages)


def test_languages_are_taken_in_the_order_given_and_once(source):
    assert source.pick_languages(XNLI, "sw, de,sw") == ("sw", "de")


@pytest.mark.parametrize("given", ["deu", "German", "DE", "dee"])
def test_an_unknown_language_is_answered_with_the_nearest_code(source, given):
    with refused("language", repr(given), advice="'de'"):
        source.pick_languages(XNLI, given)


@pytest.mark.parametrize(("given", "meant"), [("iw", "he"), ("in", "id"), ("zh-Hans", "zh"), ("pt_BR", "pt")])
def test_a_code_of_before_or_with_a_script_is_answered_with_the_one_in_use(source, given, meant):
    with refused("language", repr(given), advice=repr(meant)):
        source.pick_languages(XNLI, given)


def test_a_language_that_the_source_lacks_is_answered_with_those_it_has(source):
    with refused("xnli", "'fr'", "mirror:mirror", advice="en de sw"):
        source.pick_languages(XNLI, "de,fr")


def test_no_language_at_all_is_one_line(source):
    with refused("languages", "empty", advice="all"):
        source.pick_languages(XNLI, " , ")
    with refused("mirror:mirror", "xquad", advice="`xadapt data pull xquad --to "):
        source.pick_languages(get_task("xquad"), "all")


def qa_row(name, context="Ann did it.", **more):
    return {
        "id": name,
        "question": "Who?",
        "context": context,
        "answers": {"text": ["Ann"], "answer_start": [0]},
        **more,
    }


def test_rows_of_a_language_are_found_by_how_their_ids_begin(root, write):
    names = ["english-1", "finnish-1", "swahili-1", "english-2", "finnishly-1"]
    write("google-research-datasets/tydiqa/secondary_task/validation.parquet", [qa_row(name) for name in names])
    source, tydiqa = Source(str(root)), get_task("tydiqa")
    assert source.languages(tydiqa) == ("en", "fi", "sw")
    assert [row["id"] for row in source.test(tydiqa, "fi").rows] == ["finnish-1"]
    assert [row["id"] for row in source.dev(tydiqa).rows] == ["english-1", "english-2"]
    with refused(tydiqa.test.hub_id, "empty"):
        source.test(tydiqa, "ru")


def test_pairs_of_languages_are_languages_of_their_own(root, write):
    write("facebook/mlqa/mlqa.ar.de/test.parquet", [qa_row("q1")])
    write("facebook/mlqa/mlqa.de.ar/validation.parquet", [qa_row("q2")])
    source, cross = Source(str(root)), get_task("mlqa-cross")
    assert source.languages(cross) == ("ar-de", "de-ar")
    assert source.pick_languages(cross, "de-ar, ar-de") == ("de-ar", "ar-de")
    assert source.test(cross, "de-ar").rows[0]["id"] == "q2"
    with refused("mlqa-cross", "'de'"):
        source.pick_languages(cross, "de")
    with refused("language", "'de-xx'"):
        source.pick_languages(cross, "de-xx")
    with refused("mlqa.vi.zh", "data=hub", advice=f"`xadapt data pull mlqa-cross --to {root}`") as refusal:
        source.test(cross, "vi-zh")
    assert cross.note not in refusal.text
    assert "bundled" not in refusal.text, "the demonstration has none"


def test_the_pool_of_answers_is_made_of_all_languages_that_are_there(root, write):
    lareqa = get_task("lareqa")
    for code in ("en", "de"):
        more = {"sentences": ["Ann did it."], "sentence_breaks": [[0, 11]]} if code == "de" else {}
        write(f"google-research-datasets/xquad_r/{code}/validation.parquet", [qa_row(f"q-{code}", **more)])
    source = Source(str(root))
    pool = source.pool(lareqa, "de")
    assert [(row["language"], row["id"]) for row in pool] == [("en", "q-en"), ("de", "q-de")]
    assert pool == source.pool(lareqa, "en")
    assert pool[1]["breaks"] == [[0, 11]]
    assert "breaks" not in pool[0]


def test_what_the_hub_does_not_have_has_no_languages_there():
    assert Source("hub").languages(get_task("bucc")) == ()
    with refused("bucc", advice=get_task("bucc").note):
        Source("hub").pick_languages(get_task("bucc"), "all")


def test_a_task_or_language_outside_the_bundled_demonstration_is_one_line():
    source = Source("bundled")
    stranger = Task(name="t", kind=Retrieval(), metric="retrieval", source="", test=Rows("a/b"))
    with refused("bundled", "for t", advice="data=hub"):
        source.test(stranger, "de")
    assert source.languages(stranger) == ()
    with refused("'th'"):
        source.test(XNLI, "th")
