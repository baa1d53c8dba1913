import pytest
import torch

from tests.error_checks import refused
from xadapt.backbone.hardware import pick_device, pick_precision


@pytest.fixture
def machine(monkeypatch):
    """Pretend that the machine has some number of GPUs, or Apple's."""

    def pretend(gpus=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


@pytest.mark.parametrize(("gpus", "mps", "expected"), [(1, True, "cuda"), (0, True, "mps"), (0, False, "cpu")])
def test_the_fastest_device_is_picked(machine, gpus, mps, expected):
    machine(gpus, mps)
    assert pick_device("auto") == torch.device(expected)


def test_a_named_device_is_taken(machine):
    machine(gpus=2)
    assert pick_device("cuda:0") == torch.device("cuda", 0)
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_a_device_that_is_not_on_this_machine_is_one_line(machine, name):
    machine()
    with refused(f"device '{name}'", advice="device=auto"):
        pick_device(name)


def test_another_gpu_than_the_first_is_answered_with_how_to_choose_it(machine):
    machine(gpus=2)
    with refused("'cuda:1'", advice="CUDA_VISIBLE_DEVICES=1"):
        pick_device("cuda:1")


def test_a_gpu_beyond_the_last_one_is_not_on_this_machine(machine):
    machine(gpus=2)
    with refused("device 'cuda:2'", advice="device=auto"):
        pick_device("cuda:2")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "meta"])
def test_an_unknown_device_is_answered_with_the_choices(name):
    with refused(f"device {name!r}", advice="auto, cpu, cuda or mps"):
        pick_device(name)


@pytest.mark.parametrize("name", ["fp32", "bf16"])
def test_a_named_precision_is_taken(name):
    assert pick_precision(name, torch.device("cpu")) == name


def test_a_precision_that_is_none_is_one_line_with_the_nearest_one():
    with refused("precision", "'bf61'", advice="'bf16'"):
        pick_precision("bf61", torch.device("cpu"))


@pytest.mark.parametrize(("native", "expected"), [(True, "bf16"), (False, "fp32")])
def test_a_gpu_computes_in_half_where_it_can(monkeypatch, native, expected):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: native)
    assert pick_precision("auto", torch.device("cuda")) == expected


@pytest.mark.parametrize(("native", "expected"), [(True, "bf16"), (False, "fp32")])
def test_a_cpu_that_would_emulate_half_precision_computes_in_full(monkeypatch, native, expected):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: native, raising=False)
    assert pick_precision("auto", torch.device("cpu")) == expected


def test_other_devices_compute_in_full():
    assert pick_precision("auto", torch.device("mps")) == "fp32"
