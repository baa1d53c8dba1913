from dataclasses import replace

import pytest

from xadapt.analysis.comparison import compare
from xadapt.analysis.tested import Tally, Tested
from xadapt.reports.significance_tables import group_table, significance_table


@pytest.fixture
def comparison(result):
    """Two Germanic and two Slavic languages; the fusion helps the Germanic ones."""
    single = {"en": 60.0, "de": 50.0, "nl": 50.0, "ru": 50.0, "bg": 50.0}
    fusion = {"en": 62.0, "de": 52.0, "nl": 53.0, "ru": 49.0, "bg": 48.0}
    return compare([result("stack(mnli, xnli)", single), result("stack(fuse(mnli, stsb), xnli)", fusion)])[0]


def test_every_tested_setup_has_its_tests(comparison):
    block = comparison.blocks[0]
    assert significance_table(block, brief=True) is None
    test = Tested(0.5, -0.4, 1.4, 0.2, 0.4, 0.31, 8000, 3)
    tally = Tally(2, 2, 1, 0, 1.0)
    rows = [replace(row, tested=test, tally=tally, effect=0.6) if row.family == "fuse" else row for row in block.rows]
    table = significance_table(replace(block, rows=tuple(rows)), brief=True)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["fuse(mnli, stsb)", "+0.5 (−0.4 to +1.4)", "0.200", "0.400", "0.310", "+0.6", "1.000", "3", "8,000"]
    ]
    assert len(table.columns) == 9


def test_groups_of_languages_have_their_mean_difference(comparison):
    table = group_table(comparison, comparison.blocks[0], brief=True)
    lines = {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}
    assert lines["IE: Germanic"][:2] == ["family", "de, nl"]
    assert lines["IE: Germanic"][2].startswith("+2.5 (")
    assert lines["IE: Slavic"][2].startswith("−1.5 (")
    assert lines["Cyrillic"][0] == "script"
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_without_a_composition_or_with_an_unknown_language_there_are_no_groups(result):
    singles = compare([result("mnli", {"en": 1.0, "de": 1.0, "nl": 1.0})])[0]
    assert group_table(singles, singles.blocks[0], brief=True) is None
    scores = {"en": 1.0, "xx": 1.0, "yy": 2.0}
    unknown = compare([result("mnli", scores), result("fuse(mnli, stsb)", scores)])[0]
    assert group_table(unknown, unknown.blocks[0], brief=True) is None
