"""A checkpoint folder: what is in it, and that the plain library can use it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from xadapt.problems import make_problem
from xadapt.store.checkpoints import verify_checkpoint
from xadapt.tasks import get_task
from xadapt.training.plan import plan_task
from xadapt.training.saving import round_to_half, save_checkpoint


def found(lab: Any, setup: str) -> Any:
    return lab.store.find(setup, lab.backbone.fingerprint)


@pytest.mark.parametrize(
    ("setup", "folders"),
    [
        ("mnli", {"adapter", "heads/mnli"}),
        ("fuse(mnli, stsb)", {"fusion", "heads/mnli", "heads/stsb"}),
        ("stack(mnli, xnli)", {"adapter", "heads/xnli"}),
    ],
)
def test_a_checkpoint_holds_its_new_part_and_heads_as_safetensors_in_half_precision(
    trained_once: Any, setup: str, folders: set[str]
) -> None:
    path = found(trained_once, setup).path
    files = [file for file in path.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} == {".safetensors", ".json", ".md"}
    weights = [file for file in files if file.suffix == ".safetensors"]
    assert {file.parent.relative_to(path).as_posix() for file in weights} == folders
    for file in weights:
        tensors = load_file(file)
        assert tensors
        assert {value.dtype for value in tensors.values()} == {torch.float16}


def test_a_checkpoint_passes_its_own_verification(trained_once: Any) -> None:
    for checkpoint in trained_once.store.checkpoints():
        verify_checkpoint(checkpoint, trained_once.backbone.fingerprint, "tiny")


def test_no_base_weights_are_stored(trained_once: Any) -> None:
    for file in found(trained_once, "stack(mnli, xnli)").path.rglob("*.safetensors"):
        for name in load_file(file):
            assert "xnli" in name, name


def test_the_plain_library_loads_an_adapter_and_computes_the_same(trained_once: Any) -> None:
    path = found(trained_once, "mnli").path
    model = trained_once.backbone.model()
    adapter = model.load_adapter(str(path / "adapter"), use_safetensors=True)
    model.load_head(str(path / "heads" / "mnli"), use_safetensors=True)
    model.set_active_adapters(adapter)
    model.eval()
    problem = make_problem(get_task("mnli"), trained_once.backbone.tokenizer, 48)
    batch = problem.collate(problem.encode(trained_once.source.dev(get_task("mnli"), 4).rows, labelled=False))
    with torch.inference_mode():
        plain = problem.forward(model, batch, "mnli").logits
        ours = problem.forward(trained_once.assemble("mnli").model, batch, "mnli").logits
    assert adapter == "mnli"
    # Ours computes the last layer for the first token alone.
    torch.testing.assert_close(plain, ours, atol=1e-6, rtol=1e-5)


def test_the_plain_library_loads_a_fusion(trained_once: Any) -> None:
    model = trained_once.backbone.model()
    for member in ("mnli", "stsb"):
        model.load_adapter(str(found(trained_once, member).path / "adapter"), use_safetensors=True)
    model.load_adapter_fusion(str(found(trained_once, "fuse(mnli, stsb)").path / "fusion"), use_safetensors=True)
    ours = dict(trained_once.assemble("fuse(mnli, stsb)").model.named_parameters())
    fusion = {k: v for k, v in model.named_parameters() if "adapter_fusion_layer." in k}
    assert fusion
    for name, value in fusion.items():
        assert torch.equal(value, ours[name])


def test_rounding_touches_only_what_was_trained() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
    model[0].requires_grad_(False)
    frozen, trained = model[0].weight.clone(), model[1].weight.clone()
    round_to_half(model)
    assert torch.equal(model[0].weight, frozen)
    assert torch.equal(model[1].weight, trained.half().float())
    assert model[1].weight.dtype == torch.float32


def test_a_save_that_fails_half_way_leaves_no_checkpoint(trained: Any, tmp_path: Any) -> None:
    model = trained.assemble("mnli").model
    model.save_head = lambda *args, **kwargs: (_ for _ in ()).throw(OSError("disk full"))
    record = found(trained, "mnli").record
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(model, plan_task("mnli"), tmp_path / "runs" / "x", record)
    assert list((tmp_path / "runs").iterdir()) == []


def test_rounding_says_how_far_it_moved_the_weights() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(1 + 2**-12)
    assert round_to_half(layer) == pytest.approx(2**-12, rel=1e-3)
    assert layer.weight.item() == 1.0
    assert round_to_half(layer) == 0.0
