from tests.data.finding_checks import check_finding
from tests.error_checks import refused
from xadapt.data.manifest import Entry, write_manifest
from xadapt.data.mirror_check import check_mirror
from xadapt.store.files import sha256_file
from xadapt.tasks import get_task

LABELS = ["entailment", "neutral", "contradiction"]
XNLI = "facebook/xnli/de/test.parquet"
ANSWERS = {"text": ["Ann"], "answer_start": [4]}


def nli(count=3, **changes):
    return [{"premise": f"a{n}", "hypothesis": "b", "label": n % 3} | changes for n in range(count)]


def qa(name, **changes):
    return {"id": name, "question": "q", "context": "Is: Ann.", "answers": ANSWERS} | changes


def findings(root, *names):
    return check_mirror(root, [get_task(name) for name in names]).findings


def test_a_good_mirror_is_read_and_nothing_is_found(root, write):
    write(XNLI, nli(), names={"label": LABELS})
    write("nyu-mll/multi_nli/default/train.parquet", nli(4), names={"label": LABELS[::-1]})
    found = check_mirror(root, [get_task("xnli"), get_task("mnli")])
    assert (found.findings, found.faults, found.warnings, found.undeclared) == ([], [], [], [])
    assert [(reading.file, reading.rows, reading.tasks) for reading in found.readings] == [
        (XNLI, 3, ("xnli",)),
        ("nyu-mll/multi_nli/default/train.parquet", 4, ("xnli", "mnli")),
    ]
    assert [(stock.train, stock.test) for stock in found.stocks] == [(4, 3), (4, 0)]


def test_an_empty_mirror_has_no_readings_and_no_findings(root):
    found = check_mirror(root, [get_task("xnli")])
    assert (found.readings, found.findings) == ([], [])
    assert found.stocks[0].empty


def test_a_missing_folder_is_one_line(tmp_path):
    with refused(tmp_path / "none", advice="the folder of a mirror"):
        check_mirror(tmp_path / "none", [get_task("xnli")])


def test_a_missing_column_is_a_fault_of_the_file(root, write):
    write(XNLI, [{"premise": "a", "label": 0}])
    (finding,) = findings(root, "xnli")
    assert finding.file == XNLI
    check_finding(finding, "'hypothesis'", "premise, label", "pull it again")
    assert XNLI not in finding.what, "the file is named beside it"


def test_a_strange_label_name_is_a_fault_of_the_file(root, write):
    write(XNLI, nli(), names={"label": ["entailment", "not_entailment", "other"]})
    (finding,) = findings(root, "xnli")
    assert finding.file == XNLI
    check_finding(finding, "column label", "'not_entailment'", "entailment")
    assert XNLI not in finding.what, "the file is named beside it"


def test_a_file_that_cannot_be_read_is_a_fault_and_no_crash(root, write):
    write(XNLI, nli()).write_bytes(b"PAR1")
    write("facebook/xnli/en/test.parquet", nli())
    found = check_mirror(root, [get_task("xnli")])
    (finding,) = found.faults
    assert finding.file == XNLI
    check_finding(finding, "parquet")
    assert XNLI not in finding.what, "the file is named beside it"
    assert [reading.file for reading in found.readings] == ["facebook/xnli/en/test.parquet"]
    assert "de" in found.stocks[0].missing_languages


def test_a_bad_line_of_a_text_file_keeps_its_number(root):
    folder = root / "ccgbank/supertags/default"
    folder.mkdir(parents=True)
    (folder / "train.tsv").write_text("a\tN\nb\n")
    (finding,) = findings(root, "ccg")
    assert finding.file == "ccgbank/supertags/default/train.tsv"
    check_finding(finding, "line 2", "token", "tag")
    assert finding.file not in finding.what, "the file is named beside it"


def test_a_file_that_is_no_text_is_a_fault(root):
    folder = root / "ccgbank/supertags/default"
    folder.mkdir(parents=True)
    (folder / "train.tsv").write_bytes("ä\tN\n".encode("latin-1"))
    (finding,) = findings(root, "ccg")
    assert finding.file == "ccgbank/supertags/default/train.tsv"
    check_finding(finding, "UTF-8")


def test_rows_of_a_file_have_the_numbers_that_they_have_in_it(root, write):
    file = "google-research-datasets/tydiqa/secondary_task/validation.parquet"
    rows = [
        qa("english-1"),
        qa("finnish-1"),
        qa("russian-1"),
        qa("finnish-2", context=None),
        qa("thai-1", context=None),
    ]
    write(file, rows)
    found = check_mirror(root, [get_task("tydiqa")])
    (finding,) = found.findings
    check_finding(finding, "context", "missing", row=3, count=1)
    assert finding.id == "finnish-2", "the rows of a language that no task has are not looked at"
    assert found.readings[0].rows == 5


def test_a_file_that_several_tasks_read_alike_is_checked_once(root, write):
    write("rajpurkar/squad/plain_text/train.parquet", [qa("1"), qa("2", question=None)])
    found = check_mirror(root, [get_task(name) for name in ("squad", "xquad", "mlqa", "lareqa")])
    (finding,) = found.findings
    check_finding(finding, "question", "missing", count=1)
    assert found.readings[0].tasks == ("squad", "xquad", "mlqa", "lareqa")


def test_a_file_that_tasks_read_differently_is_checked_for_each(root, write):
    row = {"sentence_A": "a", "sentence_B": "b", "label": 0, "relatedness_score": 9.0}
    write("RobZamp/sick/default/train.parquet", [row])
    (finding,) = findings(root, "sick", "sick-r")
    assert finding.file == "RobZamp/sick/default/train.parquet"
    check_finding(finding, "score 9.0", "1.0–5.0")


def test_rows_without_a_gold_label_are_counted_and_no_finding(root, write):
    write(XNLI, [*nli(2), *nli(3, label=-1)])
    found = check_mirror(root, [get_task("xnli")])
    assert found.findings == []
    assert (found.readings[0].rows, found.readings[0].unlabelled) == (5, 3)


def test_a_wrong_tag_score_choice_and_answer_are_faults(root, write):
    write("google/xtreme/udpos.German/test.parquet", [{"tokens": ["a"], "pos_tags": [99]}])
    write("PhilipMay/stsb_multi_mt/de/test.parquet", [{"sentence1": "a", "sentence2": "b", "similarity_score": -1.0}])
    choice = {"premise": "a", "question": "cause", "choice1": "a", "choice2": "b", "label": 2}
    write("cambridgeltl/xcopa/et/test.parquet", [choice])
    write("google/xquad/xquad.de/validation.parquet", [qa("1", answers={"text": ["Bob"], "answer_start": [4]})])
    found = {finding.file.split("/")[1]: finding for finding in findings(root, "udpos", "sts-multi", "xcopa", "xquad")}
    check_finding(found["xtreme"], "tag 99", "ADJ")
    check_finding(found["stsb_multi_mt"], "score -1.0", "0.0–5.0")
    check_finding(found["xcopa"], "label 2", "0 to 1")
    check_finding(found["xquad"], "'Bob'", "4")


def fill_bucc(write, source="zh-1", target="en-1"):
    write("google/xtreme/bucc18.zh.source/test.parquet", [{"id": "zh-1", "sentence": "a"}])
    write("google/xtreme/bucc18.zh.target/test.parquet", [{"id": "en-1", "sentence": "b"}])
    write("google/xtreme/bucc18.zh/test.parquet", [{"source_id": source, "target_id": target}])


def test_gold_pairs_name_sentences_that_are_there(root, write):
    fill_bucc(write)
    assert findings(root, "bucc") == []
    fill_bucc(write, source="zh-7", target="en-7")
    source, target = findings(root, "bucc")
    assert source.file == target.file == "google/xtreme/bucc18.zh/test.parquet"
    check_finding(source, "source 'zh-7'", "google/xtreme bucc18.zh.source")
    check_finding(target, "target 'en-7'", "google/xtreme bucc18.zh.target")


def test_entities_are_among_the_candidates(root, write):
    write("izhx/mewsli-x/candidate_entities/test.parquet", [{"entity_id": "Q1", "description": "d"}])
    mentions = [{"mention": "m", "entity_id": name} for name in ("Q1", "Q2", "Q3")]
    write("izhx/mewsli-x/de/test.parquet", mentions)
    found = check_mirror(root, [get_task("mewslix")])
    (finding,) = found.faults
    check_finding(finding, "entity 'Q2'", "candidates", count=2, row=1)


def test_tasks_whose_english_test_rows_choose_checkpoints_are_reported(root, write):
    write("google-research-datasets/tydiqa/secondary_task/validation.parquet", [qa("english-1"), qa("finnish-1")])
    write("PhilipMay/stsb_multi_mt/en/dev.parquet", [{"sentence1": "a", "sentence2": "b", "similarity_score": 1.0}])
    write("rajpurkar/squad/plain_text/validation.parquet", [qa("q1"), qa("q2")])
    write("google/xquad/xquad.en/validation.parquet", [qa("q2"), qa("q3")])
    tasks = [get_task(name) for name in ("mnli", "xquad", "tydiqa", "sts-multi")]
    found = check_mirror(root, tasks)
    assert [(reused.task, reused.rows, reused.of) for reused in found.reused] == [
        ("xquad", 1, 2),
        ("tydiqa", 1, 1),
        ("sts-multi", 1, 1),
    ]
    assert found.findings == []
    write("PhilipMay/stsb_multi_mt/en/test.parquet", [{"sentence1": "a", "sentence2": "b", "similarity_score": 1.0}])
    assert [reused.task for reused in check_mirror(root, tasks).reused] == ["xquad", "tydiqa"]


def test_files_are_compared_with_what_was_pulled(root, write):
    entries = {name: Entry(sha256_file(write(name, nli())), 3, 1) for name in (XNLI, XNLI.replace("de", "fr"))}
    write_manifest(root, entries | {"facebook/xnli/sw/test.parquet": Entry("0" * 64, 3, 1)})
    (gone,) = findings(root, "xnli")
    assert gone.file == "facebook/xnli/sw/test.parquet"
    check_finding(gone, "gone", "pull it again")
    write(XNLI, nli(2))
    changed, still_gone = findings(root, "xnli")
    assert (changed.file, still_gone) == (XNLI, gone)
    check_finding(changed, "SHA-256", "pull it again")


def test_files_that_no_task_reads_are_named(root, write):
    write("org/other/default/test.parquet", nli())
    assert check_mirror(root, [get_task("xnli")]).undeclared == ["org/other/default/test.parquet"]


def test_progress_is_reported_file_by_file(root, write):
    for code in ("de", "en"):
        write(f"facebook/xnli/{code}/test.parquet", nli())
    reports = []
    check_mirror(root, [get_task("xnli")], lambda *report: reports.append(report))
    assert reports == [(0, 2, XNLI), (1, 2, XNLI.replace("de", "en")), (2, 2, "")]
