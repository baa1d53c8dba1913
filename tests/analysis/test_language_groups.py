"""Differences by family and by script."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.error_checks import refused
from xadapt.analysis.language_groups import by_group, language_groups
from xadapt.tasks.catalogue import DEFAULT

DIFFERENCES = {"de": 1.0, "nl": 3.0, "ru": -2.0, "bg": -1.0, "uk": -3.0, "ja": 9.0}


def test_every_language_of_every_benchmark_task_has_a_family_and_a_script() -> None:
    tasks = [task for task in DEFAULT if task.suites]
    assert len(tasks) > 9
    for task in tasks:
        assert set(language_groups(task.languages, "family")) == set(task.languages)
        assert all(language_groups(task.languages, "script").values())


def test_languages_are_grouped_by_family_or_script_and_pairs_by_both_of_theirs() -> None:
    assert language_groups(["de", "ru"], "family") == {"de": "IE: Germanic", "ru": "IE: Slavic"}
    found = language_groups(["de", "ru", "es-en", "en-ar"], "script")
    assert found == {"de": "Latin", "ru": "Cyrillic", "es-en": "Latin", "en-ar": "Arabic – Latin"}
    assert language_groups(["ar-en"], "script")["ar-en"] == found["en-ar"]


def test_a_language_that_is_not_in_the_table_is_refused() -> None:
    with refused("script", "'xx'", advice="leave it out"):
        language_groups(["de", "en-xx"], "script")


def test_groups_have_their_mean_and_interval_and_single_languages_are_left_out_and_named() -> None:
    found = by_group(DIFFERENCES, language_groups(DIFFERENCES, "family"))
    assert [group.name for group in found.groups] == ["IE: Germanic", "IE: Slavic"]
    germanic, slavic = found.groups
    assert (germanic.languages, germanic.mean) == (("de", "nl"), 2.0)
    assert (slavic.languages, slavic.mean) == (("bg", "ru", "uk"), -2.0)
    # Student's t with 2 degrees of freedom: 4.303 times the standard error 1 / √3.
    assert (slavic.low, slavic.high) == pytest.approx((-2 - 4.3027 / 3**0.5, -2 + 4.3027 / 3**0.5), abs=1e-4)
    assert found.left_out == {"Japonic": ("ja",)}
    expected = stats.kruskal([1.0, 3.0], [-1.0, -2.0, -3.0])
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue))


def test_the_test_finds_groups_that_differ_and_seldom_ones_that_do_not() -> None:
    generator = np.random.default_rng(0)
    groups = {f"{number}": "abc"[number % 3] for number in range(24)}
    alike = [by_group({code: generator.normal() for code in groups}, groups).p_value or 0 for _ in range(200)]
    assert 0.01 <= np.mean(np.array(alike) < 0.05) <= 0.10
    apart = {code: generator.normal() + 4 * (group == "a") for code, group in groups.items()}
    found = by_group(apart, groups)
    assert found.p_value is not None
    assert found.p_value < 0.01
    assert found.groups[0].name == "a"


def test_one_group_cannot_be_tested_against_another() -> None:
    found = by_group({"de": 1.0, "nl": 2.0, "ja": 3.0}, {"de": "a", "nl": "a", "ja": "b", "zh": "c"})
    assert (found.statistic, found.p_value) == (None, None)
    assert [group.name for group in found.groups] == ["a"]
    assert by_group({}, {}).groups == ()


def test_differences_that_are_all_the_same_are_not_explained_by_anything() -> None:
    found = by_group(dict.fromkeys("abcd", 1.5), {"a": "x", "b": "x", "c": "y", "d": "y"})
    assert (found.statistic, found.p_value) == (0.0, 1.0)
    assert [(group.name, group.low, group.high) for group in found.groups] == [("x", 1.5, 1.5), ("y", 1.5, 1.5)]


def test_a_language_without_a_group_and_a_difference_that_is_no_number_are_refused() -> None:
    with refused("'ja'", "group", advice="leave it out"):
        by_group(DIFFERENCES, {"de": "a", "bg": "b"})
    with refused("'de'", "nan", advice="evaluate it again"):
        by_group({"de": float("nan")}, {"de": "a"})
