"""Files of a submission are laid out as XTREME's evaluator reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.submissions import Given, Keep, accuracy, read_labels, sorted_positions, submit
from xadapt import metrics
from xadapt.data.source import RowSet
from xadapt.evaluation.submission import file_name
from xadapt.tasks import get_task
from xadapt.tasks.suites import XTREME, XTREME_R


def read_tags(path: Path) -> list[list[str]]:
    sentences: list[list[str]] = []
    current: list[str] = []
    for line in path.read_text().splitlines():
        if line.strip():
            current.append(line.strip())
        else:
            sentences.append(current)
            current = []
    return sentences + ([current] if current else [])


def test_translations_are_in_the_order_of_the_sorted_english_side(keep: Keep, store: Any, tmp_path: Path) -> None:
    english = ["Where?", " A dog.", "Now.", "A dog.", "Because."]
    rows = [{"first": "", "second": text} for text in english]
    # The third and the last are wrong.
    keep("tatoeba", [0, 1, 4, 3, 0], rows=RowSet(rows, "test", 5).fingerprint[:16], setup="mnli")
    submit(store, tmp_path / "to", Given({"tatoeba": rows}))
    found = read_labels(tmp_path / "to/tatoeba/test-de.tsv")
    assert found == ["1", "3", "0", "4", "0"]
    assert sorted_positions(english) == ["1", "3", "4", "2", "0"]
    assert accuracy(found, sorted_positions(english)) == 60.0


@pytest.mark.parametrize("task", ["udpos", "wikiann"])
def test_tags_are_one_a_line_with_an_empty_line_between_sentences(
    keep: Keep, store: Any, tmp_path: Path, task: str
) -> None:
    tags = [["O", "B-PER", "I-PER"], ["O"], ["B-LOC", "O"]]
    keep(task, tags)
    submit(store, tmp_path / "to")
    path = tmp_path / "to" / {"udpos": "udpos", "wikiann": "panx"}[task] / "test-de.tsv"
    assert path.read_text() == "O\nB-PER\nI-PER\n\nO\n\nB-LOC\nO\n"
    assert read_tags(path) == tags


def test_paraphrases_are_0_and_1(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("pawsx", [0, 1, 1])
    submit(store, tmp_path / "to")
    assert (tmp_path / "to/pawsx/test-de.tsv").read_text() == "0\n1\n1\n"


def test_choices_are_json_lines(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("xcopa", [1, 0], "et")
    submit(store, tmp_path / "to", suite=XTREME_R)
    lines = (tmp_path / "to/xcopa/test-et.jsonl").read_text().splitlines()
    assert [json.loads(line)["label"] for line in lines] == [1, 0]


def test_answers_keep_their_script(keep: Keep, store: Any, tmp_path: Path) -> None:
    keep("tydiqa", [{"id": "a", "text": "Привет"}, {"id": "b", "text": "", "null_gap": 1.0}], "ru")
    submit(store, tmp_path / "to")
    text = (tmp_path / "to/tydiqa/test-ru.json").read_text(encoding="utf-8")
    assert "Привет" in text
    assert json.loads(text) == {"a": "Привет", "b": ""}


def test_mined_pairs_score_as_at_the_best_threshold(keep: Keep, store: Any, tmp_path: Path) -> None:
    mined = [[1.30003, "de-1", "en-1"], [1.20002, "de-2", "en-2"], [1.20001, "de-3", "en-9"], [1.1, "de-4", "en-8"]]
    gold = [("de-1", "en-1"), ("de-2", "en-2"), ("de-5", "en-5")]
    keep("bucc", mined, setup="mnli")
    source = Given({"bucc": [{"id": f"de-{i}", "text": ""} for i in range(1, 7)]}, gold)
    submit(store, tmp_path / "to", source)
    pairs = {tuple(line.split("\t")) for line in read_labels(tmp_path / "to/bucc2018/test-de.tsv")}
    assert pairs == {("de-1", "en-1"), ("de-2", "en-2")}
    right = len(pairs & set(gold))
    f1 = 100 * 2 * right / (len(pairs) + len(gold))
    assert f1 == pytest.approx(metrics.compute("mining", mined, gold)["f1"])


def test_rankings_are_cut_at_20_under_the_id_of_their_query(keep: Keep, store: Any, tmp_path: Path) -> None:
    entities = [f"Q{i}" for i in range(30)]
    keep("mewslix", [entities, entities[::-1]], setup="mnli")
    keep("lareqa", [["ar:0:0", "de:12:3"]], setup="mnli")
    source = Given({"mewslix": [{"id": "m1"}, {"id": "m2"}], "lareqa": [{"id": "56be"}]})
    submit(store, tmp_path / "to", source, XTREME_R)
    ranked = json.loads((tmp_path / "to/mewslix/test-de.json").read_text())
    assert ranked == {"m1": entities[:20], "m2": entities[:9:-1]}
    assert json.loads((tmp_path / "to/lareqa/test-de.json").read_text()) == {"56be_de": ["ar_1_0", "de_13_3"]}


def test_files_are_where_the_evaluator_looks() -> None:
    names = {file_name(get_task(task), "de") for suite in (XTREME, XTREME_R) for task in suite.tasks}
    tsv = {f"{task}/test-de.tsv" for task in ("xnli", "pawsx", "udpos", "panx", "bucc2018", "tatoeba")}
    json_ = {f"{task}/test-de.json" for task in ("xquad", "mlqa", "tydiqa", "mewslix", "lareqa")}
    assert names == tsv | json_ | {"xcopa/test-de.jsonl"}
