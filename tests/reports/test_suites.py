"""The scores of suites beside a report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from xadapt.analysis.suites import score_setups
from xadapt.reports import make_report
from xadapt.reports.suites import suite_summary


def test_a_summary_says_that_a_suite_is_not_complete_and_where_its_tables_are(result: Any, tmp_path: Path) -> None:
    results = [result("stack(mnli, xnli)", {"en": 70.0})]
    (scored,) = score_setups(results, ["xtreme-r"])
    written = replace(make_report(results), suites=[scored]).write(tmp_path)
    line = suite_summary(scored)
    assert "XTREME-R is not complete" in line
    assert (tmp_path / line.rsplit("(", 1)[1].rstrip(")")).is_file()
    assert line in written.read_text()


def test_each_setup_and_seed_has_a_folder_of_its_own(result: Any, tmp_path: Path) -> None:
    results = [result("stack(mnli, xnli)", {"en": 70.0}, seed=seed) for seed in (1, 2)]
    replace(make_report(results), suites=score_setups(results, ["xtreme"])).write(tmp_path)
    assert sorted(path.parent.name for path in tmp_path.glob("xtreme/*/suite.md")) == ["mnli-1", "mnli-2"]
