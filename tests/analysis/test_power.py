"""Which difference an experiment could show, against made-up experiments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.error_checks import refused
from xadapt.analysis.comparison import compare
from xadapt.analysis.power import Spread, detectable, expected, power, shown_by
from xadapt.analysis.significance import Variance, p_value, paired_test
from xadapt.reports.notes import notes


@pytest.mark.parametrize(("seeds", "over_seeds", "over_rows"), [(3, 0.1, 1.0), (3, 1.0, 0.3), (5, 1.0, 1.0)])
def test_the_difference_that_can_be_shown_is_found_in_about_80_per_cent(
    seeds: int, over_seeds: float, over_rows: float
) -> None:
    size = detectable(Variance(over_seeds, over_rows, 0.0, 99.0), seeds)
    generator = np.random.default_rng(0)
    by_seed = size + np.sqrt(over_seeds * seeds) * generator.normal(size=(1000, seeds))
    means = by_seed.mean(axis=1) + np.sqrt(over_rows) * generator.normal(size=1000)
    measured = by_seed.var(axis=1, ddof=1) / seeds
    drawn = zip(means, measured, strict=True)
    found = [p_value(mean, Variance(spread, over_rows, 0.0, 99.0), seeds) < 0.05 for mean, spread in drawn]
    assert np.mean(found) == pytest.approx(0.8, abs=0.05)


def test_where_rows_alone_decide_it_is_that_of_a_z_test() -> None:
    size = detectable(Variance(1e-9, 4.0, 0.0, 1e6), 5)
    assert size == pytest.approx(2 * (stats.norm.isf(0.025) + stats.norm.isf(0.2)), rel=0.01)


def test_power_is_the_level_without_a_difference_and_1_for_a_large_one() -> None:
    assert power(Variance(1.0, 1.0, 0.0, 99.0), 5, 0.0) == pytest.approx(0.05, abs=0.01)
    assert power(Variance(1.0, 1.0, 0.0, 99.0), 5, 50.0) == pytest.approx(1.0)


def test_more_rows_help_what_rows_vary_by_and_more_seeds_what_seeds_do() -> None:
    measured = [Spread(Variance(3.0, 8.0, 3.0, 99.0), 2, 100.0)]
    assert expected(measured, 2, 100.0) == Variance(3.0, 8.0, 3.0, 99.0)
    # Of the seeds' 6 points squared 3 are answers of these rows by chance.
    assert expected(measured, 3, 400.0) == Variance((3.0 + 0.75) / 3, 2.0, 0.75, 396.0)
    with refused("0 measurements"):
        expected([], 3, 10.0)
    with refused("one seed", advice="two or more"):
        detectable(Variance(1.0, 1.0, 0.0, 9.0), 1)


def test_a_report_says_what_it_could_show_and_what_is_descriptive_only(measured: Any, tmp_path: Path) -> None:
    def noted(rows: int, seeds: tuple[int, ...]) -> str:
        made = [
            measured(
                setup, {"en": 0.6, "de": 0.5}, seed, n=rows, limit=rows + len(seeds), run=f"{setup[:4]}{rows}{seed}"
            )
            for setup in ("mnli", "fuse(mnli, stsb)")
            for seed in seeds
        ]
        (comparison,) = compare(made, None, tmp_path / "examples")
        return " ".join(notes(comparison))

    assert "Descriptive only: a difference to the reference of " in noted(60, (1, 2, 3))
    assert "Descriptive only: one seed shows no difference." in noted(60, (1,))
    many = noted(4000, (1, 2, 3, 4, 5))
    assert "A difference to the reference of " in many
    assert "Descriptive only" not in many


def test_nothing_is_said_of_what_was_not_tested(fusion_loses: Any) -> None:
    (comparison,) = compare(fusion_loses)
    assert shown_by(comparison, comparison.blocks[0]) is None
    assert "of experiments" not in " ".join(notes(comparison))


def test_the_test_says_what_its_difference_varies_by() -> None:
    from tests.analysis.test_significance import differences, estimate

    found = paired_test(estimate(differences(3, 50)))
    assert found.variance.seeds > 0
    assert found.variance.freedom == pytest.approx(49)
