import csv
import io

import pytest

from xadapt.analysis.comparison import compare
from xadapt.analysis.costs import Cost
from xadapt.reports.export import results_csv, setups_csv


def test_every_language_of_every_seed_is_a_line_with_unrounded_scores(result):
    text = results_csv([result("stack(mnli, xnli)", {"en": 60.123456, "de": 50.0}, seed=seed) for seed in (2, 1)])
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(line["seed"], line["language"]) for line in lines] == [("1", "de"), ("1", "en"), ("2", "de"), ("2", "en")]
    assert lines[1]["accuracy"] == "60.123456"
    assert (lines[0]["family"], lines[0]["label"], lines[0]["with_target"]) == ("single", "mnli", "True")


def test_a_score_a_task_does_not_have_is_empty(result):
    text = results_csv([result("mnli", {"en": 1.0}), result("squad", {"en": 2.0}, task="xquad", metric="f1")])
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [(line["accuracy"], line["f1"]) for line in lines] == [("1.0", ""), ("", "2.0")]


def test_a_setup_is_a_line_with_scores_spreads_differences_and_costs(result):
    results = []
    for seed in (1, 3):
        results.append(result("mnli", {"en": 70.0, "de": 60.0 + seed}, seed=seed, parameters=9, head_parameters=1))
        results.append(result("fuse(mnli, stsb)", {"en": 71.0, "de": 61.0}, seed=seed))
    times = {"mnli": (4.0, 2.0, 3.0), "fuse(mnli, stsb)": (6.0, 5.0, 6.0)}
    text = setups_csv(compare(results, {("e5-small", "xnli"): Cost(None, times)}))
    single, fusion = csv.DictReader(io.StringIO(text))
    assert (single["seeds"], single["n"], single["bytes"], fusion["bytes"]) == ("1 3", "4000", "20", "")
    assert [fusion[key] for key in ("reference", "zero_shot", "vs_reference", "languages_ahead")] == [
        "mnli",
        "61.0",
        "-1.0",
        "0",
    ]
    times = [fusion[f"milliseconds{which}"] for which in ("", "_lowest", "_highest")]
    assert [*times, fusion["times_reference"]] == ["6.0", "5.0", "6.0", "2.0"]
    assert (fusion["en"], fusion["en_vs_reference"], fusion["de_vs_reference"]) == ("71.0", "1.0", "-1.0")
    spreads = [
        float(line[key]) for line, key in ((single, "de_sd"), (single, "zero_shot_sd"), (fusion, "vs_reference_sd"))
    ]
    assert spreads == pytest.approx([2**0.5] * 3)


def test_tasks_with_other_languages_share_one_table_of_setups(result):
    text = setups_csv(compare([result("mnli", {"en": 1.0, "de": 2.0}), result("mnli", {"fr": 3.0}, task="pawsx")]))
    lines = {line["task"]: (line["en"], line["de"], line["fr"]) for line in csv.DictReader(io.StringIO(text))}
    assert lines == {"xnli": ("1.0", "2.0", ""), "pawsx": ("", "", "3.0")}


def test_what_tests_say_is_in_the_table_of_setups(tested_fusion, tmp_path):
    lines = csv.DictReader(io.StringIO(setups_csv(compare(tested_fusion, None, tmp_path / "examples"))))
    by_label = {line["label"]: line for line in lines}
    fusion = by_label["fuse(mnli, stsb)"]
    assert float(fusion["low"]) < float(fusion["vs_reference"]) < float(fusion["high"]) < 0
    assert 0 < float(fusion["p"]) <= float(fusion["p_holm"]) < 0.05
    assert float(fusion["effect"]) < 0
    assert int(fusion["wins"]) + int(fusion["losses"]) <= 3
    assert float(fusion["de_p_holm"]) < 0.05 < float(fusion["sw_p_holm"])
    names = ("low", "high", "p", "p_holm", "effect", "wins", "losses", "de_p_holm")
    assert {by_label["mnli"][name] for name in names} == {""}


def test_the_score_in_malay_is_no_time(result):
    (comparison,) = compare([result("mnli", {"en": 60.0, "ms": 50.0})])
    (row,) = csv.DictReader(io.StringIO(setups_csv([comparison])))
    assert (row["ms"], row["milliseconds"]) == ("50.0", "")
