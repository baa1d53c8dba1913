import pytest

from xadapt.data.file_findings import find
from xadapt.data.inventory import Part, parts_of
from xadapt.tasks import get_task


def part(name, role="train", language="en"):
    found = [part for part in parts_of(get_task(name)) if part.role == role and part.language == language]
    return found[0]


def told(name, rows, role="train", language="en"):
    found = find("f", rows, part(name, role, language))
    assert all(finding.file == "f" for finding in found)
    return [(finding.what, finding.fault, finding.count, finding.row) for finding in found]


def nli(label=0, first="a", second="b"):
    return {"first": first, "second": second, "label": label}


def qa(name="q1", context="Is: Ann.", text="Ann", start=4):
    return {"id": name, "question": "q", "context": context, "answers": {"text": [text], "answer_start": [start]}}


def test_good_rows_have_no_findings():
    assert told("mnli", [nli(), nli(2)]) == []
    assert told("squad", [qa("1"), qa("2")]) == []
    assert told("tatoeba", [{"first": "a", "second": "b"}], "test", "de") == []


def test_a_fault_of_one_kind_is_told_once_with_its_count_and_first_row():
    rows = [nli(), nli(7), nli(8), nli(-1), nli(9)]
    ((what, fault, count, row),) = told("mnli", rows)
    assert what == "label 7 is not one of 0 to 2 (entailment, neutral, contradiction)"
    assert (fault, count, row) == (True, 3, 1)


def test_faults_of_different_kinds_are_told_apart():
    found = told("mnli", [nli(first=None), nli(7), nli(second=None), nli(first=None)])
    assert [(what.split(" is ")[0], count, row) for what, _, count, row in found] == [
        ("premise", 2, 0),
        ("label 7", 1, 1),
        ("hypothesis", 1, 2),
    ]


def test_more_kinds_than_a_reader_needs_are_put_together():
    rows = [{"tokens": ["a"], "tags": [f"{letter}-TAG"]} for letter in "ABCDEFGHIJ"]
    assert len(told("pos", rows)) == 1, "quoted values make no kind"
    rows = [{"first": "a", "second": {"x": 1}, "label": 0}, *({"first": "a", "label": 0} for _ in range(3))]
    assert [count for _, _, count, _ in told("mnli", rows)] == [1, 3]


def test_the_id_of_the_first_row_is_told():
    (finding,) = find("f", [qa("good"), qa("bad", text="Bob")], part("squad"))
    assert (finding.id, finding.row) == ("bad", 1)


def test_rows_without_a_gold_label_are_not_looked_at_but_counted_in_places():
    assert told("mnli", [nli(-1, first=None), nli(5)])[0][3] == 1


def test_a_file_in_which_no_row_can_be_used_is_a_fault():
    assert told("mnli", []) == [("it is empty", True, 0, None)]
    assert told("mnli", [nli(-1), nli(-1)]) == [("no row has a gold label", True, 0, None)]


def test_empty_texts_are_warnings():
    found = told("mnli", [nli(), nli(first=" "), nli(second=""), nli(first="\u3000")])
    assert found == [("premise is empty", False, 2, 1), ("hypothesis is empty", False, 1, 2)]
    assert told("pos", [{"tokens": ["a", " "], "tags": ["X", "X"]}]) == [("a token is empty", False, 1, 0)]
    row = {"context": "c", "choices": ["", "b"], "label": 0}
    assert told("hellaswag", [row]) == [("a choice is empty", False, 1, 0)]


def test_few_answers_at_a_wrong_place_are_a_warning_and_many_a_fault():
    good = [qa(f"q{n}") for n in range(99)]
    bad = qa("bad", start=5)
    expected = "'Ann' is not at 5 of its context, which has 'nn.' there"
    assert told("squad", [*good, bad]) == [(expected, False, 1, 99)]
    assert told("squad", [*good[:50], bad]) == [(expected + ": offsets that are not characters?", True, 1, 50)]


def test_answers_at_wrong_places_are_one_kind_whatever_they_say():
    rows = [qa("1", context="It's \"Ann's\".", text="It's \"x", start=3), qa("2", text="Bob"), qa("3", start=1)]
    ((_, fault, count, row),) = told("squad", rows)
    assert (fault, count, row) == (True, 3, 0)


def test_an_answer_in_another_spelling_is_a_warning_however_many_there_are():
    rows = [qa(str(n), context="Is:  ANN.", text="Ann", start=4) for n in range(9)]
    ((what, fault, count, _),) = told("squad", rows)
    assert (fault, count) == (False, 9)
    assert "offsets" not in what


def test_sentences_at_wrong_places_are_a_warning():
    row = qa() | {"sentences": ["Is:", "Ann."], "breaks": [[0, 3], [3, 7]]}
    found = told("lareqa", [row, row | {"id": "q2"}], "test", "de")
    assert found == [("its sentence 1 is not at [3, 7] of its context", False, 2, 0)]


@pytest.mark.parametrize(("role", "fault"), [("train", False), ("dev", True)])
def test_a_question_that_is_there_twice_is_a_fault_where_it_is_scored(role, fault):
    found = told("squad", [qa("a"), qa("b"), qa("a"), qa("a")], role)
    assert found == [("id 'a' is there twice", fault, 2, 2)]


def test_a_sentence_to_be_mined_is_there_once():
    rows = [{"id": 7, "text": "a"}, {"id": "7", "text": "b"}]
    for role in ("test", "pool"):
        assert told("bucc", rows, role, "de") == [("id '7' is there twice", True, 1, 1)]


def test_a_candidate_is_there_once():
    rows = [{"entity": "Q1", "description": "a"}, {"entity": "Q1", "description": " "}]
    assert set(told("mewslix", rows, "pool")) == {
        ("entity 'Q1' is there twice", True, 1, 1),
        ("description is empty", False, 1, 1),
    }


def test_gold_pairs_are_checked_by_their_own_fields():
    rows = [{"source": "de-1", "target": "en-1"}, {"source": "de-1", "target": None}]
    assert told("bucc", rows, "gold", "de") == [("target_id is missing", True, 1, 1)]


def test_pairs_have_no_ids_that_could_be_there_twice():
    assert isinstance(part("mnli"), Part)
    assert told("mnli", [nli(), nli()]) == []
