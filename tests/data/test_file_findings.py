import pytest

from tests.data.finding_checks import check_finding
from xadapt.data.file_findings import file_findings
from xadapt.data.inventory import Part, parts_of
from xadapt.tasks import get_task


def part(name, role="train", language="en"):
    found = [part for part in parts_of(get_task(name)) if part.role == role and part.language == language]
    return found[0]


def found(name, rows, role="train", language="en"):
    findings = file_findings("f", rows, part(name, role, language))
    assert all(finding.file == "f" for finding in findings)
    return findings


def the_one(*arguments):
    (finding,) = found(*arguments)
    return finding


def nli(label=0, first="a", second="b"):
    return {"first": first, "second": second, "label": label}


def qa(name="q1", context="Is: Ann.", text="Ann", start=4):
    return {"id": name, "question": "q", "context": context, "answers": {"text": [text], "answer_start": [start]}}


def test_good_rows_have_no_findings():
    assert found("mnli", [nli(), nli(2)]) == []
    assert found("squad", [qa("1"), qa("2")]) == []
    assert found("tatoeba", [{"first": "a", "second": "b"}], "test", "de") == []


def test_a_fault_of_one_kind_is_one_finding_with_its_count_and_first_row():
    rows = [nli(), nli(7), nli(8), nli(-1), nli(9)]
    check_finding(the_one("mnli", rows), "label 7", "0 to 2", "entailment, neutral, contradiction", count=3, row=1)


def test_questions_with_the_same_fault_are_one_finding():
    rows = [qa(name) | {"answers": {"text": [], "answer_start": []}} for name in ("one", "two", "three")]
    check_finding(the_one("squad", rows), "question one", count=3, row=0)
    rows = [qa(name) | {"answers": {"text": ["Ann"], "answer_start": []}} for name in ("one", "two")]
    check_finding(the_one("squad", rows), "question one", count=2, row=0)
    rows = [qa(name) | {"answers": {"text": [7], "answer_start": [0]}} for name in ("one", "two")]
    check_finding(the_one("squad", rows), "question one", count=2, row=0)


def test_scores_and_choices_with_the_same_fault_are_one_finding():
    scores = [{"first": "a", "second": "b", "score": score} for score in (7.5, 9.0, "high")]
    outside, worded = found("stsb", scores)
    check_finding(outside, "score 7.5", count=2, row=0)
    check_finding(worded, "score 'high'", count=1, row=2)
    choices = [{"context": "c", "choices": ["a", "b"], "label": label} for label in (2, 3)]
    check_finding(the_one("hellaswag", choices), "label 2", count=2, row=0)


def test_faults_of_different_kinds_are_findings_of_their_own():
    first, label, second = found("mnli", [nli(first=None), nli(7), nli(second=None), nli(first=None)])
    check_finding(first, "premise", count=2, row=0)
    check_finding(label, "label 7", count=1, row=1)
    check_finding(second, "hypothesis", count=1, row=2)


def test_a_fault_of_a_field_names_its_column():
    check_finding(the_one("hellaswag", [{"context": "c", "choices": ["a"], "label": 0}]), "endings", "two texts")
    row = qa() | {"answers": ["Ann"]}
    check_finding(the_one("squad", [row]), "answers", "lists")


def test_more_kinds_than_a_reader_needs_are_put_together():
    rows = [{"tokens": ["a"], "tags": [f"{letter}-TAG"]} for letter in "ABCDEFGHIJ"]
    assert len(found("pos", rows)) == 1, "quoted values make no kind"
    rows = [{"first": "a", "second": {"x": 1}, "label": 0}, *({"first": "a", "label": 0} for _ in range(3))]
    assert [finding.count for finding in found("mnli", rows)] == [1, 3]


def test_the_id_of_the_first_row_is_given():
    finding = the_one("squad", [qa("good"), qa("bad", text="Bob")])
    assert (finding.id, finding.row) == ("bad", 1)


def test_rows_without_a_gold_label_are_not_looked_at_but_counted_in_row_numbers():
    assert the_one("mnli", [nli(-1, first=None), nli(5)]).row == 1


def test_a_file_in_which_no_row_can_be_used_is_a_fault():
    check_finding(the_one("mnli", []), "empty", count=0)
    check_finding(the_one("mnli", [nli(-1), nli(-1)]), "gold label", count=0)


def test_empty_texts_are_warnings():
    first, second = found("mnli", [nli(), nli(first=" "), nli(second=""), nli(first="\u3000")])
    check_finding(first, "premise", "empty", fault=False, count=2, row=1)
    check_finding(second, "hypothesis", "empty", fault=False, count=1, row=2)
    token = the_one("pos", [{"tokens": ["a", " "], "tags": ["X", "X"]}])
    check_finding(token, "token", "empty", fault=False, count=1, row=0)
    choice = the_one("hellaswag", [{"context": "c", "choices": ["", "b"], "label": 0}])
    check_finding(choice, "choice", "empty", fault=False, count=1, row=0)


def test_few_answers_at_a_wrong_offset_are_a_warning_and_many_a_fault():
    good = [qa(f"q{n}") for n in range(99)]
    bad = qa("bad", start=5)
    check_finding(the_one("squad", [*good, bad]), "'Ann'", "5", "'nn.'", fault=False, count=1, row=99)
    check_finding(the_one("squad", [*good[:50], bad]), "'Ann'", "offsets", count=1, row=50)


def test_answers_at_wrong_offsets_are_one_kind_whatever_their_text():
    rows = [qa("1", context="It's \"Ann's\".", text="It's \"x", start=3), qa("2", text="Bob"), qa("3", start=1)]
    check_finding(the_one("squad", rows), count=3, row=0)


def test_an_answer_in_another_spelling_is_a_warning_however_many_there_are():
    rows = [qa(str(n), context="Is:  ANN.", text="Ann", start=4) for n in range(9)]
    finding = the_one("squad", rows)
    check_finding(finding, fault=False, count=9)
    assert "offsets" not in finding.what


def test_sentences_at_wrong_offsets_are_a_warning():
    row = qa() | {"sentences": ["Is:", "Ann."], "breaks": [[0, 3], [3, 7]]}
    finding = the_one("lareqa", [row, row | {"id": "q2"}], "test", "de")
    check_finding(finding, "sentence 1", "[3, 7]", fault=False, count=2, row=0)


@pytest.mark.parametrize(("role", "fault"), [("train", False), ("dev", True)])
def test_a_question_that_is_there_twice_is_a_fault_where_it_is_scored(role, fault):
    finding = the_one("squad", [qa("a"), qa("b"), qa("a"), qa("a")], role)
    check_finding(finding, "id 'a'", "twice", fault=fault, count=2, row=2)


def test_a_sentence_to_be_mined_is_there_once():
    rows = [{"id": 7, "text": "a"}, {"id": "7", "text": "b"}]
    for role in ("test", "pool"):
        check_finding(the_one("bucc", rows, role, "de"), "id '7'", "twice", count=1, row=1)


def test_a_candidate_is_there_once():
    rows = [{"entity": "Q1", "description": "a"}, {"entity": "Q1", "description": " "}]
    warning, fault = sorted(found("mewslix", rows, "pool"), key=lambda finding: finding.fault)
    check_finding(fault, "entity 'Q1'", "twice", count=1, row=1)
    check_finding(warning, "description", "empty", fault=False, count=1, row=1)


def test_gold_pairs_are_checked_by_their_own_fields():
    rows = [{"source": "de-1", "target": "en-1"}, {"source": "de-1", "target": None}]
    check_finding(the_one("bucc", rows, "gold", "de"), "target_id", "missing", count=1, row=1)


def test_pairs_have_no_ids_that_could_be_there_twice():
    assert isinstance(part("mnli"), Part)
    assert found("mnli", [nli(), nli()]) == []
