"""``run`` and ``report`` on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

Cli = Callable[..., tuple[int, str, str]]

RECIPE = """\
name: small
title: A small experiment
setups: [none, mnli]
targets:
  xnli:
    train: {epochs: 1, batch_size: 8, limit: 16, dev_limit: 6, max_length: 48}
    limit: 6
"""
#: The legend of a terminal's table whose differences were tested.
TESTED = "p < 0.05 (over seeds and rows, Holm-adjusted)"


def test_a_dry_run_prints_the_steps_and_does_nothing(
    cli: Cli, lab_options: list[str], tmp_path: Path, trained: Any
) -> None:
    (tmp_path / "small.yaml").write_text(RECIPE)
    before = sorted(trained.store.root.rglob("*"))
    code, out, err = cli("run", tmp_path / "small.yaml", "--dry-run", *lab_options)
    assert code == 0
    assert "0 of 4 runs behind, about " in err
    *steps, prospect = out.splitlines()
    assert all(re.match(r" +\d+ +\d+ s  ", line) for line in steps)
    assert prospect == "xnli: one seed shows no difference: descriptive only"
    assert [line.split(" s  ", 1)[1] for line in steps] == [
        "train xnli, seed 42",
        "evaluate xnli on xnli, seed 42",
        "train stack(mnli, xnli), seed 42",
        "evaluate stack(mnli, xnli) on xnli, seed 42",
    ]
    assert sorted(trained.store.root.rglob("*")) == before


def test_a_recipe_runs_to_a_report_and_its_results_can_be_reported_again(
    cli: Cli, trained: Any, lab_options: list[str], tmp_path: Path
) -> None:
    (tmp_path / "small.yaml").write_text(RECIPE + "seeds: [42, 43]\n")
    code, out, err = cli("run", tmp_path / "small.yaml", "--to", tmp_path / "report", "--json", *lab_options)
    assert code == 0, err
    written = json.loads(out)
    assert Path(written["report"]).exists()
    assert [result["setup"] for result in written["results"]] == ["xnli", "stack(mnli, xnli)"] * 2
    code, out, err = cli("run", tmp_path / "small.yaml", "--to", tmp_path / "report", *lab_options)
    assert code == 0, err
    assert "step" not in err
    assert TESTED in out
    code, out, _ = cli("report", "--json", *lab_options[-2:])
    assert code == 0
    assert {result["setup"] for result in json.loads(out)} == {"xnli", "stack(mnli, xnli)"}
    # The per-example scores are found beside the results.
    results = str(trained.store.root / "results")
    code, out, err = cli("report", results, "--to", tmp_path / "again")
    assert code == 0, err
    assert "95 % interval" in (tmp_path / "again" / "report.md").read_text()
    assert TESTED in out


def test_a_report_quotes_the_command_that_made_it(
    cli: Cli, trained: Any, lab_options: list[str], tmp_path: Path
) -> None:
    (tmp_path / "small.yaml").write_text(RECIPE + "  tatoeba: {limit: 4}\n")
    options = ["--only", "tatoeba", "--precision", "fp32", "--to", "some"]
    assert cli("run", "small.yaml", *options, *lab_options)[0] == 0
    quoted = f"xadapt run small.yaml --data MIRROR --base {trained.backbone.name} --only tatoeba --precision fp32"
    for name in ("report.md", "report.html"):
        assert quoted in (tmp_path / "some" / name).read_text()
    # What was not given is not quoted, and a shell takes the rest as it was.
    assert cli("report", trained.store.root / "results", "--to", "one more", "--title", "It's mine")[0] == 0
    quoted = f"xadapt report {trained.store.root}/results --to 'one more' --title 'It'\"'\"'s mine'"
    assert f"\n{quoted}\n" in (tmp_path / "one more" / "report.md").read_text()


def test_a_run_whose_time_is_up_reports_what_is_done(
    cli: Cli, lab_options: list[str], tmp_path: Path, trained: Any
) -> None:
    recipe, fused = tmp_path / "small.yaml", "fuse(mnli, stsb)"
    target = "{limit: 2, explain: 1, train: {epochs: 1, batch_size: 8, limit: 8, dev_limit: 4, max_length: 48}}"
    rest = f"name: few\ntitle: Few\nready: ['{fused}']\ntargets: {{xnli: {target}}}\n"
    recipe.write_text(f"setups: [mnli]\n{rest}")
    assert cli("run", recipe, "--to", tmp_path / "first", *lab_options)[0] == 0
    recipe.write_text(f"setups: [mnli, '{fused}']\n{rest}")
    code, _, err = cli("run", recipe, "--to", tmp_path / "second", "--max-hours", "0", *lab_options)
    assert code == 0, err
    assert "2 of 4 runs are left" in err
    assert (tmp_path / "second" / "report.html").is_file()
