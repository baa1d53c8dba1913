import math

from tests.error_checks import refused
from xadapt.data.columns import column_names, to_fields
from xadapt.data.files import RawTable
from xadapt.tasks import (
    AnswerRetrieval,
    MultipleChoice,
    PairClassification,
    PairRegression,
    Tagging,
    Task,
    TextClassification,
    get_task,
)

NLI = PairClassification(labels=("entailment", "neutral", "contradiction"))


def task(kind, columns, **more):
    return Task(name="own", kind=kind, metric="accuracy", source="", columns=columns, **more)


def read(declared, rows, names=None, columns=None):
    table = RawTable(rows, columns or list(rows[0]), names or {})
    return to_fields(table, declared, declared.columns, "org/set de test")


def labels(declared, values, names=None):
    return [row["label"] for row in read(declared, [{"label": value} for value in values], names)]


def test_the_columns_of_a_mapping_are_named_once_and_without_their_inner_path():
    columns = {"context": "q", "choices": ("a", "b"), "more": "choices.text", "other": "choices.label", "x": "q"}
    assert column_names(columns) == ["q", "a", "b", "choices"]


def test_columns_are_renamed_and_others_left():
    declared = task(NLI, {"first": "premise", "second": "hypothesis"})
    assert read(declared, [{"premise": "a", "hypothesis": "b", "id": 7}]) == [{"first": "a", "second": "b"}]


def test_a_path_reads_into_a_nested_column():
    declared = task(MultipleChoice(), {"choices": "choices.text"})
    assert read(declared, [{"choices": {"text": ["a", "b"], "label": ["A", "B"]}}]) == [{"choices": ["a", "b"]}]
    assert read(declared, [{"choices": None}, {"choices": ["a"]}]) == [{"choices": None}] * 2


def test_several_columns_make_a_list():
    declared = task(MultipleChoice(), {"choices": ("a", "b")})
    assert read(declared, [{"a": "x", "b": "y"}, {"a": "z"}], columns=["a", "b"]) == [
        {"choices": ["x", "y"]},
        {"choices": ["z", None]},
    ]


def test_values_that_a_data_set_writes_otherwise_are_read_as_the_task_declares():
    declared = task(MultipleChoice(), {"label": "label"}, values={"label": {"A": 0, "B": 1, "": -1}})
    assert labels(declared, ["B", "A", "", 1, "C"]) == [1, 0, -1, 1, "C"]
    assert labels(declared, [["A"]]) == [["A"]], "what cannot be looked up is left as it is"


def test_labels_follow_the_names_that_a_file_gives_its_numbers():
    names = {"label": ["contradiction", "entailment", "neutral"]}
    assert labels(task(NLI, {"label": "label"}), [0, 1, 2, -1, 3], names) == [2, 0, 1, -1, 3]
    assert labels(task(NLI, {"label": "label"}), [0, 1, 2], {}) == [0, 1, 2]


def test_labels_in_words_or_as_numbers_in_text_are_read():
    assert labels(task(NLI, {"label": "label"}), ["neutral", " entailment ", "2", "-1"]) == [1, 0, 2, -1]
    assert labels(task(NLI, {"label": "label"}), ["maybe", "--1", "²", "1.5", True]) == [
        "maybe",
        "--1",
        "²",
        "1.5",
        True,
    ]


def test_a_data_set_may_spell_labels_otherwise():
    kind = PairClassification(labels=("different", "paraphrase"))
    declared = task(kind, {"label": "label"}, hub_labels=("not_equivalent", "equivalent"))
    assert labels(declared, [0, 1], {"label": ["equivalent", "not_equivalent"]}) == [1, 0]
    assert labels(declared, ["equivalent", "different", "1"]) == [1, 0, 1]
    numbered = task(kind, {"label": "label"}, hub_labels=("0", "1"))
    assert labels(numbered, [0, 1], {"label": ["0", "1"]}) == [0, 1]


def test_a_file_with_a_label_that_the_task_does_not_have_is_refused():
    with refused("org/set de test", "column label", "'not_entailment'", "own", "entailment, neutral, contradiction"):
        labels(task(NLI, {"label": "label"}), [0], {"label": ["entailment", "not_entailment"]})


def test_the_index_of_a_choice_stays_a_number_whatever_the_file_calls_it():
    # COPA on the hub calls its labels choice1 and choice2.
    declared = task(MultipleChoice(), {"label": "label"})
    assert labels(declared, [0, 1, -1], {"label": ["choice1", "choice2"]}) == [0, 1, -1]
    assert labels(declared, ["1"]) == [1]


def test_tags_become_words():
    declared = task(Tagging(labels=("O", "B-PER", "I-PER")), {"tags": "ner_tags"})
    assert read(declared, [{"ner_tags": [0, 2, 1]}]) == [{"tags": ["O", "I-PER", "B-PER"]}]
    assert read(declared, [{"ner_tags": [0, 1]}], {"ner_tags": ["B-PER", "O"]}) == [{"tags": ["B-PER", "O"]}]
    assert read(declared, [{"ner_tags": ["O", "I-PER"]}]) == [{"tags": ["O", "I-PER"]}]
    assert read(declared, [{"ner_tags": [0, 7, None]}]) == [{"tags": ["O", 7, None]}], (
        "a strange tag is left for checks"
    )
    assert read(declared, [{"ner_tags": None}, {"ner_tags": 3}]) == [{"tags": None}, {"tags": 3}]


def test_an_open_tag_set_takes_the_names_that_the_file_has():
    declared = task(Tagging(tagset="ccg"), {"tags": "tags"})
    assert read(declared, [{"tags": [1, 0]}], {"tags": ["N", "NP/N"]}) == [{"tags": ["NP/N", "N"]}]
    assert read(declared, [{"tags": ["S", "N"]}]) == [{"tags": ["S", "N"]}]


def test_a_file_with_a_tag_that_the_task_does_not_have_is_refused():
    declared = task(Tagging(labels=("O", "B-PER")), {"tags": "ner_tags"})
    with refused("column ner_tags", "'B-MISC'", "own", "O, B-PER"):
        read(declared, [{"ner_tags": [0]}], {"ner_tags": ["O", "B-PER", "B-MISC"]})


def test_scores_written_as_text_are_numbers():
    declared = task(PairRegression(), {"score": "score"})
    rows = read(declared, [{"score": score} for score in ("3.5", 2, " 4.2 ", "-1", -1, "high", "3,5")])
    assert [row["score"] for row in rows] == [3.5, 2, 4.2, -1, -1, "high", "3,5"]
    rows = read(declared, [{"score": score} for score in (None, "", "nan", "NA", float("nan"), "-")])
    assert all(math.isnan(row["score"]) for row in rows)


def test_only_the_score_of_a_regression_is_made_a_number():
    declared = task(TextClassification(labels=("a",)), {"first": "text"})
    assert read(declared, [{"text": "3.5"}]) == [{"first": "3.5"}]


def test_optional_columns_are_read_where_a_copy_has_them():
    declared = task(AnswerRetrieval(), {"id": "id"}, optional={"sentences": "sentences", "breaks": "sentence_breaks"})
    assert read(declared, [{"id": 1, "sentences": ["a"]}]) == [{"id": 1, "sentences": ["a"]}]
    assert read(declared, [{"id": 1}]) == [{"id": 1}]


def test_a_missing_column_is_named_with_those_that_are_there():
    declared = task(NLI, {"first": "premise", "second": "hypothesis"})
    with refused("org/set de test", "'hypothesis'", "premise, label", advice="pull it again"):
        read(declared, [{"premise": "a", "label": 0}])


def test_one_of_several_columns_or_the_head_of_a_path_may_be_the_one_that_is_missing():
    for columns, name in (({"choices": ("a", "b")}, "'b'"), ({"choices": "choices.text"}, "'choices'")):
        with refused("no column", name):
            read(task(MultipleChoice(), columns), [{"a": "x"}])


def test_the_questions_of_copa_are_written_out():
    row = {"premise": "It rained.", "question": "cause", "choice1": "a", "choice2": "b", "label": 1}
    assert read(get_task("copa"), [row]) == [
        {"context": "It rained.", "question": "What was the cause?", "choices": ["a", "b"], "label": 1}
    ]
