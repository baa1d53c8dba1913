import json

import pytest

from xadapt.analysis.costs import read_costs, relative
from xadapt.errors import XadaptError


def test_times_are_read_by_base_and_task_and_by_the_canonical_setup(measurement, tmp_path):
    path = tmp_path / "cost.json"
    path.write_text(json.dumps(measurement({"fuse(stsb,mnli)": [1.0, 2.0, 3.0]}, base="/models/xlmr")))
    cost = read_costs(path)["xlmr", "xnli"]
    assert cost.milliseconds == {"fuse(mnli, stsb)": (1.0, 2.0, 3.0)}
    assert cost.how == (
        "32 rows of en (mirror:rows), of 42 tokens on average, fp32 on a processor, 1 thread, running 98% of the time; "
        "every setup once in each of 3 repeats, in random order"
    )


def test_a_gpu_needs_no_share_of_a_processor(measurement, tmp_path):
    path = tmp_path / "cost.json"
    path.write_text(json.dumps(measurement({}, device="cuda")))
    assert "running" not in read_costs(path)["e5-small", "xnli"].how


def test_no_file_means_nothing_was_measured(tmp_path):
    assert read_costs(tmp_path / "cost.json") == {}


@pytest.mark.parametrize("stored", [[], {}, {"format": 1, "tasks": {"xnli": {}}}, {"format": 1, "tasks": []}])
def test_another_file_is_refused_by_name(stored, tmp_path):
    path = tmp_path / "cost.json"
    path.write_text(json.dumps(stored))
    with pytest.raises(XadaptError, match=r"cost\.json is not a measurement"):
        read_costs(path)


def test_another_format_is_refused(measurement, tmp_path):
    path = tmp_path / "cost.json"
    path.write_text(json.dumps(measurement({}, format=2)))
    with pytest.raises(XadaptError, match="format 2 is not 1"):
        read_costs(path)


def test_times_are_compared_repeat_by_repeat():
    # Twice as slow in each repeat, the second of which was slow for all.
    assert relative([2.0, 20.0, 2.2], [1.0, 10.0, 1.1]) == pytest.approx(2.0)
    assert relative([], [1.0]) is None
    assert relative([1.0], []) is None
