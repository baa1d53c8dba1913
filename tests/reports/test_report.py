"""A report as an object: what it concludes, how it looks, what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.error_checks import refused
from xadapt.reports import Report, make_report, write_report
from xadapt.reports.conclusion import conclude


def test_a_report_concludes_from_its_comparisons(fusion_loses: Any) -> None:
    report = make_report(fusion_loses)
    assert report.conclusion == " ".join(conclude(report.comparisons))
    assert report.conclusion.startswith("Nothing was tested for significance")


def test_it_reads_as_text_and_as_html(fusion_loses: Any) -> None:
    report = make_report(fusion_loses, "Does <fusion> help?")
    text, html = repr(report), report._repr_html_()
    assert text.startswith("Does <fusion> help?\n\nNothing was tested")
    assert "mnli *" in text
    assert "Does &lt;fusion&gt; help?" in html
    assert html.count("<table>") == len(report.tables) == 2


def test_a_comparison_reads_as_a_table_too(fusion_loses: Any) -> None:
    (comparison,) = make_report(fusion_loses).comparisons
    lines = [line.split() for line in repr(comparison).splitlines()]
    assert ["fuse(mnli,", "stsb)", "71.0", "54.0", "−1.0", "–", "6,000", "1"] in lines
    assert comparison._repr_html_().startswith("<table>")


def test_writing_gives_the_markdown_with_every_file_beside_it(fusion_loses: Any, tmp_path: Path) -> None:
    written = make_report(fusion_loses).write(tmp_path)
    assert written == tmp_path / "report.md"
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["plots", "report.html", "report.json", "report.md", "results.csv", "setups.csv"]


def test_target_languages_choose_only_where_that_is_asked_for(fusion_loses: Any) -> None:
    (usual,), (asked,) = (make_report(fusion_loses, by_targets=asked).comparisons[0].blocks for asked in (False, True))
    assert (usual.reference.label, asked.reference.label) == ("mnli", "stsb")


def test_an_empty_report_is_refused(tmp_path: Path) -> None:
    with refused(tmp_path / "out", advice="evaluate a setup"):
        write_report(Report([], []), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_short_names_stand_in_tables_with_what_they_stand_for_beside_them(result, tmp_path):
    whole = "ensemble(continue(mnli, xnli), stack(stsb, xnli), xnli)"
    setups = {"stack(mnli, xnli)": 60.0, whole: 62.0}
    names = {"all_three": "ensemble(continue(mnli, target), stack(stsb, target), target)"}
    results = [result(setup, {"en": score, "de": score}) for setup, score in setups.items()]
    report = make_report(results, names=names)
    page = report.write(tmp_path)
    for text in (page.read_text("utf-8"), (tmp_path / "report.html").read_text("utf-8")):
        assert text.count(names["all_three"]) == 1
        assert text.count("all_three") > 1
