"""Every adapter method trained, stored, loaded, evaluated and trained on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.stored_records import change_record
from xadapt.methods import peft_configs
from xadapt.methods.adapter import adapter_state
from xadapt.problems import make_problem
from xadapt.problems.predict import predict
from xadapt.store.checkpoints import RECORD, Checkpoint
from xadapt.store.store import Store
from xadapt.tasks import get_task
from xadapt.training import loop
from xadapt.training.job import Run
from xadapt.training.plan import plan_target, plan_task

QUICK = ("seq_bn", "lora[r=4]", "prefix_tuning", "peft:lora[r=4]", "peft:ia3")
OTHERS = (
    "double_seq_bn",
    "seq_bn_inv",
    "par_bn",
    "compacter[reduction_factor=8]",
    "ia3",
    "dora[r=4]",
    "vera[r=8]",
    "loreft",
    "noreft",
    "unipelt",
    "mam",
    "peft:rslora[r=4]",
    "peft:dora[r=4]",
    "peft:loha[r=4]",
    "peft:lokr[r=4]",
    "peft:vera[r=8]",
    "peft:oft",
)
#: What belongs to an adapter and is not learnt, as parts of its names in a file.
DRAWN = {"vera[r=8]": ("lora_A", "lora_B"), "loreft": (".base",)}


FURTHER = ("continue(mnli, xnli)", "continue[mnli+xnli]")


@dataclass
class Made:
    """A run of a method.

    Attributes:
        method: The configuration string.
        lab: Where it was trained.
        checkpoint: What was stored.
        model: The model that was trained.
        before: All its tensors before the first step.
    """

    method: str
    lab: Any
    checkpoint: Checkpoint
    model: Any
    before: dict[str, torch.Tensor]


@pytest.fixture(scope="module", params=[*QUICK, *(pytest.param(m, marks=pytest.mark.slow) for m in OTHERS)])
def made(request: pytest.FixtureRequest, trained_once: Any, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """mnli trained with a method in a store of its own."""
    store = Store(tmp_path_factory.mktemp("method") / "store", shipped=trained_once.store.shipped)
    lab = trained_once.with_store(store)
    train, seen = loop._run, {}

    def spy(run: Run, *rest: Any) -> Checkpoint:
        seen["model"] = run.assembly.model
        seen["before"] = {key: value.detach().clone() for key, value in tensors(run.assembly.model).items()}
        return train(run, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "_run", spy)
        checkpoint = lab.train(plan_task("mnli"), adapter_config=request.param, epochs=2)
    return Made(request.param, lab, checkpoint, seen["model"].eval(), seen["before"])


def tensors(model: Any) -> dict[str, torch.Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def logits(model: Any, lab: Any, head: str = "mnli") -> torch.Tensor:
    problem = make_problem(get_task(head), lab.backbone.tokenizer, 48)
    rows = lab.source.dev(get_task("mnli"), 5).rows
    with torch.inference_mode():
        return problem.forward(model, problem.collate(problem.encode(rows, labelled=False)), head).logits


def stored_size(made: Made) -> int:
    """Values in the adapter's file that were learnt, which are all in half precision."""
    (file,) = (made.checkpoint.path / "adapter").glob("*.safetensors")
    drawn = DRAWN.get(made.method, ())
    learnt = [value for key, value in load_file(file).items() if not any(part in key for part in drawn)]
    assert {value.dtype for value in learnt} == {torch.float16}
    return sum(value.numel() for value in learnt)


def test_every_method_of_peft_is_tried_here() -> None:
    tried = {text.removeprefix("peft:").partition("[")[0] for text in (*QUICK, *OTHERS) if text.startswith("peft:")}
    assert tried == set(peft_configs.METHODS)


def test_only_the_adapter_and_its_head_change(made: Made) -> None:
    after = tensors(made.model)
    assert after.keys() == made.before.keys()
    moved = {name for name, value in after.items() if not torch.equal(value, made.before[name])}
    ours = {id(value) for value in adapter_state(made.model, "mnli").values()}
    adapter = {name for name, value in after.items() if id(value) in ours}
    head = {name for name in after if name.startswith("heads.mnli.")}
    assert moved <= adapter | head
    assert moved & adapter
    assert moved & head
    assert {name for name, p in made.model.named_parameters() if p.requires_grad} == adapter | head


def test_a_loaded_adapter_has_the_logits_and_scores_of_the_trained_one(made: Made) -> None:
    assembly = made.lab.assemble("mnli")
    loaded = logits(assembly.model, made.lab)
    assert torch.equal(loaded, logits(made.model, made.lab))
    assembly.activate(None)
    assert not torch.equal(loaded, logits(assembly.model, made.lab)), "the adapter does not act"
    task = get_task("mnli")
    problem, rows = make_problem(task, made.lab.backbone.tokenizer, 48), made.lab.source.dev(task, 6).rows
    scores = problem.score(predict(made.lab.assemble("mnli").model, problem, rows, "mnli"), rows)
    assert made.checkpoint.record.figures.dev["mnli"] == {key: round(value, 4) for key, value in scores.items()}


def test_its_size_is_that_of_what_is_stored(made: Made) -> None:
    result = made.lab.evaluate("mnli", "xnli", "de")
    head = sum(value.numel() for value in made.model.heads["mnli"].parameters())
    assert result.parameters == stored_size(made) > 0
    assert result.head_parameters == head
    assert made.checkpoint.record.figures.parameters == stored_size(made) + head
    assert 0 <= result["de"].scores["accuracy"] <= 100


def test_two_like_it_average_to_itself_and_its_weights_can_be_trained_on(made: Made) -> None:
    twin = made.lab.store.run_path("twin")
    shutil.copytree(made.checkpoint.path, twin, dirs_exist_ok=True)
    change_record(twin / RECORD, setup="twin", run="twin")
    average = logits(made.lab.assemble("average(0.3*mnli, 0.7*twin)").model, made.lab)
    assert (average - logits(made.model, made.lab)).abs().max() < 1e-6
    made.lab.train(plan_target("xnli", "mnli", "continue"))
    first, further = (adapter_state(made.lab.assemble(s).model, n) for s, n in (("mnli", "mnli"), FURTHER))
    assert first.keys() == further.keys()
    assert any(not torch.equal(value, further[key]) for key, value in first.items())


def test_its_card_says_how_it_was_made(made: Made) -> None:
    card = (made.checkpoint.path / "README.md").read_text()
    assert f"{made.checkpoint.record.figures.parameters:,} parameters" in card
    assert f", `{made.method}`, fp32 |" in card
    files = {file.name for file in (made.checkpoint.path / "adapter").iterdir()}
    weights = "adapter_model.safetensors" if made.method.startswith("peft:") else "adapter.safetensors"
    assert files == {"adapter_config.json", weights}


def test_a_target_adapter_can_be_trained_on_it(made: Made) -> None:
    weights = {file.name: file.read_bytes() for file in (made.checkpoint.path / "adapter").iterdir()}
    target = made.lab.train(plan_target("xnli", "mnli"))
    assert target.record.members == {"mnli": made.checkpoint.run}
    assert {file.name: file.read_bytes() for file in (made.checkpoint.path / "adapter").iterdir()} == weights
    assembly = made.lab.assemble("stack(mnli, xnli)")
    stacked = logits(assembly.model, made.lab, "xnli")
    assert torch.equal(stacked, logits(made.lab.assemble("stack(mnli, xnli)").model, made.lab, "xnli"))
    for alone in ("mnli", "stack[mnli+xnli]"):
        assembly.activate(alone)
        assert not torch.equal(stacked, logits(assembly.model, made.lab, "xnli")), f"only {alone} acts"
    added = made.lab.evaluate("stack(mnli, xnli)", "xnli", "de").parameters - stored_size(made)
    assert added == sum(value.numel() for value in adapter_state(assembly.model, "stack[mnli+xnli]").values()) > 0
