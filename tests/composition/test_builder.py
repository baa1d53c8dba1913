"""Setups put together: the weights that take part, the checkpoints that are found, the heads that answer."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.error_checks import refused
from tests.made_up_results import run_of
from tests.stored_records import change_record
from xadapt.composition.builder import layer_name
from xadapt.composition.grammar import parse
from xadapt.methods.adapter import adapter_state
from xadapt.problems import make_problem
from xadapt.store.checkpoints import RECORD, open_checkpoint
from xadapt.store.files import sha256_file
from xadapt.store.store import Store
from xadapt.tasks import get_task
from xadapt.training.plan import plan_fusion, plan_target, plan_task


def logits(assembly: Any, head: str, backbone: Any) -> torch.Tensor:
    rows = [
        {"first": "A man is sleeping.", "second": "A man is awake.", "label": 2, "score": 1.0},
        {"first": "Two dogs run over the green field.", "second": "Animals are outside.", "label": 0, "score": 3.0},
    ]
    problem = make_problem(get_task(head), backbone.tokenizer, 48)
    batch = problem.collate(problem.encode(rows, labelled=False))
    with torch.inference_mode():
        return problem.forward(assembly.model, batch, head).logits


def twin(lab: Any, setup: str, name: str) -> None:
    """Store the checkpoint of a setup a second time, under another name."""
    found = lab.store.find(setup, lab.backbone.fingerprint)
    folder = lab.store.run_path(run := run_of(name))
    shutil.copytree(found.path, folder)
    change_record(folder / RECORD, setup=name, run=run)


def test_averaging_identical_adapters_changes_nothing(trained: Any) -> None:
    twin(trained, "mnli", "lingnli")
    single = logits(trained.assemble("mnli"), "mnli", trained.backbone)
    average = logits(trained.assemble("average(mnli, lingnli)"), "mnli", trained.backbone)
    torch.testing.assert_close(average, single, atol=1e-6, rtol=0)


def test_an_average_has_the_mean_of_the_weights_and_is_neither_member(trained_once: Any) -> None:
    assembly = trained_once.assemble("average(mnli, stsb)")
    mnli, stsb, mean = (adapter_state(assembly.model, name) for name in ("mnli", "stsb", "average[mnli+stsb]"))
    assert mean.keys() == mnli.keys() == stsb.keys()
    assert len(mean) > 0
    for key, value in mean.items():
        torch.testing.assert_close(value, (mnli[key] + stsb[key]) / 2)
    averaged = logits(assembly, "mnli", trained_once.backbone)
    for member in ("mnli", "stsb"):
        assembly.model.set_active_adapters(member)
        assert not torch.allclose(averaged, logits(assembly, "mnli", trained_once.backbone), atol=1e-5)


def test_an_average_of_averages_weighs_by_the_expression(trained_once: Any) -> None:
    assembly = trained_once.assemble("average(average(mnli, stsb), squad)")
    parts = {name: adapter_state(assembly.model, name) for name in ("mnli", "stsb", "squad")}
    whole = adapter_state(assembly.model, layer_name(parse("average(average(mnli, stsb), squad)")))
    for key, value in whole.items():
        by_hand = parts["mnli"][key] / 4 + parts["stsb"][key] / 4 + parts["squad"][key] / 2
        torch.testing.assert_close(value, by_hand)


def test_the_weights_of_an_adapter_do_not_include_the_head_of_the_same_name(trained_once: Any) -> None:
    state = adapter_state(trained_once.assemble("mnli").model, "mnli")
    assert state
    assert not [key for key in state if key.startswith("heads.")]


def test_the_order_in_which_a_fusion_is_named_does_not_matter(trained_once: Any) -> None:
    one, other = trained_once.assemble("fuse(mnli, stsb)"), trained_once.assemble("fuse(stsb, mnli)")
    assert one.members == other.members
    assert set(one.members) == {"mnli", "stsb", "fuse(mnli, stsb)"}
    left, right = (logits(assembly, "stsb", trained_once.backbone) for assembly in (one, other))
    assert torch.equal(left, right)


def test_layer_names_are_legal_in_the_library_and_distinct() -> None:
    texts = ("a", "fuse(a, b)", "stack(a, b)", "average(a, b)", "stack(fuse(a, b), c)", "stack(a, b, c)", "sts-multi")
    names = [layer_name(parse(text)) for text in texts]
    assert len(set(names)) == len(names)
    assert not [name for name in names if "," in name or "." in name]


@pytest.mark.parametrize("setup", ["mnli", "fuse(mnli, stsb)", "stack(mnli, xnli)"])
def test_assembling_twice_gives_the_same_logits_to_the_bit(trained_once: Any, setup: str) -> None:
    head = "xnli" if "xnli" in setup else "mnli"
    torch.manual_seed(1)
    first = logits(trained_once.assemble(setup), head, trained_once.backbone)
    torch.manual_seed(2)
    assert torch.equal(first, logits(trained_once.assemble(setup), head, trained_once.backbone))


def test_everything_in_an_assembled_model_is_frozen_and_in_evaluation_mode(trained_once: Any) -> None:
    model = trained_once.assemble("stack(mnli, xnli)").model
    assert not [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert not model.training


def test_active_adapters_are_named_from_the_bottom_up(trained_once: Any) -> None:
    for setup, names in (
        ("stack(squad, mnli)", ("squad", "mnli")),
        ("stack(mnli, squad)", ("mnli", "squad")),
        ("fuse(stsb, mnli)", ("mnli", "stsb")),
        ("none", ()),
    ):
        assert trained_once.assemble(setup).names == names


def test_adapters_that_were_trained_alone_can_be_stacked(trained_once: Any) -> None:
    assembly = trained_once.assemble("stack(mnli, squad)")
    assert set(assembly.members) == {"mnli", "squad"}
    stacked = logits(assembly, "mnli", trained_once.backbone)
    assembly.model.set_active_adapters("mnli")
    assert not torch.allclose(stacked, logits(assembly, "mnli", trained_once.backbone), atol=1e-5)


def test_a_target_adapter_is_found_under_the_whole_stack(trained_once: Any) -> None:
    assembly = trained_once.assemble("stack(mnli, xnli)")
    assert set(assembly.members) == {"mnli", "stack(mnli, xnli)"}
    assert assembly.model.active_adapters.children == ["mnli", "stack[mnli+xnli]"]


def test_a_target_adapter_of_another_base_does_not_hide_adapters_of_this_one(trained: Any) -> None:
    twin(trained, "stack(mnli, xnli)", "stack(mnli, squad)")
    path = trained.store.run_path(run_of("stack(mnli, squad)")) / RECORD
    change_record(path, base={"name": "elsewhere", "fingerprint": "0" * 64})
    assert set(trained.assemble("stack(mnli, squad)").members) == {"mnli", "squad"}


def test_a_missing_member_is_one_line_with_the_nearest_name_and_the_command_that_makes_it(trained_once: Any) -> None:
    with refused("mnlii", advice="'mnli'"):
        trained_once.assemble("mnlii")
    with refused("lingnli", advice="`xadapt train-task lingnli`"):
        trained_once.assemble("average(lingnli, mnli)")


def test_a_missing_fusion_is_one_line_with_a_command_that_a_shell_takes(trained_once: Any) -> None:
    with refused("fuse(mnli, squad)", advice="`xadapt fuse mnli squad`"):
        trained_once.assemble("fuse(squad, mnli)")
    with refused("fuse(average(mnli, squad), stsb)", advice='`xadapt fuse "average(mnli, squad)" stsb`'):
        trained_once.assemble("fuse(average(mnli, squad), stsb)")


def test_a_missing_target_adapter_is_one_line_with_the_commands_that_make_it(trained_once: Any) -> None:
    with refused("xquad", "`xadapt train-task xquad`", advice='`xadapt train-target xquad --on "fuse(mnli, stsb)"`'):
        trained_once.assemble("stack(fuse(mnli, stsb), xquad)")


def test_a_missing_continuation_is_one_line_with_the_command_that_makes_it(trained_once: Any) -> None:
    with refused("continue(mnli, xnli)", advice='`xadapt train-target xnli --on "mnli" --mode continue`'):
        trained_once.assemble("continue(mnli, xnli)")


def test_an_adapter_for_another_base_is_one_line_that_names_both(trained: Any) -> None:
    path = trained.store.find("squad", trained.backbone.fingerprint).path / RECORD
    change_record(path, base={"name": "elsewhere", "fingerprint": "0" * 64})
    with refused("squad", path.parent, "'elsewhere'", trained.backbone.name, advice="base=elsewhere"):
        trained.assemble("squad")


def test_adapters_of_different_configurations_cannot_be_averaged(trained: Any) -> None:
    trained.train(plan_task("xnli"), adapter_config="seq_bn[reduction_factor=4]")
    with refused("average(mnli, xnli)", "reduction_factor", advice="adapter_config"):
        _ = trained.assemble("average(mnli, xnli)").model


def test_none_is_the_base_without_an_adapter(trained_once: Any) -> None:
    assembly = trained_once.assemble("none")
    assert assembly.model.active_adapters is None
    assert assembly.members == {}


def test_a_pinned_checkpoint_is_used_although_a_newer_one_has_the_name(trained: Any) -> None:
    old = trained.store.find("mnli", trained.backbone.fingerprint)
    trained.train(plan_task("mnli"), lr=0.02)
    newer = trained.assemble("mnli").members["mnli"]
    assert newer != old.run
    assert trained.assemble("mnli", pins={"mnli": old}).members["mnli"] == old.run
    assert trained.assemble("stack(mnli, squad)", pins={"mnli": old}).members["mnli"] == old.run


def test_the_checkpoint_of_the_asked_seed_is_preferred(trained: Any) -> None:
    trained.train(plan_task("mnli"), seed=7)
    of_seed = {seed: trained.assemble("mnli", seed=seed).members["mnli"] for seed in (7, 42)}
    assert open_checkpoint(trained.store.run_path(of_seed[7])).seed == 7
    assert open_checkpoint(trained.store.run_path(of_seed[42])).seed == 42


def test_each_checkpoint_in_use_is_shown_once(trained_once: Any) -> None:
    shown: list[str] = []
    trained_once.assemble("stack(average(mnli, stsb), mnli, squad)", on_use=lambda found: shown.append(found.setup))
    assert sorted(shown) == ["mnli", "squad", "stsb"]


def test_a_corrupt_checkpoint_is_one_line_that_names_the_file(trained: Any) -> None:
    found = trained.store.find("mnli", trained.backbone.fingerprint)
    weights = next((found.path / "adapter").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-100])
    with refused(weights.name, advice="train it again"):
        trained.assemble("mnli")


def test_a_checkpoint_that_the_library_cannot_load_is_one_line(trained: Any) -> None:
    found = trained.store.find("mnli", trained.backbone.fingerprint)
    weights = next((found.path / "adapter").glob("*.safetensors"))
    weights.write_bytes(b"\0" * 64)
    name = str(weights.relative_to(found.path))
    change_record(found.path / RECORD, files={**found.record.files, name: sha256_file(weights)})
    with refused(found.path, advice="train it again"):
        _ = trained.assemble("mnli").model


def test_a_pickle_in_a_checkpoint_is_refused(trained: Any) -> None:
    found = trained.store.find("mnli", trained.backbone.fingerprint)
    (found.path / "adapter" / "pytorch_adapter.bin").write_bytes(b"")
    with refused("pytorch_adapter.bin", advice="safetensors"):
        trained.assemble("mnli")


def test_shipped_checkpoints_come_after_those_of_the_store(trained: Any, tmp_path: Path) -> None:
    found = trained.store.find("mnli", trained.backbone.fingerprint)
    shipped = tmp_path / "shipped" / "tiny"
    shipped.mkdir(parents=True)
    shutil.move(found.path, shipped / "mnli")
    store = Store(trained.store.root, shipped=shipped.parent)
    at = store.find("mnli", trained.backbone.fingerprint)
    assert at is not None
    assert at.path == shipped / "mnli"


@pytest.mark.parametrize("setup", ["fuse(average(mnli, squad), stsb)", "stack(average(mnli, stsb), xnli)"])
def test_averages_can_be_fused_and_trained_on(trained: Any, setup: str) -> None:
    plan = (
        plan_fusion(["average(mnli, squad)", "stsb"]) if setup[0] == "f" else plan_target("xnli", "average(mnli, stsb)")
    )
    made = trained.train(plan)
    assert made.setup == setup
    assert trained.assemble(setup).members[setup] == made.run


def test_the_command_for_a_shared_target_adapter_says_what_it_is_called(trained_once: Any) -> None:
    with refused("mlqa", "xquad", advice='`xadapt train-target mlqa --on "mnli"`'):
        trained_once.assemble("stack(mnli, mlqa)")
    with refused("mlqa", "xquad", advice='`xadapt train-target mlqa --on "mnli" --mode continue`'):
        trained_once.assemble("continue(mnli, mlqa)")
