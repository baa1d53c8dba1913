import struct

import pytest

from xadapt.analysis.comparison import compare
from xadapt.composition.specs import families
from xadapt.reports.plots import STRONGEST, _draw, comparison_png, family_colour, wrap_label


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


def test_every_family_has_a_colour_of_its_own():
    assert len({family_colour(family.name) for family in families()}) == len(families())


def test_several_seeds_have_error_bars_of_their_spread_and_one_seed_has_none(result):
    results = [result("mnli", {"en": 70.0, "de": 60.0 + seed}, seed=seed) for seed in (1, 3)]
    several = _draw(compare(results)[0]).axes[0]
    ((line,),) = ([line for line in several.collections if hasattr(line, "get_segments")],)
    ((start, _), (end, _)) = line.get_segments()[0]
    assert (start, end) == pytest.approx((62 - 2**0.5, 62 + 2**0.5))
    assert "62.0 ± 1.4" in [text.get_text() for text in several.texts]
    assert not _draw(compare(results[:1])[0]).axes[0].collections


def test_a_hopeless_setup_does_not_take_the_colours_from_the_others(result):
    hopeless = [result("mnli", {"en": 70.0, "de": 60.0}), result("squad", {"en": 5.0, "de": 1.0})]
    heat = _draw(compare(hopeless)[0]).axes[1]
    assert heat.images[0].norm.vmax == STRONGEST
    assert "strongest colours" in heat.get_xlabel()


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
