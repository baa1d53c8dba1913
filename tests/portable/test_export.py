"""A setup leaves xadapt: what is written, that plain libraries compute the same, and that nothing else stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from adapters import XLMRobertaAdapterModel
from peft import PeftModel
from safetensors.torch import load_file
from transformers import XLMRobertaModel

from tests.error_checks import refused
from xadapt.composition.grammar import parse
from xadapt.methods.adapter import adapter_state, add_adapter, save_adapter
from xadapt.portable import export_check
from xadapt.portable.export import Export, export
from xadapt.portable.export_check import Check, probe
from xadapt.portable.export_record import Origin
from xadapt.portable.import_adapter import import_adapter
from xadapt.store.checkpoints import write_record
from xadapt.tasks.catalogue import DEFAULT
from xadapt.training.plan import plan_fusion, plan_gate, plan_target, plan_task


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the process that loads the export, for tests of other things."""
    monkeypatch.setattr("xadapt.portable.export.check", lambda *given: Check({"hidden states": 0.0}, 12))


def run(lab: Any, setup: str, to: Path, form: str, **options: Any) -> Export:
    return export(lab.context, parse(setup), to, form, **options)


@pytest.fixture
def stacked(trained: Any) -> Any:
    """A store with a target adapter on a low-rank fusion."""
    trained.train(plan_fusion(["mnli", "stsb"], rank=4))
    trained.train(plan_target("xnli", "fuse(mnli, stsb, rank=4)"))
    return trained


def test_a_target_on_a_low_rank_fusion_computes_the_same_in_plain_adapters(stacked: Any, tmp_path: Path) -> None:
    made = run(stacked, "stack(fuse(mnli, stsb, rank=4), xnli)", tmp_path / "out", "adapterhub", with_base=True)
    assert made.check.differences.keys() == {"hidden states", "mnli", "stsb", "xnli"}
    # The product of two narrow matrices is rounded to half precision once more.
    assert max(made.check.differences.values()) < 1e-4
    folders = {path.parent.relative_to(made.path).as_posix() for path in made.path.rglob("*.safetensors")}
    target = "stack-fuse-mnli-stsb-rank-4-xnli"
    assert folders == {
        "base",
        "adapters/mnli",
        "adapters/stsb",
        f"adapters/{target}",
        "fusions/mnli+stsb",
        "heads/mnli",
        "heads/stsb",
        "heads/xnli",
    }
    assert made.record.active == {"stack": [{"fuse": ["mnli", "stsb"]}, target]}
    assert made.record.heads == {
        "mnli": "fuse(mnli, stsb, rank=4)",
        "stsb": "fuse(mnli, stsb, rank=4)",
        "xnli": "stack(fuse(mnli, stsb, rank=4), xnli)",
    }
    page = (made.path / "README.md").read_text()
    assert f"model.set_active_adapters(Stack(Fuse('mnli', 'stsb'), '{target}'))" in page
    assert "entailment, neutral, contradiction, in this order" in page
    assert {path.suffix for path in made.path.rglob("*") if path.is_file()} == {".safetensors", ".json", ".md"}


def test_gates_are_one_plain_adapter_below_the_targets(trained: Any, tmp_path: Path) -> None:
    gates = trained.train(plan_gate(["mnli", "stsb"], "xnli"))
    made = run(trained, gates.setup, tmp_path / "out", "adapterhub")
    assert made.check.differences.keys() == {"hidden states", "mnli", "stsb", "xnli"}
    assert max(made.check.differences.values()) < 1e-3
    members, target = "gate-mnli-stsb-xnli-members", "gate-mnli-stsb-xnli"
    assert made.record.active == {"stack": [members, target]}
    assert made.record.adapters == {
        members: Origin(setup=gates.setup, run=None),
        target: Origin(setup=gates.setup, run=gates.run),
    }
    with refused(gates.setup, advice="import a folder of"):
        import_adapter(trained.context, made.path, None)


def test_an_average_is_one_plain_adapter_of_its_own(trained: Any, tmp_path: Path, unchecked: None) -> None:
    setup = "average(mnli, 3*stsb)"
    made = run(trained, setup, tmp_path / "out", "adapterhub", precision="fp32")
    assert made.record.adapters == {"average-mnli-3-stsb": Origin(setup=setup, run=None)}
    wanted = {
        key: 0.25 * value + 0.75 * adapter(trained, "stsb")[key.replace(".mnli.", ".stsb.")]
        for key, value in adapter(trained, "mnli").items()
    }
    found = load_file(made.path / "adapters/average-mnli-3-stsb/adapter.safetensors")
    assert found.keys() == {key.replace(".mnli.", ".average-mnli-3-stsb.") for key in wanted}
    for key, value in wanted.items():
        assert torch.allclose(found[key.replace(".mnli.", ".average-mnli-3-stsb.")], value, atol=1e-6)


def adapter(lab: Any, name: str) -> dict[str, torch.Tensor]:
    path = lab.store.find(name, lab.backbone.fingerprint).path
    return {
        key.replace(f"[{name}]", name): value.float()
        for key, value in load_file(path / "adapter" / "adapter.safetensors").items()
    }


@pytest.mark.parametrize("method", ["lora[r=4]", "ia3", "peft:lora[r=4]"])
def test_an_adapter_computes_the_same_in_plain_peft(lab: Any, tmp_path: Path, unchecked: None, method: str) -> None:
    checkpoint = lab.train(plan_task("mnli"))
    replace_adapter(lab, checkpoint, method)
    wanted = probe(lab.backbone, lab.assemble("mnli").model, [])
    made = run(lab, "mnli", tmp_path / "out", "peft", precision="fp32")
    assert "the head stays behind (mnli)" in made.notes[0]
    encoder = XLMRobertaModel.from_pretrained(lab.backbone.name, add_pooling_layer=False)
    with torch.no_grad():
        bare = encoder.eval()(input_ids=wanted.ids, attention_mask=wanted.mask).last_hidden_state.numpy()
        model = PeftModel.from_pretrained(encoder, made.path).eval()
        found = model(input_ids=wanted.ids, attention_mask=wanted.mask).last_hidden_state.numpy()
    assert abs(bare - wanted.wanted["hidden states"]).max() > 1e-4
    assert abs(found - wanted.wanted["hidden states"]).max() < 1e-5


def replace_adapter(lab: Any, checkpoint: Any, method: str) -> None:
    """Put another adapter into a checkpoint, far from where it started."""
    model = lab.backbone.model()
    add_adapter(model, "new", method)
    torch.manual_seed(5)
    with torch.no_grad():
        for parameter in adapter_state(model, "new").values():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    save_adapter(model, "new", checkpoint.path / "adapter")
    write_record(checkpoint.path, checkpoint.record, "# a card")


def test_lora_in_some_layers_only_names_just_these(lab: Any, tmp_path: Path, unchecked: None) -> None:
    lab.train(plan_task("mnli"), adapter_config="lora[r=4,leave_out=[0],output_lora=True]")
    made = run(lab, "mnli", tmp_path / "out", "peft")
    config = json.loads((made.path / "adapter_config.json").read_text())
    # The end of its path alone would name the layer behind attention, too.
    linears = ("attention.self.query", "attention.self.value", "output.dense")
    assert sorted(config["target_modules"]) == [f"encoder.layer.1.{linear}" for linear in linears]


def test_a_merged_model_computes_the_same_in_plain_transformers(lab: Any, tmp_path: Path) -> None:
    lab.train(plan_task("mnli"), adapter_config="lora[r=4]")
    made = run(lab, "mnli", tmp_path / "out", "merged", task=DEFAULT["xnli"])
    assert max(made.check.differences.values()) < 1e-5
    assert made.check.differences.keys() == {"hidden states", "mnli"}
    assert made.record.heads == {"mnli": "mnli"}
    assert 'from_pretrained(".")' in (made.path / "README.md").read_text()


def test_the_bare_base_is_written_as_plain_transformers_have_it(lab: Any, tmp_path: Path, unchecked: None) -> None:
    run(lab, "none", tmp_path / "out", "merged")
    state = XLMRobertaAdapterModel.from_pretrained(tmp_path / "out").state_dict()
    assert all(torch.equal(state[key], value) for key, value in lab.backbone.state.items())


@pytest.mark.parametrize(
    ("setup", "form", "options", "subjects", "advice"),
    [
        ("mnli", "onnx", {}, ["format 'onnx'"], "merged"),
        ("mnli", "peft", {"precision": "bf16"}, ["precision 'bf16'"], "'fp16'"),
        ("mnli", "merged", {"with_base": True}, ["with_base", "merged"], ""),
        ("ensemble(mnli, stsb)", "adapterhub", {}, ["ensemble(mnli, stsb)"], "export its members"),
        ("none", "adapterhub", {}, ["none"], "format merged"),
        ("mnli", "peft", {}, ["mnli", "peft", "bottleneck"], "format adapterhub"),
        ("fuse(mnli, stsb)", "peft", {}, ["fuse(mnli, stsb)", "one adapter"], "format adapterhub"),
        ("stsb", "adapterhub", {"task": "xnli"}, ["xnli"], ""),
    ],
)
def test_what_cannot_be_exported_is_one_line_and_leaves_nothing(
    trained_once: Any,
    tmp_path: Path,
    unchecked: None,
    setup: str,
    form: str,
    options: Any,
    subjects: list[str],
    advice: str,
) -> None:
    if "task" in options:
        options = {"task": DEFAULT[options["task"]]}
    with refused(*subjects, advice=advice):
        run(trained_once, setup, tmp_path / "out", form, **options)
    assert not list(tmp_path.iterdir())


def test_an_export_that_computes_something_else_fails_and_leaves_nothing(
    trained_once: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = export_check.probe

    def other(*given: Any) -> Any:
        made = honest(*given)
        made.wanted["hidden states"][0, 0, 0] += 0.1
        return made

    monkeypatch.setattr("xadapt.portable.export.probe", other)
    with refused("hidden states", "0.1", code=1):
        run(trained_once, "none", tmp_path / "out", "merged")
    assert not list(tmp_path.iterdir())


def test_an_export_that_does_not_load_fails_with_the_librarys_own_error(
    trained_once: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xadapt.portable.export_adapterhub.save_adapter", lambda *given: None)
    monkeypatch.setattr("xadapt.portable.export_adapterhub._rename", lambda *given: None)
    with refused("adapters/mnli", code=1):
        run(trained_once, "mnli", tmp_path / "out", "adapterhub")
    assert not list(tmp_path.iterdir())


def test_an_earlier_export_is_replaced_and_anything_else_is_left_alone(
    trained_once: Any, tmp_path: Path, unchecked: None
) -> None:
    made = run(trained_once, "stsb", tmp_path / "out", "adapterhub")
    run(trained_once, "mnli", made.path, "adapterhub")
    assert [path.name for path in (made.path / "adapters").iterdir()] == ["mnli"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with refused(tmp_path / "mine", "not empty", advice="another folder"):
        run(trained_once, "mnli", tmp_path / "mine", "adapterhub")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "all of it"


def test_a_task_takes_its_head_alone(trained_once: Any, tmp_path: Path, unchecked: None) -> None:
    made = run(trained_once, "stack(mnli, xnli)", tmp_path / "out", "adapterhub", task=DEFAULT["mnli"])
    assert list(made.record.heads) == ["mnli"]
    assert [path.name for path in (made.path / "heads").iterdir()] == ["mnli"]
    assert "model.active_head = 'mnli'" in (made.path / "README.md").read_text()


@pytest.mark.parametrize(("precision", "dtype"), [(None, torch.float16), ("fp32", torch.float32)])
def test_files_have_the_precision_that_was_asked_for(
    trained_once: Any, tmp_path: Path, unchecked: None, precision: str | None, dtype: torch.dtype
) -> None:
    made = run(trained_once, "fuse(mnli, stsb)", tmp_path / "out", "adapterhub", precision=precision)
    files = list(made.path.rglob("*.safetensors"))
    assert len(files) == 5
    assert {value.dtype for file in files for value in load_file(file).values()} == {dtype}
