import pytest

from xadapt.data.manifest import Entry, write_manifest
from xadapt.data.mirror_check import examine
from xadapt.errors import XadaptError
from xadapt.store.files import sha256_file
from xadapt.tasks import get_task

LABELS = ["entailment", "neutral", "contradiction"]
XNLI = "facebook/xnli/de/test.parquet"
ANSWERS = {"text": ["Ann"], "answer_start": [4]}


def nli(count=3, **changes):
    return [{"premise": f"a{n}", "hypothesis": "b", "label": n % 3} | changes for n in range(count)]


def qa(name, **changes):
    return {"id": name, "question": "q", "context": "Is: Ann.", "answers": ANSWERS} | changes


def told(root, *names):
    found = examine(root, [get_task(name) for name in names])
    return [(finding.file, finding.what, finding.fault) for finding in found.findings]


def test_a_good_mirror_is_read_and_nothing_is_found(root, write):
    write(XNLI, nli(), names={"label": LABELS})
    write("nyu-mll/multi_nli/default/train.parquet", nli(4), names={"label": LABELS[::-1]})
    found = examine(root, [get_task("xnli"), get_task("mnli")])
    assert (found.findings, found.faults, found.warnings, found.undeclared) == ([], [], [], [])
    assert [(reading.file, reading.rows, reading.tasks) for reading in found.readings] == [
        (XNLI, 3, ("xnli",)),
        ("nyu-mll/multi_nli/default/train.parquet", 4, ("xnli", "mnli")),
    ]
    assert [(stock.train, stock.test) for stock in found.stocks] == [(4, 3), (4, 0)]


def test_an_empty_mirror_has_no_readings_and_no_findings(root):
    found = examine(root, [get_task("xnli")])
    assert (found.readings, found.findings) == ([], [])
    assert found.stocks[0].empty


def test_a_missing_folder_is_one_line(tmp_path):
    with pytest.raises(XadaptError, match="no data folder"):
        examine(tmp_path / "none", [get_task("xnli")])


def test_a_missing_column_is_a_fault_of_the_file(root, write):
    write(XNLI, [{"premise": "a", "label": 0}])
    assert told(root, "xnli") == [(XNLI, "has no column 'hypothesis' (it has premise, label): pull it again", True)]


def test_a_strange_label_name_is_a_fault_of_the_file(root, write):
    write(XNLI, nli(), names={"label": ["entailment", "not_entailment", "other"]})
    ((file, what, fault),) = told(root, "xnli")
    assert (file, fault) == (XNLI, True)
    assert what.startswith("column label has a label 'not_entailment'; xnli has entailment")


def test_a_file_that_cannot_be_read_is_a_fault_and_no_crash(root, write):
    write(XNLI, nli()).write_bytes(b"PAR1")
    write("facebook/xnli/en/test.parquet", nli())
    found = examine(root, [get_task("xnli")])
    (finding,) = found.faults
    assert finding.file == XNLI
    assert finding.what.startswith("is not a readable parquet file")
    assert [reading.file for reading in found.readings] == ["facebook/xnli/en/test.parquet"]
    assert "de" in found.stocks[0].missing_languages


def test_a_bad_line_of_a_text_file_keeps_its_number(root):
    folder = root / "ccgbank/supertags/default"
    folder.mkdir(parents=True)
    (folder / "train.tsv").write_text("a\tN\nb\n")
    assert told(root, "ccg") == [
        ("ccgbank/supertags/default/train.tsv", "line 2: a token, a tab and a tag were expected", True)
    ]


def test_rows_of_a_file_are_told_by_their_place_in_it(root, write):
    file = "google-research-datasets/tydiqa/secondary_task/validation.parquet"
    rows = [
        qa("english-1"),
        qa("finnish-1"),
        qa("russian-1"),
        qa("finnish-2", context=None),
        qa("thai-1", context=None),
    ]
    write(file, rows)
    found = examine(root, [get_task("tydiqa")])
    assert [(finding.what, finding.row, finding.id) for finding in found.findings] == [
        ("context is missing", 3, "finnish-2")
    ], "the rows of a language that no task has are not looked at"
    assert found.readings[0].rows == 5


def test_a_file_that_several_tasks_read_alike_is_told_of_once(root, write):
    write("rajpurkar/squad/plain_text/train.parquet", [qa("1"), qa("2", question=None)])
    found = examine(root, [get_task(name) for name in ("squad", "xquad", "mlqa", "lareqa")])
    assert [finding.what for finding in found.findings] == ["question is missing"]
    assert found.readings[0].tasks == ("squad", "xquad", "mlqa", "lareqa")


def test_a_file_that_tasks_read_differently_is_checked_for_each(root, write):
    row = {"sentence_A": "a", "sentence_B": "b", "label": 0, "relatedness_score": 9.0}
    write("RobZamp/sick/default/train.parquet", [row])
    assert told(root, "sick", "sick-r") == [
        ("RobZamp/sick/default/train.parquet", "score 9.0 is outside 1.0–5.0", True)
    ]


def test_rows_without_a_gold_label_are_counted_and_no_finding(root, write):
    write(XNLI, [*nli(2), *nli(3, label=-1)])
    found = examine(root, [get_task("xnli")])
    assert found.findings == []
    assert (found.readings[0].rows, found.readings[0].unlabelled) == (5, 3)


def test_a_wrong_tag_score_choice_and_answer_are_faults(root, write):
    write("google/xtreme/udpos.German/test.parquet", [{"tokens": ["a"], "pos_tags": [99]}])
    write("PhilipMay/stsb_multi_mt/de/test.parquet", [{"sentence1": "a", "sentence2": "b", "similarity_score": -1.0}])
    choice = {"premise": "a", "question": "cause", "choice1": "a", "choice2": "b", "label": 2}
    write("cambridgeltl/xcopa/et/test.parquet", [choice])
    write("google/xquad/xquad.de/validation.parquet", [qa("1", answers={"text": ["Bob"], "answer_start": [4]})])
    found = {
        file.split("/")[1]: what for file, what, fault in told(root, "udpos", "sts-multi", "xcopa", "xquad") if fault
    }
    assert found["xtreme"].startswith("tag 99 is not one of ADJ")
    assert found["stsb_multi_mt"] == "score -1.0 is outside 0.0–5.0"
    assert found["xcopa"].startswith("label 2 is not one of 0 to 1")
    assert found["xquad"].startswith("'Bob' is not at 4 of its context")


def fill_bucc(write, source="zh-1", target="en-1"):
    write("google/xtreme/bucc18.zh.source/test.parquet", [{"id": "zh-1", "sentence": "a"}])
    write("google/xtreme/bucc18.zh.target/test.parquet", [{"id": "en-1", "sentence": "b"}])
    write("google/xtreme/bucc18.zh/test.parquet", [{"source_id": source, "target_id": target}])


def test_gold_pairs_name_sentences_that_are_there(root, write):
    fill_bucc(write)
    assert told(root, "bucc") == []
    fill_bucc(write, source="zh-7", target="en-7")
    gold = "google/xtreme/bucc18.zh/test.parquet"
    assert told(root, "bucc") == [
        (gold, "source 'zh-7' is the id of no sentence of google/xtreme bucc18.zh.source", True),
        (gold, "target 'en-7' is the id of no sentence of google/xtreme bucc18.zh.target", True),
    ]


def test_entities_are_among_the_candidates(root, write):
    write("izhx/mewsli-x/candidate_entities/test.parquet", [{"entity_id": "Q1", "description": "d"}])
    mentions = [{"mention": "m", "entity_id": name} for name in ("Q1", "Q2", "Q3")]
    write("izhx/mewsli-x/de/test.parquet", mentions)
    found = examine(root, [get_task("mewslix")])
    (finding,) = found.faults
    assert (finding.what, finding.count, finding.row) == ("entity 'Q2' is none of the candidates", 2, 1)


def test_tasks_whose_english_test_rows_choose_checkpoints_are_told_of(root, write):
    write("google-research-datasets/tydiqa/secondary_task/validation.parquet", [qa("english-1"), qa("finnish-1")])
    write("PhilipMay/stsb_multi_mt/en/dev.parquet", [{"sentence1": "a", "sentence2": "b", "similarity_score": 1.0}])
    write("rajpurkar/squad/plain_text/validation.parquet", [qa("q1"), qa("q2")])
    write("google/xquad/xquad.en/validation.parquet", [qa("q2"), qa("q3")])
    tasks = [get_task(name) for name in ("mnli", "xquad", "tydiqa", "sts-multi")]
    found = examine(root, tasks)
    assert [(reused.task, reused.rows, reused.of) for reused in found.reused] == [
        ("xquad", 1, 2),
        ("tydiqa", 1, 1),
        ("sts-multi", 1, 1),
    ]
    assert found.findings == []
    write("PhilipMay/stsb_multi_mt/en/test.parquet", [{"sentence1": "a", "sentence2": "b", "similarity_score": 1.0}])
    assert [reused.task for reused in examine(root, tasks).reused] == ["xquad", "tydiqa"]


def test_files_are_compared_with_what_was_pulled(root, write):
    entries = {name: Entry(sha256_file(write(name, nli())), 3, 1) for name in (XNLI, XNLI.replace("de", "fr"))}
    write_manifest(root, entries | {"facebook/xnli/sw/test.parquet": Entry("0" * 64, 3, 1)})
    gone = ("facebook/xnli/sw/test.parquet", "it was pulled and is gone: pull it again", True)
    assert told(root, "xnli") == [gone]
    write(XNLI, nli(2))
    changed = (XNLI, "it is not what was pulled (its SHA-256 differs): pull it again", True)
    assert told(root, "xnli") == [changed, gone]


def test_files_that_no_task_reads_are_told_of(root, write):
    write("org/other/default/test.parquet", nli())
    assert examine(root, [get_task("xnli")]).undeclared == ["org/other/default/test.parquet"]


def test_a_watcher_is_told_how_far_it_is(root, write):
    for code in ("de", "en"):
        write(f"facebook/xnli/{code}/test.parquet", nli())
    ticks = []
    examine(root, [get_task("xnli")], lambda *tick: ticks.append(tick))
    assert ticks == [(0, 2, XNLI), (1, 2, XNLI.replace("de", "en")), (2, 2, "")]
