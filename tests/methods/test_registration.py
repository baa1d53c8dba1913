"""Registering a method: what cannot be used is one line, and its version decides the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

import xadapt
from tests.adapter_hosts import AdapterHost
from tests.error_checks import refused
from tests.methods.scaled_method import Options, Shift, module, registered
from xadapt.methods import registration
from xadapt.methods.adapter import (
    add_adapter,
    check_method,
    load_adapter,
    save_adapter,
)
from xadapt.training.plan import plan_task

__all__ = ["module", "registered"]


@pytest.mark.parametrize(
    ("text", "subject", "advice"),
    [
        ("scale", "'scale'", "'scaled'"),
        ("scaled[sise=4]", "sise", "size, scale"),
        ("scaled[size='many']", "size of scaled", "integer"),
        ("scaled|seq_bn", "scaled|seq_bn", ""),
        ("scaled@x", "'x'", "6-11"),
        ("scaled[size=-1]", "scaled[size=-1]", ""),
    ],
)
def test_a_configuration_that_does_not_fit_is_one_line(host: AdapterHost, text: str, subject: str, advice: str) -> None:
    with refused("adapter_", subject, advice=advice):
        add_adapter(host.model, "z", text)


def test_a_result_of_another_shape_is_one_line(host: AdapterHost) -> None:
    class Cut(Shift):
        def forward(self, hidden: torch.Tensor) -> torch.Tensor:
            return hidden[:, :1]

    xadapt.adapter_method("cut", config=Options)(Cut)
    add_adapter(host.model, "z", "cut")
    with refused("cut", (2, 1, 32), (2, 6, 32), advice="return a tensor"):
        host.under("z")


def test_a_registration_that_cannot_be_used_is_one_line() -> None:
    @dataclass
    class Needed:
        size: int

    @dataclass
    class Reserved:
        layers: int = 1

    for name, config, kind, subject, advice in (
        ("fine", Reserved, Shift, "layers", "another name"),
        ("seq_bn", Options, Shift, "'seq_bn'", "choose another"),
        ("rslora", Options, Shift, "'rslora'", "choose another"),
        ("Has Space", Options, Shift, "'Has Space'", "small letters"),
        ("fine", dict, Shift, "config", "dataclass"),
        ("fine", Needed, Shift, "Needed", "default"),
        ("fine", Options, Options, "'fine'", "torch.nn.Module"),
    ):
        with refused("adapter_method", subject, advice=advice):
            xadapt.adapter_method(name, config=config)(kind)
    xadapt.adapter_method("fine", config=Options)(Shift)
    xadapt.adapter_method("fine", config=Options)(Shift)
    with refused("'fine'", "Shift", advice="choose another"):
        xadapt.adapter_method("fine", config=Options)(torch.nn.Linear)


def test_a_checkpoint_of_a_method_that_is_not_there_or_another_now_is_one_line(
    host: AdapterHost, other_host: AdapterHost, tmp_path: Path
) -> None:
    xadapt.adapter_method("shift", config=Options)(Shift)
    host.add("shift", "z")
    save_adapter(host.model, "z", tmp_path / "stored")
    xadapt.adapter_method("shift", config=Options, version=2)(Shift)
    with refused(tmp_path / "stored", "version 1", "shift", "version 2", advice="train it again"):
        load_adapter(other_host.model, tmp_path / "stored", "z")
    del registration._METHODS["shift"]
    with refused(tmp_path / "stored", "@xadapt.adapter_method('shift')", advice="$XADAPT_PLUGINS"):
        load_adapter(other_host.model, tmp_path / "stored", "z")


@pytest.mark.parametrize("named", ["no_such_module_here", "no/such/file.py"])
def test_a_plugin_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("XADAPT_PLUGINS", named)
    with refused("$XADAPT_PLUGINS", named):
        check_method("scaled")


def test_its_version_decides_the_run(lab: Any) -> None:
    xadapt.adapter_method("shift", config=Options)(Shift)
    first = lab.train(plan_task("mnli"), adapter_config="shift")
    assert lab.train(plan_task("mnli"), adapter_config="shift").run == first.run
    xadapt.adapter_method("shift", config=Options, version=2)(Shift)
    assert lab.train(plan_task("mnli"), adapter_config="shift").run != first.run
