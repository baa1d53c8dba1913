from dataclasses import replace

from tests.reports.blocks import column, lines
from xadapt.analysis.comparison import compare
from xadapt.analysis.tested import Untested
from xadapt.reports.block_names import named_blocks
from xadapt.reports.setup_tables import cost_table, page_table, summary_table


def test_a_tested_difference_has_its_interval_its_p_value_and_its_significant_languages(loses):
    table = page_table(loses, loses.blocks[0])
    assert column(table, "vs reference")["fuse(mnli, stsb)"] == "−1.0 (−1.9 to −0.2)"
    assert column(table, "p (Holm)") == {"target only": "–", "mnli": "–", "stsb": "–", "fuse(mnli, stsb)": "0.030"}
    assert column(table, "wins–losses")["fuse(mnli, stsb)"] == "1–1"
    assert column(table, "significant")["fuse(mnli, stsb)"] == "1–0"


def test_without_tests_differences_are_without_intervals(fusion_loses):
    comparison = compare(fusion_loses)[0]
    table = page_table(comparison, comparison.blocks[0])
    assert column(table, "vs reference")["fuse(mnli, stsb)"] == "−1.0"
    assert "p (Holm)" not in table.headings
    assert "interval" not in table.caption


def test_a_setup_that_could_not_be_tested_says_why(loses):
    block = loses.blocks[0]
    rows = [replace(row, untested=Untested.FEW_ROWS) if row.label == "stsb" else row for row in block.rows]
    table = page_table(loses, replace(block, rows=tuple(rows)))
    assert table.caption.endswith("Not tested, a language has fewer than two rows: stsb.")


def test_the_summary_has_every_setup_of_every_task_and_marks_the_reference(loses, result):
    other = compare([result("stack(squad, xquad)", {"en": 50.0, "de": 40.0}, task="xquad")])
    table = summary_table(named_blocks([loses, *other]))
    assert table.headings == ["setup", "xnli", "vs reference", "xquad", "vs reference"]
    assert lines(table)["mnli"] == ["55.0 *", "0.0", "–", "–"]
    assert lines(table)["fuse(mnli, stsb)"] == ["54.0", "−1.0 ▼", "–", "–"]
    assert lines(table)["squad"] == ["–", "–", "40.0 *", "0.0"]


def test_costs_have_the_median_time_and_its_range(fusion_loses):
    comparison = compare(
        [each.model_copy(update={"parameters": 1_000_000, "head_parameters": 0}) for each in fusion_loses]
    )[0]
    block = comparison.blocks[0]
    timed = replace(block, rows=tuple(replace(row, milliseconds=(9.0, 30.0, 10.0), ratio=1.5) for row in block.rows))
    line = lines(cost_table(named_blocks([replace(comparison, blocks=(timed,))])))["stsb"]
    assert line == ["xnli", "1,000,000", "0", "2.00", "10.0 (9.0–30.0)", "1.50"]
