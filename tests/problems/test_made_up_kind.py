"""A kind that is not in the package is added in one file, and everything works with tasks of it."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt import plugins
from xadapt.cli.main import main
from xadapt.data.mirror_check import check_mirror
from xadapt.data.own_tasks import declare
from xadapt.tasks import Row, Rows, Task, specs

KIND = "tests.problems.counting_kind"
THINGS = ("bridges", "women", "rivers", "dogs")
DECLARED = """\
name: birds
problem: counting
most: 4
columns: {first: text, count: birds}
train: train.jsonl
dev: dev.jsonl
test: "test-{language}.jsonl"
languages: [de, xq]
"""
QUICK = ["--epochs", "1", "--batch-size", "8", "--max-length", "32", "--dev-limit", "6"]
LINEAR = ["--adapter-config", "lora[r=4]"]

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file of the kind, as if imported for the first time; the kind is forgotten afterwards."""
    monkeypatch.setattr(specs, "_SPECS", {spec.kind: spec for spec in specs.all_specs()})
    monkeypatch.delitem(sys.modules, KIND, raising=False)
    yield importlib.import_module(KIND)
    sys.modules.pop(KIND, None)


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    """The declaration of a task of the kind, with its files."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for number, name in enumerate(("train", "dev", "test-de", "test-xq")):
        rows = [{"text": f"{'la ' * (i % 5)}{THINGS[i % 4]} {i} {number}", "birds": i % 5} for i in range(20)]
        write(folder / f"{name}.jsonl", rows)
    (folder / "my.yaml").write_text(DECLARED, encoding="utf-8")
    return folder / "my.yaml"


@pytest.fixture
def cli(tiny_base_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """A command with the tiny base and a store."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in (*arguments, "--store", tmp_path / "store")])
        printed = capsys.readouterr()
        return int(exit_.value.code or 0), printed.out, printed.err

    return run


def write(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def changed(declared: Path, old: str, new: str) -> Path:
    text = declared.read_text(encoding="utf-8")
    assert old in text
    declared.write_text(text.replace(old, new), encoding="utf-8")
    return declared


def test_it_is_trained_measured_asked_exported_imported_and_reported(
    cli: Cli, declared: Path, tiny_base_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, data = ["--base", str(tiny_base_folder)], ["--data", str(declared.parent)]
    code, out, err = cli("train-task", declared, *QUICK, *LINEAR, *base, *data, "--json")
    assert code == 0, err
    assert json.loads(out)["setup"] == "birds"

    code, out, err = cli("evaluate", "birds", "--setup", "birds", "--max-length", "32", *base, *data, "--json")
    assert code == 0, err
    result = json.loads(out)
    assert (result["metric"], set(result["languages"])) == ("spearman", {"de", "xq"})
    assert result["languages"]["de"]["n"] == 20

    write(tmp_path / "new.jsonl", [{"text": "seven dogs"}, {"text": "la la rivers"}])
    code, out, err = cli("predict", tmp_path / "new.jsonl", "--setup", "birds", "--task", "birds", *base)
    assert code == 0, err
    found = [json.loads(line) for line in out.splitlines()]
    assert [row["text"] for row in found] == ["seven dogs", "la la rivers"]
    assert all(row["prediction"] == round(row["exactly"]) for row in found)

    # The process that loads an export has tests of its own.
    check = importlib.import_module("xadapt.portable.export_check").Check({"birds": 0.0}, 12)
    monkeypatch.setattr("xadapt.portable.export.check", lambda *given: check)
    code, out, err = cli("export", "birds", "--to", tmp_path / "merged", "--format", "merged", *base, "--json")
    assert code == 0, err
    assert json.loads(out)["architecture"] == "XLMRobertaForSequenceClassification"
    page = (tmp_path / "merged" / "README.md").read_text(encoding="utf-8")
    assert "the count is 4 × the output" in page
    assert 'model.eval()(**tokenizer("Sieben Hunde.", return_tensors="pt"))' in page

    code, out, err = cli("export", "birds", "--to", tmp_path / "hub", "--format", "adapterhub", *base)
    assert code == 0, err
    code, out, err = cli("import", tmp_path / "hub", "--task", "birds", "--name", "theirs", *base, "--json")
    assert code == 0, err
    assert [made["heads"] for made in json.loads(out)] == [["birds"]]

    code, out, err = cli("report", "--to", tmp_path / "report")
    assert code == 0, err
    assert "birds" in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")


def test_a_task_of_it_is_declared_with_the_keys_of_the_kind(counting: Any, declared: Path) -> None:
    task = declare(declared).task()
    assert (task.kind, task.metric) == (counting.Counting(most=4), "correlation")
    assert declare(changed(declared, "most: 4\n", "")).task().kind == counting.Counting(most=10)
    with refused("most", "0", advice="1 or more"):
        declare(changed(declared, "name: birds", "most: 0\nname: birds"))


@pytest.mark.parametrize(
    ("old", "new", "subjects", "advice"),
    [
        ("most: 4", "most: 3", ("row 4", "count 4"), "0 to 3"),
        ("most: 4", "most: few", ("my.yaml", "most", "few"), "integer"),
        ("most: 4", "mots: 4", ("my.yaml", "'mots'"), "'most'"),
        ("most: 4", "range: [1, 5]", ("my.yaml", "range", "counting"), "pair-regression"),
        ("problem: counting", "problem: tagging", ("my.yaml", "most", "tagging"), "counting"),
        ("problem: counting", "problem: conting", ("my.yaml", "'conting'"), "'counting'"),
    ],
)
def test_a_mistake_in_its_declaration_or_in_a_row_names_file_and_line(
    declared: Path, old: str, new: str, subjects: tuple[str, ...], advice: str
) -> None:
    with refused(f"{declared}:", *subjects, advice=advice):
        declare(changed(declared, old, new))


def test_its_rows_are_checked_in_a_mirror(counting: Any, tmp_path: Path) -> None:
    task = Task(
        name="herds",
        kind=counting.Counting(most=4),
        metric="correlation",
        source="made up",
        columns={"first": "text", "count": "cows"},
        test=Rows("me/herds", config="{language}", split="test"),
        languages=("de", "sw"),
    )
    for language, counts in (("de", [0, 1, 2, 9]), ("sw", [1, *[2] * 150, 0])):
        (tmp_path / "me" / "herds" / language).mkdir(parents=True)
        rows = [{"text": f"cows {number}", "cows": count} for number, count in enumerate(counts)]
        write(tmp_path / "me" / "herds" / language / "test.jsonl", rows)
    found = check_mirror(tmp_path, [task])
    assert [(finding.file.split("/")[2], finding.what, finding.row) for finding in found.faults] == [
        ("de", "count 9 is no whole number from 0 to 4", 3),
        ("de", "it counts nothing: are these rows without a label?", 0),
    ]
    assert [(finding.file.split("/")[2], finding.what) for finding in found.warnings] == [("sw", "it counts nothing")]


def test_a_kind_that_was_not_registered_is_an_error_of_one_line(declared: Path, counting: Any) -> None:
    del specs._SPECS[counting.Counting]
    with refused("Counting", advice="register_kind"):
        specs.spec_of(counting.Counting())
    with refused("problem", "'counting'"):
        declare(declared)


def test_a_kind_in_a_file_that_a_variable_names_needs_no_import(
    declared: Path, monkeypatch: pytest.MonkeyPatch, counting: Any
) -> None:
    del specs._SPECS[counting.Counting]
    monkeypatch.setenv("XADAPT_PLUGINS", counting.__file__)
    plugins._load.cache_clear()
    try:
        assert declare(declared).task().kind.name == "counting"
    finally:
        sys.modules.pop("counting_kind", None)
        plugins._load.cache_clear()


def test_two_kinds_cannot_have_one_name(counting: Any) -> None:
    class Other(counting.Counting):
        """Another kind of the same name."""

    spec = specs.spec_of(counting.Counting)
    with refused("Counting", "called counting", advice="another name"):
        specs.register_kind(specs.KindSpec(Other, spec.problem, spec.fields, spec.metrics))
