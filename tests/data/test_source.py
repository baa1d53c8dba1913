import pytest

from tests.data.source_rows import XNLI, nli_rows
from tests.error_checks import refused
from xadapt.data import source as module
from xadapt.data.source import Source, cut, open_source
from xadapt.errors import XadaptError
from xadapt.tasks import Rows, Tagging, Task, get_task


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
    with refused("facebook/xnli en test", "row 2", "label 7"):
        Source(str(root)).test(XNLI, "en")


def test_an_empty_split_names_the_data_set(root, write):
    import pyarrow as pa

    schema = pa.schema([("premise", pa.string()), ("hypothesis", pa.string()), ("label", pa.int64())])
    write("facebook/xnli/en/test.parquet", [], schema)
    with refused("facebook/xnli en test", "empty", advice="another split"):
        Source(str(root)).test(XNLI, "en")


def test_a_score_out_of_range_and_a_missing_span_name_data_set_and_row(root, write):
    write("nyu-mll/glue/stsb/train.parquet", [{"sentence1": "a", "sentence2": "b", "label": 5.5}])
    with refused("nyu-mll/glue stsb train", "row 0", "score 5.5"):
        Source(str(root)).train(get_task("stsb"))
    row = {"id": "q7", "question": "q", "context": "c", "answers": {"text": ["c"], "answer_start": [0]}}
    bare = row | {"id": "q8", "answers": {"text": [], "answer_start": []}}
    write("google/xquad/xquad.de/validation.parquet", [row, bare])
    with refused("google/xquad xquad.de validation", "row 1", "question q8"):
        Source(str(root)).test(get_task("xquad"), "de")


def test_a_missing_column_or_file_of_a_task_is_one_line(root, write):
    write("facebook/xnli/en/test.parquet", [{"premise": "a", "label": 0}])
    with refused("facebook/xnli en test", "'hypothesis'", advice="pull it again"):
        Source(str(root)).test(XNLI, "en")
    with refused("facebook/xnli/de/test.parquet", advice="xadapt data pull xnli"):
        Source(str(root)).test(XNLI, "de")


def test_retrieval_cannot_be_trained(source):
    for read in (source.train, source.dev):
        with refused("tatoeba", "no training set", advice="evaluate"):
            read(get_task("tatoeba"))


def test_an_intermediate_task_is_measured_on_its_development_rows(root, write):
    source = Source(str(root))
    assert source.languages(get_task("mnli")) == ()
    write("nyu-mll/multi_nli/default/validation_matched.parquet", nli_rows(3, "dev"))
    assert source.languages(get_task("mnli")) == ("en",)
    assert source.test(get_task("mnli"), "en").rows == source.dev(get_task("mnli")).rows
    assert source.pick_languages(get_task("mnli"), "all") == ("en",)


def test_training_rows_in_parts_are_put_together_in_order(root, write):
    anli = get_task("anli")
    for part in (1, 2, 3):
        write(f"facebook/anli/plain_text/train_r{part}.parquet", nli_rows(2, f"r{part}"))
        write(f"facebook/anli/plain_text/dev_r{part}.parquet", nli_rows(1, f"d{part}"))
    write("nyu-mll/multi_nli/default/train.parquet", nli_rows(1, "mnli"))
    with refused("stanfordnlp/snli/plain_text/train.parquet"):
        Source(str(root)).train(anli)
    write("stanfordnlp/snli/plain_text/train.parquet", [*nli_rows(1, "snli"), *nli_rows(1, "none", label=-1)])
    source = Source(str(root))
    rows = source.train(anli)
    assert [row["first"] for row in rows.rows] == ["r1 0", "r1 1", "r2 0", "r2 1", "r3 0", "r3 1", "mnli 0", "snli 0"]
    assert rows.split == "train_r1 + train_r2 + train_r3 + train + train"
    assert [row["first"] for row in source.dev(anli).rows] == ["d1 0", "d2 0", "d3 0"]
    assert source.train(anli, 3).available == 8
    assert source.train_name(anli) == "facebook/anli (plain_text), nyu-mll/multi_nli, stanfordnlp/snli (plain_text)"


def test_a_pool_and_gold_pairs_are_read_by_their_own_columns(root, write):
    write("google/xtreme/bucc18.zh.source/validation.parquet", [{"id": "zh-1", "sentence": "a"}])
    write("google/xtreme/bucc18.zh.target/validation.parquet", [{"id": "en-1", "sentence": "b"}])
    write("google/xtreme/bucc18.zh/validation.parquet", [{"source_id": "zh-1", "target_id": "en-1"}])
    source, bucc = Source(str(root)), get_task("bucc")
    assert source.languages(bucc) == ("zh",)
    assert source.test(bucc, "zh").rows == [{"id": "zh-1", "text": "a"}]
    assert source.pool(bucc, "zh") == [{"id": "en-1", "text": "b"}]
    assert source.gold(bucc, "zh") == [("zh-1", "en-1")]
    with refused("bucc18.de.source", advice=bucc.note):
        source.test(bucc, "de")


def test_a_limit_on_sentences_to_mine_takes_those_with_a_translation_first(root, write):
    write("google/xtreme/bucc18.zh.source/validation.parquet", [{"id": f"zh-{i}", "sentence": "a"} for i in range(40)])
    pairs = [{"source_id": f"zh-{i}", "target_id": f"en-{i}"} for i in (5, 31)]
    write("google/xtreme/bucc18.zh/validation.parquet", pairs)
    rows = Source(str(root)).test(get_task("bucc"), "zh", 4).rows
    assert len(rows) == 4
    assert {"zh-5", "zh-31"} <= {row["id"] for row in rows}


def test_a_task_without_pool_or_gold_has_none(source):
    assert source.pool(XNLI, "de") is None
    assert source.gold(XNLI, "de") == []


def test_the_labels_of_an_open_tag_set_are_those_of_the_training_rows(root):
    folder = root / "ccgbank/supertags/default"
    folder.mkdir(parents=True)
    (folder / "train.tsv").write_text("The\tNP/N\ncat\tN\n\nsleeps\tS\\NP\n")
    (folder / "validation.tsv").write_text("Oh\tS\n")
    source, ccg = Source(str(root)), get_task("ccg")
    assert source.with_labels(ccg).kind == Tagging(labels=("N", "NP/N", "S\\NP"), tagset="ccg")
    assert source.dev(ccg).rows == [{"tokens": ["Oh"], "tags": ["S"]}]
    assert source.with_labels(XNLI) is XNLI
    assert source.with_labels(get_task("pos")) is get_task("pos")


def test_a_set_that_is_not_on_the_hub_is_missed_with_how_to_get_it(source):
    with refused("ccgbank/supertags", advice=get_task("ccg").note):
        source.train(get_task("ccg"))


def test_a_file_of_the_users_own_is_read_whatever_the_source(tmp_path, source):
    (tmp_path / "test-de.csv").write_text("first,second,label\na,b,neutral\n")
    columns = {"first": "first", "second": "second", "label": "label"}
    rows = Rows("own", path=str(tmp_path / "test-{language}.csv"))
    own = Task(
        name="own", kind=XNLI.kind, metric="accuracy", source="", columns=columns, test=rows, languages=("de", "sw")
    )
    for any_source in (source, Source("hub")):
        assert any_source.languages(own) == ("de",)
        assert any_source.test(own, "de").rows == [{"first": "a", "second": "b", "label": 1}]


def test_a_name_that_is_no_source_is_answered_with_the_three_choices(tmp_path):
    with refused(tmp_path / "nowhere", "data", "hub", "bundled", advice="mirror"):
        Source(str(tmp_path / "nowhere"))


def test_a_mirror_is_named_by_its_folder_and_not_by_its_path(root):
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


def test_a_note_is_given_as_the_way_to_rows_only_where_the_hub_has_none(monkeypatch):
    notes = {}

    def read_hub(rows, config, columns, note=""):
        notes[rows.hub_id] = note
        raise XadaptError("the hub does not answer")

    monkeypatch.setattr("xadapt.data.source.read_hub", read_hub)
    for name, language in (("mlqa-cross", "de-ar"), ("bucc", "zh")):
        with pytest.raises(XadaptError):
            Source("hub").test(get_task(name), language)
    assert notes["facebook/mlqa"] == ""
    assert notes["google/xtreme"] == get_task("bucc").note


def test_test_rows_are_read_once_for_all_setups_and_only_so_many_rows_are_held(source, monkeypatch):
    monkeypatch.setattr(module, "_MOST_HELD", 43)
    read, inner = [], Source.read
    monkeypatch.setattr(Source, "read", lambda self, *given: read.append(given[2]) or inner(self, *given))
    first = source.test(XNLI, "de", 3)
    assert source.test(XNLI, "de", 3) is first
    assert len(source.test(XNLI, "de").rows) == 40
    assert read == ["de", "de"]
    source.test(XNLI, "en")
    assert source.test(XNLI, "de", 3).rows == first.rows
    assert read == ["de", "de", "en", "de"]
    assert len(source._held) == 2


def test_training_rows_are_read_once_for_all_that_is_trained_on_them(root, write, monkeypatch):
    row = {"premise": "a", "hypothesis": "b", "label": 0}
    for split in ("train", "validation_matched"):
        write(f"nyu-mll/multi_nli/default/{split}.parquet", [row] * 4)
    source, inner, read = Source(str(root)), Source.read, []
    monkeypatch.setattr(Source, "read", lambda self, *given: read.append(given[1].split) or inner(self, *given))
    assert source.train(XNLI, 2) is source.train(XNLI, 2)
    assert source.dev(XNLI, 2) is source.dev(XNLI, 2)
    assert len(source.train(XNLI, 3).rows) == 3
    assert read == ["train", "validation_matched", "train"]
