"""What setups cost: measured in turn, on the same rows."""

import os
from dataclasses import replace

import pytest
import torch

from tests.error_checks import refused
from tests.tiny_lab import SpyDisplay
from xadapt.analysis.costs import costs_of
from xadapt.evaluation.cost import CostSettings, hardware_name, interleaved, measure_costs
from xadapt.store.cost_record import CostRecord
from xadapt.store.result_record import Result


def test_every_repeat_does_every_job_once_in_an_order_of_its_own_after_a_round_that_does_not_count():
    done, now = [], [0.0]

    def job(name, seconds):
        def run():
            done.append(name)
            now[0] += seconds

        return run

    jobs = {name: job(name, seconds) for name, seconds in (("a", 1.0), ("b", 2.0), ("c", 4.0))}
    times = interleaved(jobs, 8, seed=0, clock=lambda: now[0])
    assert times == {"a": [1.0] * 8, "b": [2.0] * 8, "c": [4.0] * 8}
    rounds = [tuple(done[at : at + 3]) for at in range(0, len(done), 3)]
    assert len(rounds) == 9
    assert all(sorted(names) == ["a", "b", "c"] for names in rounds)
    assert len(set(rounds[1:])) > 1


def results_of(*pairs, base):
    return [result_of(task, setup, base) for task, setup in pairs]


def result_of(task, setup, base):
    made_up = {"run": "r", "kind": "k", "metric": "accuracy", "seed": 42, "data": "hub", "languages": {}}
    return Result.of({**made_up, "task": task, "setup": setup, "base": base}, "a made-up result")


def test_setups_of_results_are_measured_task_by_task_once_for_all_seeds(trained):
    base = trained.backbone.name
    setups = ["stack(mnli, xnli)", "mnli", "mnli", "fuse(stsb,mnli)", "ensemble(mnli, stack(mnli, xnli))"]
    pairs = [("xnli", setup) for setup in setups]
    results = results_of(*pairs, ("xquad", "squad"), base=base) + results_of(("xnli", "stsb"), base="another")
    before = torch.get_num_threads(), os.environ.get("TOKENIZERS_PARALLELISM")
    lines = []
    context = replace(trained.context, display=SpyDisplay(say=lines.append))
    costs = measure_costs(context, results, CostSettings(rows=4, repeats=2))
    assert (torch.get_num_threads(), os.environ.get("TOKENIZERS_PARALLELISM")) == before
    assert set(costs.tasks) == {"xnli", "xquad"}
    xnli = costs.tasks["xnli"]
    assert set(xnli.milliseconds) == {*setups[:2], "fuse(mnli, stsb)", setups[4]}
    assert all(len(values) == 2 and min(values) > 0 for values in xnli.milliseconds.values())
    assert (xnli.rows, xnli.language) == (4, "en")
    assert 4 < xnli.tokens <= 128
    assert 0 < xnli.processor_share < 2
    assert (costs.threads, costs.precision, costs.repeats) == (1, "fp32", 2)
    assert {"torch", "adapters", "python"} <= costs.versions.keys()
    assert "xnli: loading mnli" in lines


def test_what_is_measured_is_what_reports_read(trained, tmp_path):
    results = results_of(("xnli", "mnli"), base=trained.backbone.name)
    costs = measure_costs(trained.context, results, CostSettings(rows=2, repeats=3))
    costs.write(tmp_path / "cost.json")
    ((key, cost),) = costs_of(CostRecord.read(tmp_path / "cost.json")).items()
    assert key[1] == "xnli"
    assert len(cost.milliseconds["mnli"]) == 3


def test_a_task_without_the_language_is_measured_in_its_first(trained):
    results = results_of(("tatoeba", "mnli"), base=trained.backbone.name)
    costs = measure_costs(trained.context, results, CostSettings(rows=2, repeats=1))
    assert costs.tasks["tatoeba"].language == "de"


@pytest.mark.parametrize("pairs", [[], [("lareqa", "mnli")]])
def test_nothing_to_measure_is_an_error(trained, pairs):
    results = results_of(*pairs, base=trained.backbone.name)
    with refused(trained.backbone.name, advice="evaluate"):
        measure_costs(trained.context, results)


def test_the_hardware_has_a_name():
    assert hardware_name(torch.device("cpu"))
