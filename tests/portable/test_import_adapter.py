"""Adapters come in: what an export wrote and what other libraries wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import IA3Config, LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import XLMRobertaForSequenceClassification

from tests.error_checks import refused
from tests.portable.imports import import_folder, outputs, save_foreign_adapter
from xadapt.composition.grammar import parse
from xadapt.portable.export import export
from xadapt.portable.export_check import Check, probe
from xadapt.store.records import Imported
from xadapt.store.store import Store
from xadapt.training.plan import plan_fusion, plan_target, plan_task


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the process that loads an export."""
    monkeypatch.setattr("xadapt.portable.export.check", lambda *given: Check({"hidden states": 0.0}, 12))


def same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    return first.keys() == second.keys() and all(np.array_equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_an_exported_adapter_computes_the_same_to_the_bit_when_it_comes_back(
    trained_once: Any, store: Store, tmp_path: Path, unchecked: None, precision: str
) -> None:
    export(trained_once.context, parse("squad"), tmp_path / "out", "adapterhub", precision=precision)
    (made,) = import_folder(trained_once, tmp_path / "out", store)
    assert (made.setup, made.heads) == ("squad", ["squad"])
    assert same(outputs(trained_once, "squad", store), outputs(trained_once, "squad", trained_once.store))
    # Nothing is lost by it: the weights were rounded when they were trained.
    assert {v.dtype for f in made.path.rglob("*.safetensors") for v in load_file(f).values()} == {torch.float16}


@pytest.mark.parametrize("method", ["vera", "loreft", "mam", "prefix_tuning"])
def test_parts_of_all_kinds_come_back_to_the_bit(lab: Any, tmp_path: Path, unchecked: None, method: str) -> None:
    first = lab.train(plan_task("stsb"), adapter_config=method)
    export(lab.context, parse("stsb"), tmp_path / "out", "adapterhub")
    other = Store(tmp_path / "other", shipped=lab.store.shipped)
    (second,) = import_folder(lab, tmp_path / "out", other)
    wanted, found = (load_file(one.path / "adapter" / "adapter.safetensors") for one in (first, second))
    assert wanted.keys() == found.keys()
    assert all(torch.equal(value.float(), found[key].float()) for key, value in wanted.items())
    assert same(outputs(lab, "stsb", other), outputs(lab, "stsb", lab.store))


def test_a_whole_setup_comes_back_with_fusion_target_and_heads(
    trained: Any, store: Store, tmp_path: Path, unchecked: None
) -> None:
    trained.train(plan_target("xnli", "fuse(mnli, stsb)"))
    setup = "stack(fuse(mnli, stsb), xnli)"
    export(trained.context, parse(setup), tmp_path / "out", "adapterhub")
    made = {checkpoint.setup: checkpoint for checkpoint in import_folder(trained, tmp_path / "out", store)}
    assert list(made) == ["mnli", "stsb", "fuse(mnli, stsb)", setup]
    assert made[setup].record.members == {name: one.run for name, one in made.items() if name != setup}
    assert made[setup].record.under == "fuse(mnli, stsb)"
    assert same(outputs(trained, setup, store), outputs(trained, setup, trained.store))


def test_an_average_comes_back_under_a_name_and_only_so(
    trained_once: Any, store: Store, tmp_path: Path, unchecked: None
) -> None:
    setup = "average(mnli, stsb)"
    export(trained_once.context, parse(setup), tmp_path / "out", "adapterhub", precision="fp32")
    with refused(setup, advice="give it name and task"):
        import_folder(trained_once, tmp_path / "out", store)
    (made,) = import_folder(trained_once, tmp_path / "out", store, "mnli", name="both")
    assert (made.setup, made.heads) == ("both", ["mnli"])
    wanted = outputs(trained_once, setup, trained_once.store)
    found = outputs(trained_once, "both", store)
    assert np.array_equal(found["mnli"], wanted["mnli"])


def test_an_imported_adapter_is_evaluated_fused_and_trained_on_by_its_name(trained: Any, tmp_path: Path) -> None:
    save_foreign_adapter(trained, tmp_path / "out")
    (made,) = import_folder(trained, tmp_path / "out", trained.store, "mnli", name="theirs")
    assert trained.evaluate("theirs", "xnli", "en").head == "mnli"
    fused = trained.train(plan_fusion(["theirs", "stsb"], "stsb"))
    target = trained.train(plan_target("xnli", "theirs"))
    assert fused.record.members["theirs"] == target.record.members["theirs"] == made.run


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        (["entailment", "neutral", "contradiction"], [0, 1, 2]),
        (["contradiction", "entailment", "neutral"], [1, 2, 0]),
        (["NEUTRAL", "Contradiction", "entailment"], [2, 0, 1]),
    ],
)
def test_a_head_of_another_label_order_is_put_into_the_tasks_order(
    trained_once: Any, store: Store, tmp_path: Path, labels: list[str], order: list[int]
) -> None:
    theirs = save_foreign_adapter(trained_once, tmp_path / "out", labels)
    import_folder(trained_once, tmp_path / "out", store, "mnli")
    found = outputs(trained_once, "mnli", store)["mnli"]
    wanted = probe(trained_once.backbone, theirs, ["nli"]).wanted["nli"]
    assert np.array_equal(found, wanted[:, order])
    assert trained_once.backbone is not None


def test_labels_that_say_nothing_are_named_by_the_user(trained_once: Any, store: Store, tmp_path: Path) -> None:
    theirs = save_foreign_adapter(trained_once, tmp_path / "out", ["LABEL_0", "LABEL_1", "LABEL_2"])
    with refused("LABEL_0, LABEL_1, LABEL_2", "mnli", "entailment, neutral, contradiction", advice="labels"):
        import_folder(trained_once, tmp_path / "out", store, "mnli")
    import_folder(trained_once, tmp_path / "out", store, "mnli", labels=["neutral", "entailment", "contradiction"])
    wanted = probe(trained_once.backbone, theirs, ["nli"]).wanted["nli"]
    assert np.array_equal(outputs(trained_once, "mnli", store)["mnli"], wanted[:, [1, 0, 2]])


@pytest.mark.parametrize(
    "config",
    [
        LoraConfig(r=4, target_modules=["query", "dense"]),
        IA3Config(target_modules=["key", "output.dense"], feedforward_modules=["output.dense"]),
    ],
)
def test_an_adapter_of_peft_comes_in_with_the_head_it_was_trained_with(
    trained_once: Any, store: Store, tmp_path: Path, config: Any
) -> None:
    torch.manual_seed(7)
    plain = XLMRobertaForSequenceClassification.from_pretrained(trained_once.backbone.name, num_labels=3)
    if config.peft_type == "LORA":
        # ``dense`` is a layer of the head, too.
        config.exclude_modules = ["classifier.dense"]
    config.task_type = "SEQ_CLS"
    model = get_peft_model(plain, config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.normal_(std=0.2)
    model.save_pretrained(tmp_path / "out")
    names = ["contradiction", "neutral", "entailment"]
    (made,) = import_folder(trained_once, tmp_path / "out", store, "mnli", labels=names)
    assert made.record.imported.form == "peft"
    found = outputs(trained_once, "mnli", store)["mnli"]
    made_of = probe(trained_once.backbone, trained_once.backbone.model(), [])
    with torch.no_grad():
        wanted = model.eval()(input_ids=made_of.ids, attention_mask=made_of.mask).logits.numpy()
    assert abs(found - wanted[:, [2, 1, 0]]).max() < 1e-5
    assert "library_name: peft" in (made.path / "README.md").read_text()


def test_the_record_and_the_card_name_what_is_unknown(trained_once: Any, store: Store, tmp_path: Path) -> None:
    save_foreign_adapter(trained_once, tmp_path / "out")
    (made,) = import_folder(trained_once, tmp_path / "out", store, "mnli", seed=7)
    record = made.record
    assert (record.trains, record.data, record.rows, record.seed) == ("imported", "imported", {}, 7)
    assert record.figures.dev == {}
    assert record.imported == Imported(
        form="adapterhub", name="nli", base=trained_once.backbone.name, library="adapters.1.3.0"
    )
    page = (made.path / "README.md").read_text()
    assert "| training rows, steps, scores | unknown |" in page
    assert "| seed | unknown; filed under 7 |" in page


def test_the_same_files_are_the_same_run_and_others_are_not(trained_once: Any, store: Store, tmp_path: Path) -> None:
    save_foreign_adapter(trained_once, tmp_path / "out")
    (first,) = import_folder(trained_once, tmp_path / "out", store, "mnli")
    (second,) = import_folder(trained_once, tmp_path / "out", store, "mnli")
    assert first.run == second.run
    weights = load_file(tmp_path / "out" / "adapter.safetensors")
    key = next(iter(weights))
    save_file({**weights, key: weights[key] + 1}, tmp_path / "out" / "adapter.safetensors")
    (third,) = import_folder(trained_once, tmp_path / "out", store, "mnli")
    assert third.run != first.run


def test_an_adapter_without_a_head_comes_in_without_one(trained_once: Any, store: Store, tmp_path: Path) -> None:
    save_foreign_adapter(trained_once, tmp_path / "out")
    for file in (tmp_path / "out").glob("*head*"):
        file.unlink()
    (made,) = import_folder(trained_once, tmp_path / "out", store, "mnli")
    assert made.heads == []
    assert outputs(trained_once, "mnli", store).keys() == {"hidden states"}
