import csv
import io

from xadapt.reports.export import results_csv


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
