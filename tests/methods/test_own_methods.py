"""A method that a user registers, by the road of all others: trained, stored, composed, found in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from adapters.composition import Fuse, Stack

import xadapt
from tests.error_checks import check_refusal, refused
from xadapt import plugins
from xadapt.backbone.encoder import run
from xadapt.composition.loading import activate_on, bare_model
from xadapt.methods import registration
from xadapt.methods.active_layers import is_tokenwise, lowest_layer
from xadapt.methods.adapter import (
    adapter_state,
    add_adapter,
    check_method,
    fixed_state,
    load_adapter,
    method_of,
    save_adapter,
)
from xadapt.store.result_record import Result
from xadapt.training.plan import plan_fusion, plan_target, plan_task

#: The module of a user.
SOURCE = """
from dataclasses import dataclass, field

import torch

import xadapt


@dataclass
class ScaledConfig:
    size: int = 8
    scale: float = 1.0


@xadapt.adapter_method("scaled", config=ScaledConfig, tokenwise=True)
class Scaled(torch.nn.Module):
    def __init__(self, config, width):
        super().__init__()
        self.down = torch.nn.Linear(width, config.size)
        self.up = torch.nn.Linear(config.size, width)
        torch.nn.init.zeros_(self.up.weight)
        torch.nn.init.zeros_(self.up.bias)
        self.scale = config.scale

    def forward(self, hidden):
        return hidden + self.scale * self.up(self.down(hidden).relu())
"""


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's module as a file."""
    path = tmp_path_factory.mktemp("plugin") / "scaled_adapter_of_mine.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture(autouse=True)
def registered(module: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The method is there while a test runs, and what the test registers is gone afterwards."""
    monkeypatch.setenv("XADAPT_PLUGINS", str(module))
    plugins._load.cache_clear()
    sys.modules.pop(module.stem, None)
    before = dict(registration._METHODS)
    yield
    registration._METHODS.clear()
    registration._METHODS.update(before)
    plugins._load.cache_clear()
    sys.modules.pop(module.stem, None)


@dataclass
class Options:
    """Options of methods that tests register."""

    sizes: list[int] = field(default_factory=lambda: [1])


class Shift(torch.nn.Module):
    """Adds a learnt vector and one that is drawn and never trained."""

    def __init__(self, config: Options, width: int) -> None:
        super().__init__()
        self.by = torch.nn.Parameter(torch.zeros(width))
        self.drawn = torch.nn.Parameter(torch.randn(width), requires_grad=False)
        self.register_buffer("count", torch.ones(3))

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden + self.by * self.drawn


def test_it_changes_nothing_when_fresh_and_is_stored_and_loaded_with_its_options(
    host: Any, other_host: Any, tmp_path: Path
) -> None:
    add_adapter(host.model, "fresh", "scaled[size=4]@1")
    assert torch.equal(host.under("fresh"), host.bare)
    host.add("scaled[size=4, scale=2]@1", "z")
    computed = host.under("z")
    assert not torch.allclose(computed, host.bare, atol=1e-3)
    save_adapter(host.model, "z", tmp_path / "stored")
    assert {file.suffix for file in (tmp_path / "stored").iterdir()} == {".json", ".safetensors"}
    other_host.add("scaled", "first")
    load_adapter(other_host.model, tmp_path / "stored", "output")
    assert torch.equal(other_host.under("output"), computed)
    assert method_of(other_host.model, "output") == method_of(host.model, "z")
    described = method_of(host.model, "z")
    assert (described["method"], described["size"], described["scale"]) == ("scaled", 4, 2.0)
    assert torch.equal(other_host.under(None), host.bare)


def test_it_is_in_its_layers_alone_and_computes_a_token_by_itself_if_registered_so(host: Any) -> None:
    host.add("scaled@1", "upper")
    host.under("upper")
    assert lowest_layer(host.model) == 1
    assert is_tokenwise(host.model)
    host.add("scaled", "all")
    host.under(Stack("upper", "all"))
    assert lowest_layer(host.model) == 0
    xadapt.adapter_method("shift", config=Options)(Shift)
    host.add("shift", "mixed")
    host.under("mixed")
    assert not is_tokenwise(host.model)


def test_the_first_token_is_the_same_when_it_alone_is_computed(tiny: Any) -> None:
    model = bare_model(tiny)
    add_adapter(model, "z", "scaled@1")
    with torch.no_grad():
        for value in adapter_state(model, "z").values():
            value.normal_(std=0.3, generator=torch.Generator().manual_seed(value.numel()))
    activate_on(model, "z", 2)
    assert model.roberta.encoder.tokenwise
    ids = torch.tensor([[0, 5, 6, 7, 8, 2], [0, 9, 8, 2, 1, 1]])
    with torch.inference_mode():
        alone, all_of_them = (
            run(model.eval(), ids, (ids != 1).long(), None, first).last_hidden_state for first in (True, False)
        )
    assert alone.shape[1] == 1
    torch.testing.assert_close(alone[:, 0], all_of_them[:, 0], atol=1e-6, rtol=1e-5)


def test_what_is_not_trained_is_stored_beside_it_and_decides_what_it_can_be_averaged_with(
    host: Any, other_host: Any, tmp_path: Path
) -> None:
    xadapt.adapter_method("shift", config=Options)(Shift)
    host.add("shift", "z", "y")
    assert {key.rpartition(".")[2] for key in adapter_state(host.model, "z")} == {"by"}
    assert {key.rpartition(".")[2] for key in fixed_state(host.model, "z")} == {"drawn", "count"}
    assert method_of(host.model, "z")["fixed"] != method_of(host.model, "y")["fixed"]
    for parameter in host.model.parameters():
        parameter.requires_grad_(False)
    assert len(adapter_state(host.model, "z")) == 2
    save_adapter(host.model, "z", tmp_path / "stored")
    load_adapter(other_host.model, tmp_path / "stored", "z")
    assert torch.equal(other_host.under("z"), host.under("z"))


def test_own_methods_act_in_the_order_of_the_stack_behind_those_of_the_libraries(host: Any) -> None:
    host.add("scaled", "one", "two")
    host.add("seq_bn", "b")
    host.add("peft:lora", "p")
    assert not torch.equal(host.under(Stack("one", "two")), host.under(Stack("two", "one")))
    over = host.under(Stack("b", "one", "p"))
    assert torch.equal(over, host.under(Stack("one", "p", "b")))
    for part in (Stack("b", "one"), Stack("b", "p"), Stack("one", "p")):
        assert not torch.allclose(host.under(part), over, atol=1e-4)
    assert torch.equal(host.under(None), host.bare)


def test_a_fusion_of_own_methods_is_refused_in_one_line(host: Any) -> None:
    host.add("scaled", "a", "b")
    with refused("a", "AdapterFusion", advice="seq_bn"):
        host.under(Fuse("a", "b"))


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
def test_a_configuration_that_does_not_fit_is_one_line(host: Any, text: str, subject: str, advice: str) -> None:
    with refused("adapter_", subject, advice=advice):
        add_adapter(host.model, "z", text)


def test_a_result_of_another_shape_is_one_line(host: Any) -> None:
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
    host: Any, other_host: Any, tmp_path: Path
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


def test_it_is_trained_evaluated_stacked_and_averaged(lab: Any, tmp_path: Path) -> None:
    made = lab.train(plan_task("mnli"), adapter_config="scaled[size=4]", adapter_layers="1", epochs=2)
    own = 32 * 4 + 4 + 4 * 32 + 32
    assembly = lab.assemble("mnli")
    assert sum(value.numel() for value in adapter_state(assembly.model, "mnli").values()) == own
    assert any(value.any() for key, value in adapter_state(assembly.model, "mnli").items() if key.endswith("up.weight"))
    result = lab.evaluate("mnli", "xnli", "de")
    assert result.parameters == own
    other = lab.train(plan_task("stsb"), adapter_config="scaled[size=4]", adapter_layers="1")
    average = lab.assemble("average(mnli, stsb)").model
    mean = adapter_state(average, "average[mnli+stsb]")
    parts = [adapter_state(lab.assemble(name).model, name) for name in ("mnli", "stsb")]
    for key, value in mean.items():
        torch.testing.assert_close(value, (parts[0][key] + parts[1][key]) / 2, atol=1e-6, rtol=0)
    assert lab.evaluate("average(mnli, stsb)", "xnli", "de").parameters == own
    lab.train(plan_target("xnli", "mnli"), adapter_config="scaled[size=2]")
    lab.train(plan_target("xnli", "average(mnli, stsb)"))
    assert lab.evaluate("stack(mnli, xnli)", "xnli", "de").parameters > own
    assert lab.evaluate("stack(average(mnli, stsb), xnli)", "xnli", "de").parameters > own
    with refused("mnli", "stsb", advice="bottleneck"):
        lab.train(plan_fusion(["mnli", "stsb"]))
    assert made.run != other.run
    for form in ("adapterhub", "peft", "merged"):
        with refused("mnli", "scaled"):
            lab.export("mnli", tmp_path / "out", form)
    assert not (tmp_path / "out").exists()


def test_a_fresh_process_finds_it_in_the_store_and_goes_on(lab: Any, module: Path, tiny_base_folder: Path) -> None:
    made = lab.train(plan_task("mnli"), adapter_config="scaled[size=4]")
    here = lab.evaluate("mnli", "xnli", "de", limit=6)
    command = "import sys; from xadapt.cli.main import main; main(sys.argv[1:])"
    asked = ["evaluate", "xnli", "--setup", "mnli", "--languages", "de", "--limit", "6", "--max-length", "48", "--json"]
    where = ["--base", str(tiny_base_folder), "--data", str(lab.mirror), "--store", str(lab.store.root)]
    precise = ["--precision", "fp32", "--device", "cpu"]
    lab.store.result_path(here.run).unlink()

    def again(**environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", command, *asked, *where, *precise],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    done = again(XADAPT_PLUGINS=str(module))
    assert done.returncode == 0, done.stderr
    there = Result.read(lab.store.result_path(here.run))
    assert there["de"].scores == here["de"].scores
    without = again(XADAPT_PLUGINS="")
    assert without.returncode == 0, "a result that is there needs no method"
    lab.store.result_path(here.run).unlink()
    lost = again(XADAPT_PLUGINS="")
    check_refusal(lost.returncode, lost.stderr, "'scaled'", advice="$XADAPT_PLUGINS")
    assert "library_name: xadapt" in (made.path / "README.md").read_text()


def test_its_version_decides_the_run(lab: Any) -> None:
    xadapt.adapter_method("shift", config=Options)(Shift)
    first = lab.train(plan_task("mnli"), adapter_config="shift")
    assert lab.train(plan_task("mnli"), adapter_config="shift").run == first.run
    xadapt.adapter_method("shift", config=Options, version=2)(Shift)
    assert lab.train(plan_task("mnli"), adapter_config="shift").run != first.run
