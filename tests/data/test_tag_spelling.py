"""A user's own tags: which labels come of them, which of them are refused, and what is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.error_checks import refused
from xadapt.data.own_tasks import declare
from xadapt.data.source import Source

PLAIN = "In\tO\nBern\tB-LOC\n\nAnn\tB-PER\nBo\tI-PER\nnaps\tO\n"
DEV = PLAIN.replace("Bern", "Rome").replace("naps", "eats")
#: The same tags of other words.
OTHERS = PLAIN.replace("\t", "s\t")


@pytest.fixture
def opened(tmp_path: Path):
    """Declare a task of tags and give its task, its training rows and what was said."""

    def made(train: str, more: str = "", dev: str = OTHERS):
        (tmp_path / "train.conll").write_text(train, encoding="utf-8")
        (tmp_path / "dev.conll").write_text(dev, encoding="utf-8")
        path = tmp_path / "mine.yaml"
        path.write_text(f"name: mine\nproblem: tagging\ntrain: train.conll\ndev: dev.conll\n{more}", encoding="utf-8")
        said: list[str] = []
        task = declare(path, said.append).task()
        return task, [row["tags"] for row in Source("bundled").train(task).rows], said

    return made


LABELS = ("B-LOC", "B-PER", "I-PER", "O")


def test_usual_tags_are_taken_as_they_are_without_a_word(opened) -> None:
    task, tags, said = opened(PLAIN)
    assert (task.kind.labels, task.metric, said) == (LABELS, "entities", [])
    assert tags == [["O", "B-LOC"], ["B-PER", "I-PER", "O"]]


@pytest.mark.parametrize(
    ("old", "new"),
    [("-", "_"), ("-", ":"), ("\tO", "\t0"), ("O\n", "O \u200b\n"), ("PER\n", "PER\u00a0\n")],
)
def test_other_spellings_come_out_as_usual(opened, old: str, new: str) -> None:
    task, tags, said = opened(PLAIN.replace(old, new))
    assert (task.kind.labels, task.metric) == (LABELS, "entities")
    assert tags == [["O", "B-LOC"], ["B-PER", "I-PER", "O"]]
    if new.strip("\u200b\u00a0O\n PER"):
        (note,) = said
        assert "train.conll: tags are read otherwise" in note


def test_every_file_may_have_a_spelling_of_its_own(opened) -> None:
    task, _, said = opened(PLAIN, dev=DEV.lower())
    assert Source("bundled").dev(task).rows[1]["tags"] == ["B-PER", "I-PER", "O"]
    (note,) = said
    assert note.startswith(str(Path(task.dev[0].path)))
    assert "'b-loc' as 'B-LOC'" in note


def test_declared_labels_are_kept_as_they_are_declared(opened) -> None:
    task, tags, said = opened(PLAIN.replace("-", "_"), "labels: [O, B_LOC, B_PER, I_PER]\n")
    assert (task.kind.labels, task.metric) == (("O", "B_LOC", "B_PER", "I_PER"), "entities")
    assert tags == [["O", "B_LOC"], ["B_PER", "I_PER", "O"]]
    assert Source("bundled").dev(task).rows[0]["tags"] == ["O", "B_LOC"]
    assert ["dev.conll" in note for note in said] == [True]


@pytest.mark.parametrize(
    ("tag", "subjects"),
    [
        ("PER", ("'PER'", "1 of 6", "fit")),
        ("B_PER", ("'B_PER'", "fit")),
        ("0", ("'0'", "fit")),
        ("S-PER", ("'S-PER'", "fit")),
        ("_", ("'_'", "no tag")),
        ("-", ("'-'", "no tag")),
        ("nan", ("'nan'", "no tag")),
        ("B-Per", ("'B-Per'", "'B-PER'", "case")),
        ("domain=train", ("'domain=train'", "fit")),
    ],
)
def test_an_odd_tag_is_named_with_its_line_and_makes_neither_a_label_nor_a_metric(opened, tag, subjects) -> None:
    train = f"{PLAIN}Cy\t{tag}\n"
    with refused("train.conll, line 7", *subjects, advice="declare labels"):
        opened(train)


def test_an_odd_part_of_speech_is_named(opened) -> None:
    with refused("train.conll, line 3", "'B-PER'"):
        opened("In\tADP\nBern\tPROPN\nAnn\tB-PER\nnaps\tVERB\n")
    with refused("train.conll, line 2", "'noun'", "'NOUN'", "case"):
        opened("a\tNOUN\nb\tnoun\nc\tNOUN\n")


@pytest.mark.parametrize("odd", ["L-PER", "E-PER", "S-PER", "U-PER"])
def test_one_tag_of_another_scheme_does_not_make_all_of_that_scheme(opened, odd: str) -> None:
    train = "".join(f"w\t{place}-PER\n" * 9 for place in "BI") + f"w\tO\nw\t{odd}\n"
    with refused("train.conll, line 20", f"'{odd}'", "1 of 20", advice="declare labels"):
        opened(train)


def test_a_declared_metric_takes_tags_as_they_are(opened) -> None:
    train = f"{PLAIN}Cy\tPER\n"
    task, _, _ = opened(train, "metric: tokens\n", dev=train)
    assert (task.kind.labels, task.metric) == ((*LABELS, "PER"), "tokens")


def test_a_declared_label_that_is_odd_asks_for_a_metric(opened) -> None:
    labels = "labels: [O, B-LOC, B-PER, I-PER, X]\n"
    with refused("mine.yaml", "metric", "'X'", advice="metric: entities or tokens"):
        opened(PLAIN, labels)
    assert opened(PLAIN, f"{labels}metric: entities\n")[0].metric == "entities"


@pytest.mark.parametrize("tag", ["B-ORG", "per", "_", "L-PER"])
def test_a_tag_outside_of_the_labels_is_named_with_its_line(opened, tag: str) -> None:
    with refused("dev.conll, line 7", f"'{tag}'", "B-LOC, B-PER, I-PER, O", advice="declare"):
        opened(PLAIN, dev=f"{DEV}Cy\t{tag}\n")
    with refused("train.conll, line 7", f"'{tag}'", advice="declare"):
        opened(f"{PLAIN}Cy\t{tag}\n", "labels: [B-LOC, B-PER, I-PER, O]\n")


def test_rows_of_jsonl_are_checked_alike(tmp_path: Path) -> None:
    def write(*tags: str) -> None:
        rows = [{"tokens": ["a"] * 2, "ner": ["O", "B_PER"]}, {"tokens": ["b"] * len(tags), "ner": tags}]
        (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\nproblem: tagging\ncolumns: {tags: ner}\ntrain: a.jsonl\ndev: a.jsonl\n", encoding="utf-8"
    )
    write("B_PER", "I_PER")
    said: list[str] = []
    assert declare(path, said.append).labels == ["B-PER", "I-PER", "O"]
    assert sum("a.jsonl: tags are read otherwise" in note for note in said) == 1
    write("B_PER", "I_PER", "PER")
    with refused("a.jsonl, row 1", "'PER'", advice="declare labels"):
        declare(path)


@pytest.mark.parametrize(
    ("letters", "metric"),
    [("BI", "entities"), ("IE", "entities"), ("BIES", "entities_iobes"), ("BILU", "entities_bilou")],
)
def test_the_metric_is_that_of_the_scheme(opened, letters: str, metric: str) -> None:
    text = "".join(f"w\t{letter}-PER\n" for letter in letters) + "w\tO\n"
    assert opened(text, dev=text)[0].metric == metric
    assert opened(text, "metric: entities\n", dev=text)[0].metric == "entities"


def test_a_metric_of_another_scheme_is_refused(opened) -> None:
    with refused("mine.yaml:5: metric", "'U-LOC'", "IOBES", advice="metric: entities"):
        opened(PLAIN.replace("B-", "U-"), "metric: entities_iobes\n", dev=DEV.replace("B-", "U-"))
    assert opened(PLAIN, "metric: entities_iob2\n")[0].metric == "entities_iob2"


@pytest.mark.parametrize("mark", [".", "/"])
def test_marks_between_place_and_type_come_out_as_usual(opened, mark: str) -> None:
    task, _, _ = opened(PLAIN.replace("B-", f"B{mark}").replace("I-", f"I{mark}"))
    assert (task.kind.labels, task.metric) == (LABELS, "entities")


def test_brackets_and_two_tags_in_one_are_refused(opened) -> None:
    with refused("train.conll, line 4", "(PER*", advice="B-, I- and O"):
        opened("In\t*\nBern\t(LOC)\n\nAnn\t(PER*\nBo\t*)\n")
    with refused("train.conll, line 2", "B-LOC|B-ORG", advice="one a token"):
        opened(PLAIN.replace("B-LOC", "B-LOC|B-ORG"))


def test_lists_that_are_text_are_refused_with_where_lists_can_be(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("tokens,tags\n\"['Ann']\",\"['B-PER']\"\n", encoding="utf-8")
    path = tmp_path / "mine.yaml"
    for labels in ("", "labels: [B-PER, O]\n"):
        text = f"name: mine\nproblem: tagging\ntrain: train.csv\ndev: train.csv\n{labels}"
        path.write_text(text, encoding="utf-8")
        with refused("train.csv, row 0", "list", advice=".jsonl"):
            declare(path)
