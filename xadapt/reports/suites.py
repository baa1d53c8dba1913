"""The scores of suites beside a report: a folder for each setup and seed, and a line that leads there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from xadapt.reports.suite_tables import verdict_lines, write_suite

if TYPE_CHECKING:
    from pathlib import Path

    from xadapt.analysis.suites import SetupOnSuite


def write_setup_on_suite(scored: SetupOnSuite, to: Path) -> None:
    """Write scores into a folder of their own, ``SUITE/SETUP-SEED`` in a report's folder."""
    write_suite(scored.score, scored.facts, to / _folder(scored))


def suite_summary(scored: SetupOnSuite) -> str:
    """What a report says of a suite's scores: the verdict, and where all of them are."""
    facts = scored.facts
    link = f"[every task and language]({_folder(scored)}/suite.md)"
    return f"`{facts['setup']}`, seed {facts['seed']}: {' '.join(verdict_lines(scored.score))} {link}"


def _folder(scored: SetupOnSuite) -> str:
    setup = re.sub(r"[^A-Za-z0-9]+", "-", str(scored.facts["setup"])).strip("-")
    return f"{scored.score.suite.name}/{setup}-{scored.facts['seed']}"
