"""A method that a user registers, by the road of all others: trained, stored, composed, found in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from adapters.composition import Fuse, Stack

import xadapt
from tests.adapter_hosts import AdapterHost
from tests.error_checks import check_refusal, refused
from tests.methods.scaled_method import Options, Shift, module, registered
from xadapt.backbone.base import Backbone
from xadapt.backbone.encoder import run
from xadapt.composition.loading import activate_on, bare_model
from xadapt.methods.active_layers import is_tokenwise, lowest_layer
from xadapt.methods.adapter import (
    adapter_state,
    add_adapter,
    fixed_state,
    load_adapter,
    method_of,
    save_adapter,
)
from xadapt.store.result_record import Result
from xadapt.training.plan import plan_fusion, plan_target, plan_task

__all__ = ["module", "registered"]


def test_it_changes_nothing_when_fresh_and_is_stored_and_loaded_with_its_options(
    host: AdapterHost, other_host: AdapterHost, tmp_path: Path
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


def test_it_is_in_its_layers_alone_and_computes_a_token_by_itself_if_registered_so(host: AdapterHost) -> None:
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


def test_the_first_token_is_the_same_when_it_alone_is_computed(tiny: Backbone) -> None:
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
    host: AdapterHost, other_host: AdapterHost, tmp_path: Path
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


def test_own_methods_act_in_the_order_of_the_stack_behind_those_of_the_libraries(host: AdapterHost) -> None:
    host.add("scaled", "one", "two")
    host.add("seq_bn", "b")
    host.add("peft:lora", "p")
    assert not torch.equal(host.under(Stack("one", "two")), host.under(Stack("two", "one")))
    over = host.under(Stack("b", "one", "p"))
    assert torch.equal(over, host.under(Stack("one", "p", "b")))
    for part in (Stack("b", "one"), Stack("b", "p"), Stack("one", "p")):
        assert not torch.allclose(host.under(part), over, atol=1e-4)
    assert torch.equal(host.under(None), host.bare)


def test_a_fusion_of_own_methods_is_refused_in_one_line(host: AdapterHost) -> None:
    host.add("scaled", "a", "b")
    with refused("a", "AdapterFusion", advice="seq_bn"):
        host.under(Fuse("a", "b"))


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
