"""Agreement with official scores, if any are at hand: every file in the folder that XADAPT_GOLDEN names."""

import json
import os
from pathlib import Path

import pytest

from xadapt.metrics import compute

FOLDER = os.environ.get("XADAPT_GOLDEN")
FILES = sorted(Path(FOLDER).glob("*.json")) if FOLDER else []
needs_folder = pytest.mark.skipif(not FOLDER, reason="XADAPT_GOLDEN names no folder with official scores")

SQUAD_V2_NAMES = {
    "exact": "exact_match",
    "HasAns_exact": "has_answer_exact_match",
    "HasAns_f1": "has_answer_f1",
    "NoAns_exact": "no_answer_exact_match",
    "NoAns_f1": "no_answer_f1",
}


def classified(case):
    # The official files write some labels as words; accuracy does not mind which number stands for which.
    labels = sorted({str(label) for label in [*case["predictions"], *case["references"]]})
    return compute("accuracy", *([labels.index(str(label)) for label in case[side]] for side in SIDES))


def decided(case):
    return compute("accuracy_f1", *([int(label) for label in case[side]] for side in SIDES))


def correlated(case):
    return compute("correlation", case["predictions"], case["references"])


def entities(case):
    return compute("entities", case["predictions"], case["references"])


def parts_of_speech(case):
    return compute("pos", case["predictions"], case["references"])


def supertags(case):
    return compute("tokens", case["predictions"], case["references"])


def answered(case):
    return compute("squad", answer_rows(case), case["references"])


def answered_or_not(case):
    gaps = case.get("null_gaps", {})
    rows = [{**row, "null_gap": gaps.get(row["id"], row.get("null_gap"))} for row in answer_rows(case)]
    return compute("squad_v2", rows, case["references"], threshold=case.get("threshold", 0.0))


def answered_by_language(case):
    return compute("mlqa", answer_rows(case), case["references"], language=case["language"])


def answer_rows(case):
    given = case["predictions"]
    return [{"id": question, "text": text} for question, text in given.items()] if isinstance(given, dict) else given


def nearest(case):
    return compute("retrieval", case["nearest"], list(range(len(case["nearest"]))))


def mined(case):
    return compute("mining", case["mined"], case["gold"])


def ranked(case):
    assert case.get("k", 20) == 20
    given, gold = case.get("ranked", case.get("predictions")), case.get("targets", case.get("references"))
    if isinstance(gold, dict):
        given, gold = [given.get(query, []) for query in gold], list(gold.values())
    for number, precision in enumerate(case.get("average_precision", [])):
        found = compute("map@20", [given[number]], [gold[number]])["map@20"]
        assert found == pytest.approx(100 * precision, abs=1e-6), f"query {number}"
    return compute("map@20", given, gold)


SIDES = ("predictions", "references")
SCORED = {
    **dict.fromkeys(("xnli", "pawsx", "xcopa", "mnli", "siqa"), classified),
    **dict.fromkeys(("mrpc", "qqp"), decided),
    **dict.fromkeys(("stsb", "sts17"), correlated),
    **dict.fromkeys(("panx", "wikiann", "conll2003"), entities),
    "udpos": parts_of_speech,
    "ccg": supertags,
    **dict.fromkeys(("squad", "xquad", "tydiqa"), answered),
    **dict.fromkeys(("squad2", "squad_v2", "squadv2"), answered_or_not),
    "mlqa": answered_by_language,
    "tatoeba": nearest,
    "bucc2018": mined,
    **dict.fromkeys(("lareqa", "mewslix"), ranked),
}


def check(path):
    """Score the predictions of a file and compare every official score in it."""
    case = json.loads(path.read_text(encoding="utf-8"))
    task = case.get("task", path.name.split(".")[0])
    assert task in SCORED, f"{path.name}: no metric is known for the task {task!r}"
    assert case["expected"], f"{path.name} expects no score"
    scores = SCORED[task](case)
    for key, value in case["expected"].items():
        ours = SQUAD_V2_NAMES.get(key, key)
        assert ours in scores, f"{path.name}: {task} has no score {key!r}"
        assert scores[ours] == pytest.approx(value, abs=1e-6), f"{path.name}: {key}"


@needs_folder
def test_the_folder_of_official_scores_has_some():
    assert FILES, f"no case in {FOLDER}"


@needs_folder
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scores_agree_with_the_official_ones(path):
    check(path)


@pytest.fixture
def written(tmp_path):
    def write(name, **case):
        path = tmp_path / name
        path.write_text(json.dumps(case), encoding="utf-8")
        return path

    return write


def test_a_case_of_an_unknown_task_fails_with_its_name(written):
    with pytest.raises(AssertionError, match=r"new\.de\.json.*'newtask'"):
        check(written("new.de.json", task="newtask", expected={"f1": 1.0}))


def test_an_official_score_that_is_not_produced_fails_with_its_name(written):
    case = {"task": "xnli", "predictions": ["yes", "no"], "references": ["yes", "yes"]}
    check(written("xnli.de.json", **case, expected={"accuracy": 50.0}))
    with pytest.raises(AssertionError, match=r"xnli\.de\.json.*'f1'"):
        check(written("xnli.de.json", **case, expected={"accuracy": 50.0, "f1": 50.0}))


def test_an_official_score_that_differs_fails_with_its_name(written):
    case = {"task": "xnli", "predictions": [1, 0], "references": [1, 1]}
    with pytest.raises(AssertionError, match=r"xnli\.de\.json.*accuracy"):
        check(written("xnli.de.json", **case, expected={"accuracy": 50.001}))


def test_cases_of_every_kind_can_be_read(written):
    for case in (
        {"task": "pawsx", "predictions": [1, 0], "references": [1, 1], "expected": {"accuracy": 50.0}},
        {"task": "mrpc", "predictions": [1, 0], "references": [1, 0], "expected": {"accuracy": 100.0, "f1": 100.0}},
        {"task": "ccg", "predictions": [["N"]], "references": [["N"]], "expected": {"token_accuracy": 100.0}},
        {"task": "stsb", "predictions": [1, 2, 3], "references": [1, 2, 3], "expected": {"spearman": 100.0}},
        {
            "task": "squad2",
            "predictions": {"a": "x", "b": "x"},
            "null_gaps": {"a": -1.0, "b": 1.0},
            "references": [{"id": "a", "answers": ["x"]}, {"id": "b", "answers": []}],
            "expected": {"exact": 100.0, "f1": 100.0, "HasAns_f1": 100.0, "NoAns_exact": 100.0},
        },
        {
            "task": "mewslix",
            "predictions": {"m": ["Q2", "Q1"]},
            "references": {"m": ["Q1"], "n": ["Q3"]},
            "expected": {"map@20": 25.0},
        },
    ):
        check(written("case.json", **case))
