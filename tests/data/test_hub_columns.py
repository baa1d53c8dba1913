"""Rows with the columns and label names that data sets have on the hub, read as their tasks need them."""

import pytest

from xadapt.data.source import Source
from xadapt.tasks import get_task

NLI = ["entailment", "neutral", "contradiction"]
ANSWERS = {"text": ["Ann"], "answer_start": [4]}
UPOS = list(get_task("udpos").kind.labels)
NER = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]


@pytest.fixture
def read(root, write):
    """Write one file of rows and read a part of a task from it."""

    def first(name, part, file, rows, *, names=None, lists=None, language=None):
        write(file, rows, names=names, lists=lists)
        source, task = Source(str(root)), get_task(name)
        return source.test(task, language).rows if language else getattr(source, part)(task).rows

    return first


def pair(name, read, part, file, row, names, expected):
    assert read(name, part, file, [row], names={"label": names}) == [expected]


def test_anli_in_rounds(read, write, root):
    row = {"uid": "u", "premise": "a", "hypothesis": "b", "label": 2, "reason": "r"}
    for number in (2, 3):
        write(
            f"facebook/anli/plain_text/dev_r{number}.parquet", [row | {"premise": f"r{number}"}], names={"label": NLI}
        )
    rows = read("anli", "dev", "facebook/anli/plain_text/dev_r1.parquet", [row], names={"label": NLI})
    assert [r["first"] for r in rows] == ["a", "r2", "r3"]
    assert rows[0] == {"first": "a", "second": "b", "label": 2}


def test_snli_without_the_rows_that_nobody_agreed_on(read):
    rows = [{"premise": "a", "hypothesis": "b", "label": label} for label in (-1, 1)]
    found = read("snli", "train", "stanfordnlp/snli/plain_text/train.parquet", rows, names={"label": NLI})
    assert found == [{"first": "a", "second": "b", "label": 1}]


def test_qqp(read):
    row = {"question1": "a", "question2": "b", "label": 1, "idx": 0}
    pair("qqp", read, "dev", "nyu-mll/glue/qqp/validation.parquet", row, ["not_duplicate", "duplicate"], {
        "first": "a", "second": "b", "label": 1,
    })  # fmt: skip


def test_qnli(read):
    row = {"question": "a", "sentence": "b", "label": 1, "idx": 0}
    pair("qnli", read, "train", "nyu-mll/glue/qnli/train.parquet", row, ["entailment", "not_entailment"], {
        "first": "a", "second": "b", "label": 1,
    })  # fmt: skip


def test_paws(read):
    row = {"id": 1, "sentence1": "a", "sentence2": "b", "label": 0}
    file = "google-research-datasets/paws/labeled_final/validation.parquet"
    pair("paws", read, "dev", file, row, ["0", "1"], {"first": "a", "second": "b", "label": 0})


def test_squad2_with_questions_that_have_no_answer(read):
    rows = [
        {"id": name, "title": "t", "context": "Is: Ann.", "question": "q", "answers": answers}
        for name, answers in (("1", ANSWERS), ("2", {"text": [], "answer_start": []}))
    ]
    found = read("squad2", "dev", "rajpurkar/squad_v2/squad_v2/validation.parquet", rows)
    assert [row["answers"]["text"] for row in found] == [["Ann"], []]
    assert set(found[0]) == {"id", "question", "context", "answers"}


def test_conll2003(read):
    row = {"id": "0", "tokens": ["EU", "rejects"], "pos_tags": [22, 42], "chunk_tags": [11, 21], "ner_tags": [3, 0]}
    found = read(
        "conll2003",
        "train",
        "eriktks/conll2003/conll2003/train.parquet",
        [row],
        lists={"ner_tags": NER, "pos_tags": []},
    )
    assert found == [{"tokens": ["EU", "rejects"], "tags": ["B-ORG", "O"]}]


def test_copa_whose_labels_have_names_on_the_hub(read):
    row = {"premise": "p", "choice1": "a", "choice2": "b", "question": "effect", "idx": 0, "label": 1}
    found = read(
        "copa", "dev", "aps/super_glue/copa/validation.parquet", [row], names={"label": ["choice1", "choice2"]}
    )
    question = "What happened as a result?"
    assert found == [{"context": "p", "question": question, "choices": ["a", "b"], "label": 1}]


def test_universal_pos_tags(read):
    row = {"tokens": ["Ann", "runs"], "pos_tags": [11, 15]}
    found = read(
        "udpos", "test", "google/xtreme/udpos.Chinese/test.parquet", [row], lists={"pos_tags": UPOS}, language="zh"
    )
    assert found == [{"tokens": ["Ann", "runs"], "tags": ["PROPN", "VERB"]}]


def test_commonsense_questions(read):
    choices = {"label": list("ABCDE"), "text": ["a", "b", "c", "d", "e"]}
    row = {"id": "1", "question": "q", "question_concept": "c", "choices": choices, "answerKey": "D"}
    found = read("csqa", "train", "tau/commonsense_qa/default/train.parquet", [row, row | {"answerKey": ""}])
    assert found == [{"context": "q", "choices": choices["text"], "label": 3}]


@pytest.mark.parametrize("code", ["ko-ko", "en-de"])
def test_sts17_in_pairs_of_languages(read, code):
    row = {"sentence1": "a", "sentence2": "b", "score": 4.5, "lang": code}
    found = read("sts17", "test", f"mteb/sts17-crosslingual-sts/{code}/test.parquet", [row], language=code)
    assert found == [{"first": "a", "second": "b", "score": 4.5}]


def test_sts17_is_trained_on_rows_with_other_columns(read):
    row = {"sentence1": "a", "sentence2": "b", "label": 2.5, "idx": 0}
    found = read("sts17", "train", "nyu-mll/glue/stsb/train.parquet", [row])
    assert found == [{"first": "a", "second": "b", "score": 2.5}]


def test_a_pair_of_mlqa_has_its_context_first(read):
    row = {"context": "Ist Ann.", "question": "من؟", "answers": ANSWERS, "id": "x"}
    found = read("mlqa-cross", "test", "facebook/mlqa/mlqa.de.ar/test.parquet", [row], language="de-ar")
    assert found == [{"id": "x", "question": "من؟", "context": "Ist Ann.", "answers": ANSWERS}]


def test_mewslix_has_columns_of_its_own_for_pairs_mentions_and_candidates(read, write, root):
    pairs = [{"mention": "the {flag} of Nepal", "entity": "Flag of Nepal. The national flag."}]
    found = read("mewslix", "train", "izhx/mewsli-x/wikipedia_pairs/train.parquet", pairs)
    assert found == [{"text": "the {flag} of Nepal", "description": "Flag of Nepal. The national flag."}]
    mentions = [{"mention": "die {Flagge}", "entity_id": "Q159741", "language": "de"}]
    found = read("mewslix", "test", "izhx/mewsli-x/de/test.parquet", mentions, language="de")
    assert found == [{"text": "die {Flagge}", "entity": "Q159741"}]
    candidates = [{"entity_id": "Q159741", "title": "t", "description": "d", "description_language": "uk"}]
    write("izhx/mewsli-x/candidate_entities/test.parquet", candidates)
    assert Source(str(root)).pool(get_task("mewslix"), "de") == [{"entity": "Q159741", "description": "d"}]
