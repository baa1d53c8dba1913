"""A user's own rows of extractive QA: read however they are written, and checked before anything is trained."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.data.own_files import write_csv, write_jsonl
from tests.error_checks import refused
from xadapt.data.own_tasks import declare
from xadapt.data.source import Source
from xadapt.tasks import Row

CONTEXT = "Für das Fest backte Jürgen Brötchen, während Änne süße Äpfel schälte."
ANSWERS = ("Jürgen", "Brötchen", "Änne", "süße Äpfel")

Declared = Callable[..., Path]


def questions(part: str, count: int = 8, start: Callable[[str], int] = CONTEXT.index) -> list[Row]:
    """Questions of a part, each with an answer."""
    return [
        {
            "id": f"{part}{number}",
            "question": f"{part} {number}?",
            "context": CONTEXT,
            "answers": {"text": [ANSWERS[number % 4]], "answer_start": [start(ANSWERS[number % 4])]},
        }
        for number in range(count)
    ]


def in_bytes(answer: str) -> int:
    return len(CONTEXT[: CONTEXT.index(answer)].encode())


@pytest.fixture
def ask(tmp_path: Path) -> Declared:
    """Write questions and their declaration."""

    def written(
        train: list[Row] | None = None, dev: list[Row] | None = None, more: str = "", end: str = "jsonl"
    ) -> Path:
        write = write_csv if end == "csv" else write_jsonl
        write(tmp_path / f"train.{end}", questions("train") if train is None else train)
        write(tmp_path / f"dev.{end}", questions("dev") if dev is None else dev)
        path = tmp_path / "asked.yaml"
        path.write_text(f"name: asked\nproblem: span-qa\ntrain: train.{end}\ndev: dev.{end}\n{more}", encoding="utf-8")
        return path

    return written


def rows_of(path: Path, part: str = "dev") -> tuple[list[Row], list[str]]:
    """The rows that are used, and what was said of them."""
    said: list[str] = []
    task = declare(path, said.append).task()
    read = getattr(Source("hub"), part)
    return read(task).rows, said


def changed(part: str, number: int, **changes: Any) -> list[Row]:
    rows = questions(part)
    rows[number] |= changes
    return rows


def test_offsets_in_bytes_are_read_as_such_and_it_is_said(ask: Declared) -> None:
    rows, said = rows_of(ask(dev=questions("dev", start=in_bytes)))
    assert rows == questions("dev")
    assert len(said) == 1
    assert "dev.jsonl" in said[0]


def test_an_answer_that_is_not_at_its_start_is_refused_with_the_place_where_it_is(ask: Declared) -> None:
    moved = {"text": ["Jürgen"], "answer_start": [3]}
    with refused("asked.yaml:3: train", "train.jsonl, row 5", "'Jürgen'", CONTEXT.index("Jürgen")):
        declare(ask(train=changed("train", 5, answers=moved)))


def test_two_rows_of_one_id_are_named_before_training(ask: Declared) -> None:
    with refused("asked.yaml:4: dev", "dev.jsonl, row 5", "'dev2'", "row 2"):
        declare(ask(dev=changed("dev", 5, id="dev2")))


def test_a_number_and_the_same_number_as_text_are_one_id(ask: Declared) -> None:
    rows = changed("dev", 1, id=1)
    rows[4]["id"] = "1"
    with refused("dev.jsonl, row 4", "'1'", "row 1"):
        declare(ask(dev=rows))


def test_ids_of_training_rows_may_come_twice(ask: Declared) -> None:
    assert len(rows_of(ask(train=changed("train", 5, id="train2")), "train")[0]) == 8


def test_rows_of_several_files_have_ids_of_their_own(ask: Declared, tmp_path: Path) -> None:
    path = ask()
    write_jsonl(tmp_path / "more.jsonl", [{**questions("more")[0], "id": "dev3"}])
    text = path.read_text(encoding="utf-8").replace("dev: dev.jsonl", "dev: [dev.jsonl, more.jsonl]")
    path.write_text(text, encoding="utf-8")
    with refused("more.jsonl, row 0", "'dev3'", "dev.jsonl, row 3"):
        declare(path)


def test_rows_without_ids_are_known_by_their_place(ask: Declared) -> None:
    bare = [{name: value for name, value in row.items() if name != "id"} for row in questions("dev")]
    rows, _ = rows_of(ask(dev=bare))
    assert [row["id"] for row in rows] == [f"dev.jsonl:{number}" for number in range(8)]


def test_no_answer_is_read_where_it_is_declared(ask: Declared) -> None:
    nothing = {"text": [""], "answer_start": [-1]}
    rows, _ = rows_of(ask(dev=changed("dev", 2, answers=nothing), more="unanswerable: true\n"))
    assert rows[2]["answers"] == {"text": [], "answer_start": []}
    with refused("dev.jsonl, row 2", "unanswerable: true"):
        declare(ask(dev=changed("dev", 2, answers=nothing)))


def test_an_answer_of_an_impossible_question_is_named(ask: Declared) -> None:
    with refused("train.jsonl, row 3", "is_impossible", "'süße Äpfel'"):
        declare(ask(train=changed("train", 3, is_impossible=True), more="unanswerable: true\n"))


def test_answers_in_two_columns_of_a_table_are_read(ask: Declared) -> None:
    def flat(part: str) -> list[Row]:
        return [
            {"question": row["question"], "context": "Ann did it", "said": "Ann", "at": "0"} for row in questions(part)
        ]

    rows, _ = rows_of(ask(flat("train"), flat("dev"), "columns: {answers: [said, at]}\n", "csv"))
    assert rows[0]["answers"] == {"text": ["Ann"], "answer_start": [0]}


def test_two_columns_make_an_answer_and_three_make_none(ask: Declared) -> None:
    with refused("asked.yaml:5: columns.answers", "text, answer_start"):
        declare(ask(more="columns: {answers: [a, b, c]}\n"))
