import pytest

from xadapt.data.source import Source, cut, open_source
from xadapt.errors import XadaptError
from xadapt.tasks import Retrieval, Rows, Task, get_task

XNLI = get_task("xnli")


def nli_rows(count, mark="en", label=0):
    return [{"premise": f"{mark} {i}", "hypothesis": "h", "label": label} for i in range(count)]


@pytest.fixture
def source(root, write):
    """A mirror with XNLI in German, English and Swahili, 40 parallel rows each."""
    for code in ("sw", "en", "de"):
        write(f"facebook/xnli/{code}/validation.parquet", nli_rows(40, code))
    return Source(str(root))


def fault(call, *arguments):
    with pytest.raises(XadaptError) as caught:
        call(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_columns_become_the_fields_of_the_kind(source):
    row_set = source.test(XNLI, "de")
    assert row_set.rows[0] == {"first": "de 0", "second": "h", "label": 0}
    assert (row_set.split, row_set.available) == ("validation", 40)


def test_train_and_dev_rows_are_english_ones_of_their_own_files(root, write):
    write("nyu-mll/multi_nli/default/train.parquet", nli_rows(5, "train"))
    write("nyu-mll/multi_nli/default/validation_matched.parquet", nli_rows(3, "dev"))
    source = Source(str(root))
    assert [r["first"] for r in source.train(XNLI).rows] == [f"train {i}" for i in range(5)]
    assert source.train(get_task("mnli")).rows == source.train(XNLI).rows
    assert [r["first"] for r in source.dev(XNLI).rows] == ["dev 0", "dev 1", "dev 2"]


def test_a_limit_takes_the_same_rows_of_parallel_languages_in_their_order(source):
    taken = {code: [int(r["first"].split()[1]) for r in source.test(XNLI, code, 7).rows] for code in ("en", "de", "sw")}
    assert taken["en"] == taken["de"] == taken["sw"] == sorted(taken["en"])
    assert len(set(taken["en"])) == 7
    assert taken["en"] != list(range(7)), "the first rows of a file are no sample"
    assert source.test(XNLI, "en", 7).available == 40


def test_a_smaller_limit_takes_a_part_of_a_larger_one():
    rows = [{"n": i} for i in range(100)]
    few, many = ({r["n"] for r in cut(rows, "test", n).rows} for n in (10, 50))
    assert few < many


def test_a_limit_beyond_the_rows_takes_them_all(source):
    assert len(source.test(XNLI, "en", 41).rows) == len(source.test(XNLI, "en").rows) == 40


def test_the_fingerprint_follows_the_contents(source):
    assert source.test(XNLI, "en").fingerprint == source.test(XNLI, "en").fingerprint
    assert source.test(XNLI, "en").fingerprint != source.test(XNLI, "de").fingerprint
    assert source.test(XNLI, "en", 7).fingerprint != source.test(XNLI, "en").fingerprint


def test_rows_without_a_gold_label_are_left_out_before_the_limit(root, write):
    write("facebook/xnli/en/test.parquet", nli_rows(3, label=-1) + nli_rows(2, label=1))
    row_set = Source(str(root)).test(XNLI, "en", 2)
    assert [r["label"] for r in row_set.rows] == [1, 1]
    assert row_set.available == 2


def test_a_bad_row_names_the_data_set_and_the_row(root, write):
    write("facebook/xnli/en/test.parquet", nli_rows(2) + nli_rows(1, label=7))
    message = fault(Source(str(root)).test, XNLI, "en")
    assert message.startswith("facebook/xnli en test, row 2: label 7 is not one of")


def test_an_empty_split_names_the_data_set(root, write):
    import pyarrow as pa

    schema = pa.schema([("premise", pa.string()), ("hypothesis", pa.string()), ("label", pa.int64())])
    write("facebook/xnli/en/test.parquet", [], schema)
    assert fault(Source(str(root)).test, XNLI, "en").startswith("facebook/xnli en test is empty")


def test_a_score_out_of_range_and_a_missing_span_name_data_set_and_row(root, write):
    write("nyu-mll/glue/stsb/train.parquet", [{"sentence1": "a", "sentence2": "b", "label": 5.5}])
    assert fault(Source(str(root)).train, get_task("stsb")).startswith("nyu-mll/glue stsb train, row 0: score 5.5")
    row = {"id": "q7", "question": "q", "context": "c", "answers": {"text": ["c"], "answer_start": [0]}}
    bare = row | {"id": "q8", "answers": {"text": [], "answer_start": []}}
    write("google/xquad/xquad.de/validation.parquet", [row, bare])
    message = fault(Source(str(root)).test, get_task("xquad"), "de")
    assert message == "google/xquad xquad.de validation, row 1: question q8 has no answer span"


def test_a_missing_column_or_file_of_a_task_is_one_line(root, write):
    write("facebook/xnli/en/test.parquet", [{"premise": "a", "label": 0}])
    assert "test.parquet has no column 'hypothesis'" in fault(Source(str(root)).test, XNLI, "en")
    assert "the mirror has no" in fault(Source(str(root)).test, XNLI, "de")


def test_the_languages_of_a_mirror_are_those_with_a_file_english_first(source):
    assert source.languages(XNLI) == ("en", "de", "sw")
    assert source.pick_languages(XNLI, " all ") == ("en", "de", "sw")


def test_the_languages_of_the_hub_are_those_of_the_task():
    assert set(Source("hub").languages(XNLI)) == set(XNLI.languages)


def test_languages_are_taken_in_the_order_given_and_once(source):
    assert source.pick_languages(XNLI, "sw, de,sw") == ("sw", "de")


@pytest.mark.parametrize("given", ["deu", "German", "DE", "dee"])
def test_an_unknown_language_is_answered_with_the_nearest_code(source, given):
    assert fault(source.pick_languages, XNLI, given) == f"unknown language {given!r}: did you mean 'de'?"


def test_a_language_that_the_source_lacks_is_answered_with_those_it_has(source):
    message = fault(source.pick_languages, XNLI, "de,fr")
    assert message == "no xnli test rows in 'fr' in mirror:mirror; it has en de sw"


def test_no_language_at_all_is_one_line(source):
    assert fault(source.pick_languages, XNLI, " , ") == "--languages is empty: give all, or codes such as de,sw,zh"
    assert "has no test rows of xquad" in fault(source.pick_languages, get_task("xquad"), "all")


def test_an_intermediate_task_cannot_be_tested_and_retrieval_cannot_be_trained(source):
    assert "intermediate task without test languages" in fault(source.test, get_task("mnli"), "en")
    assert "tatoeba has no training set" in fault(source.train, get_task("tatoeba"))
    assert "tatoeba has no training set" in fault(source.dev, get_task("tatoeba"))


def test_a_name_that_is_no_source_is_answered_with_the_three_choices(tmp_path):
    message = fault(Source, str(tmp_path / "nowhere"))
    assert "no data folder" in message
    assert "--data takes hub, bundled or the folder of a mirror" in message


def test_a_mirror_is_named_by_its_folder_and_not_by_its_place(root):
    assert Source(str(root)).name == "mirror:mirror"


def test_the_environment_names_the_source_and_an_argument_goes_before_it(root, monkeypatch):
    assert open_source(None).name == "hub"
    monkeypatch.setenv("XADAPT_DATA", str(root))
    assert open_source(None).root == root
    assert open_source("bundled").name == "bundled"


def test_a_bundled_set_gives_parallel_test_rows():
    source = Source("bundled")
    german, swahili = (source.test(XNLI, code, 9) for code in ("de", "sw"))
    assert [r["label"] for r in german.rows] == [r["label"] for r in swahili.rows]
    assert german.rows != swahili.rows
    assert source.languages(XNLI)[0] == "en"
    assert source.train(XNLI, 5).split == "train"


def test_a_task_or_language_outside_the_bundled_demonstration_is_one_line():
    source = Source("bundled")
    stranger = Task(name="t", kind=Retrieval(), metric="retrieval", source="", test=Rows("a/b"))
    assert "bundled demonstration has no rows for t" in fault(source.test, stranger, "de")
    assert source.languages(stranger) == ()
    assert "'th'" in fault(source.test, XNLI, "th")
