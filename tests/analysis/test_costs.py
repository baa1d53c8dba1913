import pytest

from xadapt.analysis.costs import costs_of, relative


def test_times_are_sorted_by_base_and_task_and_by_the_canonical_setup(measurement):
    cost = costs_of(measurement({"fuse(stsb,mnli)": [1.0, 2.0, 3.0]}, base="/models/xlmr"))["xlmr", "xnli"]
    assert cost.milliseconds == {"fuse(mnli, stsb)": (1.0, 2.0, 3.0)}
    assert (cost.timing.measured.rows, cost.timing.record.hardware) == (32, "a processor")


def test_times_are_compared_repeat_by_repeat():
    # Twice as slow in each repeat, the second of which was slow for all.
    assert relative([2.0, 20.0, 2.2], [1.0, 10.0, 1.1]) == pytest.approx(2.0)
    assert relative([], [1.0]) is None
    assert relative([1.0], []) is None
