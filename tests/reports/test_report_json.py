import json
import math
from dataclasses import replace

from xadapt.analysis.comparison import compare
from xadapt.analysis.tested import Tested
from xadapt.reports.conclusion import conclude
from xadapt.reports.report import Report, make_report
from xadapt.reports.report_json import report_data


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_every_number_of_a_comparison_comes_back_unrounded(fusion_loses):
    comparison = compare(
        [each.model_copy(update={"parameters": 1000, "head_parameters": 10}) for each in fusion_loses]
    )[0]
    test = Tested(1 / 3, -0.1, 0.7, 0.2, 0.4, None, 4000, 3)
    rows = [replace(row, tests={"de": test}) for row in comparison.blocks[0].rows]
    comparison = replace(comparison, blocks=(replace(comparison.blocks[0], rows=tuple(rows)),))
    found = strict(json.dumps(report_data(Report([comparison], fusion_loses))))["comparisons"][0]
    assert found["counts"] == {"en": 2000, "de": 2000, "sw": 2000}
    for row, stored in zip(rows, found["blocks"][0]["rows"], strict=True):
        for name in ("label", "zero_shot", "difference", "scores", "differences"):
            assert stored[name] == getattr(row, name)
        assert stored["tests"]["de"]["difference"] == 1 / 3
        assert stored["runs"] == [row.runs[0].run]
        assert stored["stored_bytes"] == 2020


def test_the_reference_and_the_judged_setup_are_named(fusion_loses):
    block = report_data(make_report(fusion_loses))["comparisons"][0]["blocks"][0]
    assert block["judged"] == "fuse(mnli, stsb)"
    assert block["reference"]["label"] == "mnli"
    assert "row" not in block["reference"]
    assert block["headline"].startswith("Fusion loses")


def test_a_number_that_json_cannot_hold_is_null(result):
    comparison = compare([result("mnli", {"en": 70.0, "de": 60.0})])[0]
    row = replace(comparison.blocks[0].rows[0], scores={"en": math.nan, "de": math.inf})
    comparison = replace(comparison, blocks=(replace(comparison.blocks[0], rows=(row,)),))
    document = strict(json.dumps(report_data(Report([comparison], []))))
    assert document["comparisons"][0]["blocks"][0]["rows"][0]["scores"] == {"en": None, "de": None}


def test_what_belongs_to_the_comparisons_is_kept(fusion_loses, measurement):
    report = replace(make_report(fusion_loses, "Fusion", measurement({"xnli": [1.0]})), recipe="name: x")
    document = report_data(report)
    assert (document["title"], document["recipe"]) == ("Fusion", "name: x")
    assert document["verdict"] == conclude(report.comparisons)
    assert document["comparisons"][0]["timed"].startswith("32 rows of en (mirror:rows), of 42 tokens on average, fp32")


def test_the_reason_for_no_test_of_a_setup_is_kept(tested_fusion, tmp_path):
    (comparison,) = report_data(make_report(tested_fusion, examples=tmp_path / "nothing"))["comparisons"]
    assert "no per-example scores (evaluate again" in comparison["blocks"][0]["rows"][-1]["untested"]
