import struct

import pytest

from xadapt.reports import compare
from xadapt.reports.plots import _draw, comparison_png, wrap_label


def size_of(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def test_a_comparison_becomes_a_png(fusion_loses):
    width, height = size_of(comparison_png(compare(fusion_loses)[0]))
    assert width > 600
    assert height > 200


def test_bars_are_the_zero_shot_means_and_start_at_zero(fusion_loses):
    (comparison,) = compare(fusion_loses)
    bars = _draw(comparison).axes[0]
    assert [bar.get_width() for bar in bars.patches] == [row.zero_shot for row in comparison.blocks[0].rows]
    assert bars.get_xlim()[0] == 0


def test_the_heat_map_shows_the_differences_to_the_best_single_adapter(fusion_loses):
    (comparison,) = compare(fusion_loses)
    heat = _draw(comparison).axes[1]
    assert [label.get_text() for label in heat.get_xticklabels()] == ["en", "de", "sw", "mean"]
    fusion = [row.family for row in comparison.blocks[0].rows].index("fuse")
    assert heat.images[0].get_array()[fusion].tolist() == pytest.approx([1.0, 1.0, -3.0, -1.0])


def test_more_languages_make_a_wider_picture(result):
    few, many = (
        size_of(comparison_png(compare([result("mnli", {f"{i:02d}": 50.0 for i in range(n)})])[0])) for n in (3, 45)
    )
    assert many[0] > few[0]


def test_negative_correlations_and_missing_english_can_be_drawn(result):
    comparisons = compare([result("mnli", {"de": -20.0}, metric="spearman"), result("none", {}, metric="spearman")])
    size_of(comparison_png(comparisons[0]))


def test_long_setup_names_are_wrapped_and_nothing_is_lost():
    label = "fuse(cosmosqa, csqa, hellaswag, lingnli, mnli, siqa, squad, stsb)"
    lines = wrap_label(label).split("\n")
    assert len(lines) > 1
    assert max(map(len, lines)) <= 26
    assert " ".join(lines) == label
