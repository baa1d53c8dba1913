from dataclasses import replace

import pytest

from xadapt.analysis import comparison_rows
from xadapt.analysis.comparison import compare
from xadapt.reports.page_tables import (
    attention_tables,
    cost_table,
    depth,
    family_and_script,
    inventory_table,
    languages_table,
    measured,
    setups_table,
    summary_table,
)


def lines(table):
    return {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}


def column(table, name):
    at = list(table.columns).index(name)
    return {row[0].text: row[at].text for row in table.rows}


def with_tests(comparison, label, overall, **by_language):
    block = comparison.blocks[0]
    rows = [replace(row, tested=overall, tests=by_language) if row.label == label else row for row in block.rows]
    return replace(comparison, blocks=(replace(block, rows=tuple(rows)),))


@pytest.fixture
def loses(fusion_loses):
    """The fusion's mean is tested and found worse, with one language significant on either side."""
    worse = comparison_rows.Tested(-1.0, -1.9, -0.2, 0.01, 0.03, None, 4000, 1)
    better = comparison_rows.Tested(1.0, 0.3, 1.8, 0.0001, 0.0002, None, 2000, 1)
    unsure = comparison_rows.Tested(-3.0, -6.2, 0.4, 0.05, 0.05, None, 2000, 1)
    return with_tests(compare(fusion_loses)[0], "fuse(mnli, stsb)", worse, de=better, sw=unsure)


def test_every_row_has_a_cell_for_every_column(loses):
    blocks, comparison, block = measured([loses]), loses, loses.blocks[0]
    tables = [summary_table(blocks), setups_table(comparison, block), languages_table(comparison, block)]
    for table in [*tables, cost_table(blocks), inventory_table([comparison])]:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_a_tested_difference_has_its_interval_its_p_value_and_its_significant_languages(loses):
    table = setups_table(loses, loses.blocks[0])
    assert column(table, "vs single")["fuse(mnli, stsb)"] == "−1.0 (−1.9 to −0.2)"
    assert column(table, "p (Holm)") == {"target only": "–", "mnli *": "–", "stsb": "–", "fuse(mnli, stsb)": "0.030"}
    assert column(table, "wins–losses")["fuse(mnli, stsb)"] == "1–1"
    assert column(table, "significant")["fuse(mnli, stsb)"] == "1–0"


def test_without_tests_differences_stand_without_intervals(fusion_loses):
    comparison = compare(fusion_loses)[0]
    table = setups_table(comparison, comparison.blocks[0])
    assert column(table, "vs single")["fuse(mnli, stsb)"] == "−1.0"
    assert "p (Holm)" not in table.columns
    assert "interval" not in table.note


def test_a_setup_that_could_not_be_tested_says_why(loses):
    block = loses.blocks[0]
    rows = [replace(row, untested="no scores by example") if row.label == "stsb" else row for row in block.rows]
    table = setups_table(loses, replace(block, rows=tuple(rows)))
    assert table.note.endswith("Not tested, no scores by example: stsb.")


def test_languages_have_family_and_script_and_only_sure_differences_are_marked(loses):
    table = languages_table(loses, loses.blocks[0])
    assert lines(table)["Swahili"][:3] == ["sw", "Niger-Congo", "Latin"]
    assert column(table, "fuse(mnli, stsb)") == {"English": "71.0", "German": "61.0 ▲", "Swahili": "47.0"}
    assert column(table, "fuse(mnli, stsb) vs single")["German"] == "+1.0 (+0.3 to +1.8)"
    assert [row[0].text for row in table.rows] == ["English", "German", "Swahili"]


def test_the_summary_has_every_setup_of_every_task_and_marks_the_reference(loses, result):
    other = compare([result("stack(squad, xquad)", {"en": 50.0, "de": 40.0}, task="xquad")])
    table = summary_table(measured([loses, *other]))
    assert list(table.columns) == ["setup", "xnli", "vs single", "xquad", "vs single"]
    assert lines(table)["mnli"] == ["55.0 *", "0.0", "–", "–"]
    assert lines(table)["fuse(mnli, stsb)"] == ["54.0", "−1.0 ▼", "–", "–"]
    assert lines(table)["squad"] == ["–", "–", "40.0 *", "0.0"]


def test_blocks_have_the_shortest_names_that_differ(result):
    one = result("stack(mnli, xnli)", {"en": 1.0, "de": 1.0})
    straight = result("mnli", {"en": 1.0, "de": 1.0})
    other = result("stack(mnli, xnli)", {"en": 1.0, "de": 1.0}, limit=50)
    names = [each.name for each in measured(compare([one, straight]))]
    assert names == ["xnli: Not trained on the target", "xnli: Trained on the target's English rows"]
    names = [each.name for each in measured(compare([one, other]))]
    assert names == ["xnli on e5-small, hub data", "xnli on e5-small, hub data, at most 50 rows per language"]


def test_the_inventory_has_the_n_of_every_language(loses):
    row = inventory_table([loses]).rows[0]
    assert [cell.text for cell in row] == ["xnli", "hub", "test", "none", "en 2,000, de 2,000, sw 2,000", "3", "6,000"]


def test_costs_have_the_median_time_and_its_range(fusion_loses):
    comparison = compare(
        [each.model_copy(update={"parameters": 1_000_000, "head_parameters": 0}) for each in fusion_loses]
    )[0]
    block = comparison.blocks[0]
    timed = replace(block, rows=tuple(replace(row, milliseconds=(9.0, 30.0, 10.0), ratio=1.5) for row in block.rows))
    line = lines(cost_table(measured([replace(comparison, blocks=(timed,))])))["stsb"]
    assert line == ["xnli", "1,000,000", "0", "2.00", "10.0 (9.0–30.0)", "1.50"]


def test_attention_is_coloured_by_its_distance_from_uniform():
    told = {
        "fusion": True,
        "members": ["mnli", "stsb"],
        "layers": ["1", "all"],
        "uniform": 0.5,
        "mean": {"weights": [[1.0, 0.0], [0.5, 0.5]]},
        "languages": {"en": {"weights": [[1, 0], [0.6, 0.4]]}, "sw": {"weights": [[1, 0], [0.4, 0.6]]}},
    }
    layers, languages = attention_tables(told)
    assert [(cell.text, cell.depth) for cell in layers.rows[0][1:]] == [("100.0", 100), ("0.0", -100)]
    assert [(cell.text, cell.depth) for cell in layers.rows[1][1:]] == [("50.0", 0), ("50.0", 0)]
    assert "Uniform is 50.0 %" in layers.note
    assert lines(languages) == {"English": ["60.0", "40.0"], "Swahili": ["40.0", "60.0"]}
    assert attention_tables({**told, "fusion": False}) == []


def test_a_pair_of_languages_has_the_family_of_the_other_than_english():
    assert family_and_script("en-sw") == ("Niger-Congo", "Latin")
    assert family_and_script("en") == ("IE: Germanic", "Latin")
    assert family_and_script("xx") == ("", "")


def test_colour_is_full_at_its_limit_and_beyond():
    assert [depth(value, 4.0) for value in (-9.0, -4.0, -1.0, 0.0, 2.0, 9.0)] == [-100, -100, -25, 0, 50, 100]
