from dataclasses import replace

import pytest

from xadapt.analysis.comparison import compare
from xadapt.analysis.tested import Tested
from xadapt.reports.block_names import named_blocks
from xadapt.reports.page_figures import JUDGED, bar_figures, heat_map


def outcome(low, difference, high, adjusted):
    return Tested(difference, low, high, adjusted, adjusted, None, 4000, 1)


def test_the_heat_map_starts_with_the_judged_setup_and_has_every_other(fusion_loses):
    heat = heat_map(named_blocks(compare(fusion_loses)))
    assert heat.columns == ["mean", "en", "de", "sw"]
    assert [setup.name for setup in heat.setups] == [JUDGED, "target only", "mnli", "stsb", "fuse(mnli, stsb)"]
    assert heat.setups[0].who == ["fuse(mnli, stsb)"]
    assert [text for text, _ in heat.setups[0].cells[0]] == ["−1.0", "+1.0", "+1.0", "−3.0"]
    assert [cell.text for cell in heat.first[0]] == ["−1.0", "+1.0", "+1.0", "−3.0"]


def test_the_colours_of_the_heat_map_are_those_of_the_compositions_differences(fusion_loses):
    # The target's adapter alone is ten points below; it must not set the scale.
    heat = heat_map(named_blocks(compare(fusion_loses)))
    assert heat.full == 2.0
    assert [shade for _, shade in heat.setups[0].cells[0]] == [-50, 50, 50, -100]


def test_significant_cells_of_the_heat_map_are_marked(fusion_loses):
    comparison = compare(fusion_loses)[0]
    tests = {"de": outcome(0.2, 1.0, 1.9, 0.04), "sw": outcome(-7.0, -3.0, 0.8, 0.06)}
    rows = [replace(row, tests=tests) for row in comparison.blocks[0].rows]
    comparison = replace(comparison, blocks=(replace(comparison.blocks[0], rows=tuple(rows)),))
    cells = heat_map(named_blocks([comparison])).setups[0].cells[0]
    assert [text for text, _ in cells] == ["−1.0", "+1.0", "+1.0*", "−3.0"]


def test_a_task_that_lacks_a_setup_has_empty_cells_and_no_reference_no_map(fusion_loses, result):
    other = [result("stack(squad, xquad)", {"en": 50.0, "de": 40.0}, task="xquad")]
    heat = heat_map(named_blocks(compare([*fusion_loses, *other])))
    stsb = next(setup for setup in heat.setups if setup.name == "stsb")
    assert stsb.who == ["stsb", "–"]
    assert stsb.cells[1] == [("–", None)] * 4
    assert heat_map(named_blocks(compare([result("fuse(mnli, stsb)", {"en": 1.0, "de": 1.0})]))) is None


def test_bars_end_at_zero_and_whiskers_are_inside_the_figure(fusion_loses):
    comparison = compare(fusion_loses)[0]
    block = comparison.blocks[0]
    rows = tuple(replace(row, tested=outcome(-40.0, row.difference, 15.0, 0.5)) for row in block.rows)
    scores, differences = bar_figures(comparison, replace(block, rows=rows))
    assert [bar.number for bar in scores.bars] == ["45.0", "55.0", "59.0", "54.0"]
    assert [bar.negative for bar in differences.bars] == [True, False, False, True]
    for bar in differences.bars:
        edge = bar.x + bar.width if bar.negative else bar.x
        assert edge == pytest.approx(differences.zero, abs=0.11)
        low, high = bar.whisker
        assert 0 < low < bar.x <= bar.x + bar.width < high < differences.width
    assert differences.bars[2].number == "+4.0 (−40.0 to +15.0)"
    assert "95 % interval" in differences.title
    assert "fuse(mnli, stsb): −1.0 (−40.0 to +15.0)" in differences.desc


def test_longer_bars_are_larger_scores(fusion_loses):
    comparison = compare(fusion_loses)[0]
    scores, _ = bar_figures(comparison, comparison.blocks[0])
    widths = {bar.whole: bar.width for bar in scores.bars}
    assert widths["stsb"] / widths["target only"] == pytest.approx(59 / 45, rel=0.01)


def test_untested_differences_have_their_spread_over_seeds(result):
    runs = [("stack(mnli, xnli)", 60.0, 42), ("stack(mnli, xnli)", 62.0, 43), ("stack(stsb, xnli)", 50.0, 42)]
    runs += [("stack(stsb, xnli)", 54.0, 43)]
    comparison = compare([result(setup, {"en": score, "de": score}, seed=seed) for setup, score, seed in runs])[0]
    _, differences = bar_figures(comparison, comparison.blocks[0])
    assert "standard deviation over seeds" in differences.title
    assert [bar.number for bar in differences.bars] == ["0.0", "−9.0 ± 1.4"]
    assert differences.bars[1].whisker is not None


def test_one_setup_has_no_figure_and_equal_setups_have_one(result):
    alone = compare([result("mnli", {"en": 1.0, "de": 1.0})])[0]
    assert bar_figures(alone, alone.blocks[0]) == []
    equal = compare([result("mnli", {"en": 0.0, "de": 0.0}), result("stsb", {"en": 0.0, "de": 0.0})])[0]
    assert [bar.width for figure in bar_figures(equal, equal.blocks[0]) for bar in figure.bars] == [0.0] * 4
