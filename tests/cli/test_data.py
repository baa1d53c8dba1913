"""``xadapt data``: what there is, whether it is good, and how it is fetched."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from tests.data.hub_errors import gated
from tests.error_checks import check_line, check_refusal
from xadapt import connection

Cli = Callable[..., tuple[int, str, str]]
XNLI_DE = "facebook/xnli/de/validation.parquet"


@pytest.fixture
def cli(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command of ``data``, in a terminal of a usual width."""
    monkeypatch.setenv("COLUMNS", "100")
    return lambda *arguments: cli("data", *arguments)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A hub that has one row of every test set of XNLI and of MNLI, and refuses French; gives what it was asked for."""
    asked: list[str] = []

    def load_dataset(hub_id: str, config: str | None = None, split: str | None = None, **options: Any) -> Any:
        asked.append(f"{hub_id} {config} {split}")
        if config == "fr":
            raise gated("facebook/xnli")
        names = ["entailment", "neutral", "contradiction"]
        features = {"premise": datasets.Value("string"), "hypothesis": datasets.Value("string")}
        return datasets.Dataset.from_list(
            [{"premise": "a", "hypothesis": "b", "label": 1}],
            features=datasets.Features({**features, "label": datasets.ClassLabel(names=names)}),
        )

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    monkeypatch.setattr(connection, "prepare_hub", lambda: True)
    return asked


def test_a_list_shows_what_every_task_needs(cli: Cli) -> None:
    code, out, err = cli("list")
    assert (code, err) == (0, "")
    for expected in ("mnli", "pair-classification", "xtreme xtreme-r", "facebook/anli", "stanfordnlp/snli"):
        assert expected in out
    assert "not on the hub: ccg: CCGbank is licensed" in out
    assert all(len(line) <= 100 for line in out.splitlines() if not line.startswith("not on the hub"))


def test_a_list_of_a_mirror_shows_what_is_there(cli: Cli, mirror: Path) -> None:
    code, out, err = cli("list", "xnli", "mlqa-cross", "stsb", "--data", mirror)
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines() if line.split()}
    assert lines["xnli"].split()[4:] == ["24", "24", "2", "of", "15", "24", "13", "languages"]
    assert "0 of 42" in lines["mlqa-cross"]
    assert "all 42 pairs" in lines["mlqa-cross"]
    assert lines["stsb"].split() == ["stsb", "pair-regression", "–", "24", "24", "–", "–"]
    assert all(len(line) <= 100 for line in out.splitlines()[1:])


def test_a_list_takes_the_mirror_of_the_environment(cli: Cli, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XADAPT_DATA", str(mirror))
    code, out, _ = cli("list", "xnli", "--json")
    (facts,) = json.loads(out)
    assert code == 0
    assert facts["languages_here"] == ["de", "en"]
    assert (facts["train_rows"], facts["dev_rows"], facts["test_rows"]) == (24, 24, 24)
    assert facts["test_splits"] == ["validation"]
    assert facts["train_sets"] == ["nyu-mll/multi_nli"]
    assert len(facts["languages"]) == 15


def test_a_list_of_the_hub_and_of_the_demonstration_is_for_programs_too(cli: Cli) -> None:
    from xadapt.tasks import all_tasks

    assert [entry["task"] for entry in json.loads(cli("list", "--json")[1])] == [task.name for task in all_tasks()]
    (facts,) = json.loads(cli("list", "xquad", "--data", "bundled", "--json")[1])
    assert facts["train_rows"] > 0
    assert "de" in facts["languages_here"]


def test_suites_groups_and_tasks_are_taken_together(cli: Cli) -> None:
    names = [entry["task"] for entry in json.loads(cli("list", "paper", "xtreme", "mnli", "--json")[1])]
    assert len(names) == len(set(names)) == 9 + 9


@pytest.mark.parametrize(
    ("arguments", "subject", "advice"),
    [
        (["list", "xtremer"], "'xtremer'", "'xtreme-r'"),
        (["check", ".", "xnly"], "'xnly'", "'xnli'"),
        (["pull", "papr", "--to", "m"], "'papr'", "'paper'"),
        (["check", "nowhere"], "nowhere", "mirror"),
        (["list", "--data", "nowhere"], "'nowhere'", "bundled"),
        (["pull", "xnli"], "--to", "data pull --help"),
        (["pull", "--to", "m"], "argument", "data pull --help"),
        (["pull", "xnli", "--to", "m", "--workers", "0"], "--workers", "1"),
        (["pull", "xnli", "--to", "m", "--languages", "deu"], "'deu'", "'de'"),
        (["pull", "xnli", "--to", "m", "--languages", "qu"], "'qu'", ""),
        (["pull", "xnli", "--to", "m", "--languages", ","], "--languages", "all"),
        (["chek", "."], "'chek'", "'check'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_exit_code_2(cli: Cli, arguments: list[str], subject: str, advice: str) -> None:
    code, out, err = cli(*arguments)
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, subject, advice=advice)


def test_without_a_command_help_is_shown(cli: Cli) -> None:
    code, out, _ = cli()
    assert code == 0
    for command in ("list", "check", "pull"):
        assert command in out


def test_a_good_mirror_passes_the_check_though_files_are_missing(cli: Cli, mirror: Path) -> None:
    (mirror / "notes.txt").write_text("mine")
    code, out, err = cli("check", mirror, "xnli", "tatoeba")
    assert code == 0, out
    assert "13 languages" in out
    assert "read by no task: notes.txt" in out
    assert out.splitlines()[-1] == "2 tasks: 0 whole, 2 in part, 0 not there; 5 files, 84 rows; 0 faults, 0 warnings"
    assert "reading 0/5" in err


def test_english_test_rows_that_choose_checkpoints_are_a_note_and_no_fault(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "own/PhilipMay/stsb_multi_mt/en"
    folder.mkdir(parents=True)
    (folder / "dev.csv").write_text("sentence1,sentence2,similarity_score\na,b,1\nc,d,2\n")
    code, out, _ = cli("check", tmp_path / "own", "sts-multi")
    assert code == 0
    note = "note: checkpoints are chosen on English test rows, so English scores may be too high: sts-multi (2 of 2)"
    assert note in out.splitlines()
    code, out, _ = cli("check", tmp_path / "own", "sts-multi", "--json")
    assert json.loads(out)["reused"] == [{"task": "sts-multi", "rows": 2, "of": 2}]


def test_a_fault_is_named_with_file_count_and_first_row_and_gives_exit_code_1(cli: Cli, mirror: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path = mirror / XNLI_DE
    rows = parquet.read_table(path).to_pylist()
    for row in rows[3:6]:
        row["label"] = 9
    parquet.write_table(pa.Table.from_pylist(rows), path)
    (mirror / "facebook/xnli/en/validation.parquet").write_bytes(b"half")
    code, out, err = cli("check", mirror, "xnli")
    assert code == 1
    assert "error" not in err
    label = "label 9 is not one of 0 to 2 (entailment, neutral, contradiction)"
    assert f"fault: {XNLI_DE}, 3 rows, the first is row 3: {label}" in out
    assert "fault: facebook/xnli/en/validation.parquet: is not a readable parquet file" in out
    assert "2 faults, 0 warnings" in out
    code, out, _ = cli("check", mirror, "xnli", "--json")
    found = json.loads(out)
    assert code == 1
    assert [(fault["file"], fault["count"], fault["row"]) for fault in found["faults"]] == [
        (XNLI_DE, 3, 3),
        ("facebook/xnli/en/validation.parquet", 0, None),
    ]
    assert found["tasks"][0]["languages_here"] == ["de"]
    assert {entry["file"] for entry in found["files"]} >= {XNLI_DE}


def test_a_warning_leaves_exit_code_0(cli: Cli, mirror: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path = mirror / XNLI_DE
    rows = parquet.read_table(path).to_pylist()
    rows[7]["premise"] = " "
    parquet.write_table(pa.Table.from_pylist(rows), path)
    code, out, _ = cli("check", mirror, "xnli")
    assert code == 0
    assert f"warning: {XNLI_DE}, row 7: premise is empty" in out
    assert "0 faults, 1 warning" in out


def test_many_faults_are_cut_unless_all_are_asked_for(cli: Cli, mirror: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    from xadapt.tasks import get_task

    codes = get_task("xnli").languages + get_task("pawsx").languages
    for number, code in enumerate(codes):
        folder = f"facebook/xnli/{code}" if number < 15 else f"google-research-datasets/paws-x/{code}"
        (mirror / folder).mkdir(parents=True, exist_ok=True)
        parquet.write_table(pa.table({"premise": ["a"]}), mirror / folder / "test.parquet")
    _, out, _ = cli("check", mirror, "xnli", "pawsx")
    assert out.count("fault: ") == 21
    assert "fault: and 2 more, see --files" in out
    _, out, _ = cli("check", mirror, "xnli", "pawsx", "--files")
    assert out.count("fault: ") == 22
    assert "nyu-mll/multi_nli/default/train.parquet" in out


def test_a_mirror_with_nothing_of_a_suite_is_one_line_and_exit_code_1(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, out, err = cli("check", "empty", "xtreme-r")
    assert out == ""
    check_refusal(code, err, "empty", advice="`xadapt data pull xtreme-r --to empty`", failed=True)


def test_a_pull_fills_a_mirror_that_passes_the_check(cli: Cli, hub: list[str], tmp_path: Path) -> None:
    code, out, err = cli("pull", "xnli", "--to", "m", "--languages", "de,sw", "--workers", 1)
    assert code == 0
    assert out.startswith("m: 4 files pulled (4 rows, ")
    assert out.endswith(" MB), 0 already there, 0 could not be had\n")
    assert "pulling 4/4: " in err
    assert sorted(hub) == [
        "facebook/xnli de test",
        "facebook/xnli sw test",
        "nyu-mll/multi_nli None train",
        "nyu-mll/multi_nli None validation_matched",
    ]
    code, out, _ = cli("check", "m", "xnli")
    assert code == 0
    assert "4 files, 4 rows; 0 faults, 0 warnings" in out
    hub.clear()
    code, out, _ = cli("pull", "xnli", "--to", "m", "--languages", "de,sw")
    assert (code, hub) == (0, [])
    assert out == "m: 0 files pulled (0 rows, 0.0 MB), 4 already there, 0 could not be had\n"


def test_a_damaged_file_of_a_pull_is_a_fault_until_it_is_pulled_again(cli: Cli, hub: list[str], tmp_path: Path) -> None:
    cli("pull", "xnli", "--to", "m", "--languages", "de")
    path = tmp_path / "m/facebook/xnli/de/test.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    code, out, _ = cli("check", "m", "xnli")
    assert code == 1
    first = next(line for line in out.splitlines() if line.startswith("fault: "))
    check_line(first, "facebook/xnli/de/test.parquet", "SHA-256", advice="pull it again")
    assert cli("pull", "xnli", "--to", "m", "--languages", "de")[0] == 0
    assert cli("check", "m", "xnli")[0] == 0


def test_what_cannot_be_had_is_named_at_the_end_and_costs_only_itself(cli: Cli, hub: list[str], tmp_path: Path) -> None:
    code, out, err = cli("pull", "xnli", "bucc", "--to", "m", "--languages", "de,fr")
    assert code == 1
    assert "error" not in err
    lines = out.splitlines()
    assert lines[0].startswith("not on the hub: bucc: ")
    check_line(lines[1], "facebook/xnli", "fr/test.parquet", advice="`hf auth login`")
    assert lines[2].startswith("m: 3 files pulled")
    code, out, _ = cli("pull", "xnli", "--to", "m", "--languages", "de,fr", "--json")
    found = json.loads(out)
    assert code == 1
    assert (len(found["kept"]), len(found["failed"])) == (3, 1)


def test_a_pull_without_the_hub_is_one_line_and_exit_code_1(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "prepare_hub", lambda: False)
    code, out, err = cli("pull", "xnli", "--to", "m")
    assert (out, err.count("\n")) == ("", 1)
    check_refusal(code, err, "hub", advice="copy the folder", failed=True)


def test_on_a_terminal_there_is_a_bar(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from rich.console import Console

    from xadapt.cli import data

    stream = io.StringIO()
    monkeypatch.setattr(data, "err", Console(file=stream, force_terminal=True, width=100))
    with data._progress("reading") as progress:
        progress(1, 2, XNLI_DE)
    assert "reading" in stream.getvalue()
    assert "1/2" in stream.getvalue()


def test_a_list_loads_no_model_library(mirror: Path) -> None:
    script = (
        "import sys\nfrom xadapt.cli.main import main\n"
        f"try:\n    main(['data', 'list', '--data', {str(mirror)!r}])\nfinally:\n"
        "    print(sorted({'torch', 'transformers', 'adapters', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("[]")
