"""What the adapters library does wrong, shown on the plain library, and beside it the same thing done right here.

Where a test of the plain library fails, a new version has mended the fault, and what avoids it can go.
"""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from adapters import AdapterTrainer, XLMRobertaAdapterModel
from adapters.composition import Average, Fuse
from transformers import TrainerCallback, TrainingArguments, XLMRobertaConfig

from tests.error_checks import refused
from xadapt.backbone.base import Backbone
from xadapt.composition.builder import layer_name
from xadapt.composition.expression import Node, adapter, add, compose
from xadapt.composition.grammar import parse
from xadapt.composition.merging import merge_adapters
from xadapt.errors import XadaptError
from xadapt.methods.fusion import fusion_layers, regularisation
from xadapt.problems import make_problem
from xadapt.store.records import Scores
from xadapt.tasks import get_task
from xadapt.training.batches import MixedFeatures
from xadapt.training.job import Job
from xadapt.training.plan import plan_fusion, plan_task
from xadapt.training.trainer import XadaptTrainer

IDS = torch.tensor([[0, 5, 6, 7, 2], [0, 9, 8, 7, 2]])


def tiny_config() -> XLMRobertaConfig:
    sizes = {"vocab_size": 20, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    return XLMRobertaConfig(
        **sizes, intermediate_size=16, max_position_embeddings=20, pad_token_id=1, hidden_dropout_prob=0.0
    )


def plain_model(*names: str) -> Any:
    """A model of the plain library whose adapters are all equal, with a head for ``task``."""
    torch.manual_seed(0)
    model = XLMRobertaAdapterModel(tiny_config())
    for name in names:
        model.add_adapter(name, config="seq_bn[reduction_factor=2]")
    model.add_classification_head("task", num_labels=3)
    for key, value in model.named_parameters():
        if ".adapters." in key or key.startswith("heads."):
            torch.nn.init.normal_(value, std=0.3, generator=torch.Generator().manual_seed(value.numel()))
    return model.eval()


def plain_logits(model: XLMRobertaAdapterModel, active: Any) -> torch.Tensor:
    model.set_active_adapters(active)
    with torch.inference_mode():
        return model(IDS, head="task").logits


def test_the_library_averages_outputs_by_dividing_twice() -> None:
    model = plain_model("a", "b")
    single = plain_logits(model, "a")
    assert not torch.allclose(plain_logits(model, Average("a", "b")), single, atol=1e-2)
    undivided = Average("a", "b", weights=[1.0, 1.0], normalize_weights=False)
    torch.testing.assert_close(plain_logits(model, undivided), single, atol=1e-6, rtol=0)


def test_an_average_of_identical_adapters_divides_once_here(tiny: Backbone) -> None:
    model = plain_model("a", "b")
    single = plain_logits(model, "a")
    merge_adapters(model, "average", ["a", "b"], (), "mean")
    torch.testing.assert_close(plain_logits(model, "mean"), single, atol=1e-6, rtol=0)
    problem = make_problem(get_task("mnli"), tiny.tokenizer)
    ensemble = torch.from_numpy(problem.combine([plain_logits(model, name).numpy() for name in ("a", "b")]))
    torch.testing.assert_close(ensemble, single.log_softmax(-1), atol=1e-6, rtol=0)


class Snapshots(TrainerCallback):
    """What is being trained, at the end of every epoch."""

    def __init__(self) -> None:
        self.taken: list[dict[str, torch.Tensor]] = []

    def on_epoch_end(self, *_: Any, model: Any = None, **__: Any) -> None:
        self.taken.append({k: p.detach().clone() for k, p in model.named_parameters() if p.requires_grad})


def restored(state: dict[str, torch.Tensor], snapshots: list[dict[str, torch.Tensor]], part: str) -> int:
    """The epoch whose snapshot a part of a model is equal to."""
    keys = [key for key in state if part in key]
    return next(i for i, s in enumerate(snapshots) if keys and all(torch.equal(state[key], s[key]) for key in keys))


def test_the_library_restores_the_best_fusion_with_the_last_head(tmp_path: Path) -> None:
    model, fused = plain_model("a", "b"), Fuse("a", "b")
    model.add_adapter_fusion(fused)
    model.train_adapter_fusion(fused)
    model.active_head = "task"
    scores, snapshots = iter([3.0, 2.0, 1.0]), Snapshots()
    rows = [{"input_ids": ids, "labels": n} for n, ids in enumerate(IDS)]
    trainer = AdapterTrainer(
        model=model,
        args=arguments(tmp_path, 3, load_best_model_at_end=True, metric_for_best_model="score", greater_is_better=True),
        train_dataset=rows,
        eval_dataset=rows,
        compute_metrics=lambda _: {"score": next(scores)},
        callbacks=[snapshots],
    )
    trainer.train()
    assert restored(dict(model.named_parameters()), snapshots.taken, "adapter_fusion_layer.") == 0
    assert restored(dict(model.named_parameters()), snapshots.taken, "heads.task.") == 2


def test_the_best_fusion_comes_with_the_head_of_its_own_epoch_here(
    trained: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure, snapshots, scores = Job.dev_scores, Snapshots(), iter([3.0, 2.0, 1.0])

    def spy(job: Job, model: XLMRobertaAdapterModel) -> dict[str, Scores]:
        snapshots.on_epoch_end(model=model)
        return measure(job, model)

    monkeypatch.setattr(Job, "dev_scores", spy)
    monkeypatch.setattr(Job, "mean_main", lambda job, found: next(scores))
    trained.train(plan_fusion(["mnli", "stsb"], "xnli"), epochs=3)
    halves = [{k: v.half().float() for k, v in taken.items()} for taken in snapshots.taken]
    model = trained.assemble("fuse(mnli, stsb)@xnli").model
    for part in ("adapter_fusion_layer.", "heads.xnli."):
        assert restored(dict(model.named_parameters()), halves[:3], part) == 0


def arguments(folder: Path, epochs: int, **options: Any) -> TrainingArguments:
    common = {"report_to": [], "use_cpu": True, "disable_tqdm": True, "learning_rate": 0.01, "max_grad_norm": 0.0}
    each = {"save_strategy": "epoch", "eval_strategy": "epoch"} if options else {"save_strategy": "no"}
    return TrainingArguments(output_dir=str(folder), num_train_epochs=epochs, **{**common, **each, **options})


class Pulls(TrainerCallback):
    """Gradients of the value matrix just before every step."""

    def __init__(self, value: torch.Tensor) -> None:
        self.value, self.seen = value, []

    def on_pre_optimizer_step(self, *_: Any, **__: Any) -> None:
        self.seen.append(torch.zeros_like(self.value) if self.value.grad is None else self.value.grad.clone())


def pulls(folder: Path, ours: bool, scale: float) -> list[torch.Tensor]:
    """Train a fusion two steps on a loss of zero that is scaled as for fp16: what is left pulls to the identity."""
    model, fused = plain_model("a", "b"), Fuse("a", "b")
    model.add_adapter_fusion(fused)
    value = next(p for name, p in model.named_parameters() if "adapter_fusion_layer." in name and ".value." in name)
    with torch.no_grad():
        value.add_(torch.ones_like(value))
    model.train_adapter_fusion(fused)
    seen = Pulls(value)
    common = {"model": model, "args": arguments(folder, 2), "callbacks": [seen]}
    trainer: Any
    if ours:
        problem: Any = SimpleNamespace(
            collate=lambda items: {"input_ids": torch.stack([item["input_ids"] for item in items])},
            forward=lambda model, batch, head: model(batch["input_ids"], head=head),
            loss=lambda outputs, batch: outputs.logits.sum() * 0,
            needs_head=True,
            scale=1.0,
            divisible=False,
        )
        data = MixedFeatures({"task": [{"input_ids": ids} for ids in IDS]})
        trainer = XadaptTrainer(
            {"task": problem}, "fp32", lambda: regularisation(model, fused), train_dataset=data, **common
        )
    else:
        trainer = AdapterTrainer(train_dataset=[{"input_ids": ids} for ids in IDS], **common)
        trainer.compute_loss = lambda model, inputs, **_: model(inputs["input_ids"], head="task").logits.sum() * 0
    trainer.accelerator.backward = lambda loss, **_: (loss * scale).backward()
    trainer.train()
    return seen.seen


def test_the_library_regularises_fusion_a_step_late_and_outside_the_loss_scale(tmp_path: Path) -> None:
    first, second = pulls(tmp_path, ours=False, scale=1.0)
    assert not first.any()
    torch.testing.assert_close(second, torch.full_like(second, 0.02))
    assert torch.equal(pulls(tmp_path, ours=False, scale=1024.0)[1], second)


def test_fusion_is_regularised_in_its_own_step_and_within_the_loss_scale_here(tmp_path: Path) -> None:
    first, second = pulls(tmp_path, ours=True, scale=1.0)
    torch.testing.assert_close(first, torch.full_like(first, 0.02))
    assert second.any()
    torch.testing.assert_close(pulls(tmp_path, ours=True, scale=1024.0)[0], 1024 * first)


def test_the_library_gives_the_heads_of_one_model_to_the_next_of_the_same_config() -> None:
    config = tiny_config()
    one = XLMRobertaAdapterModel(config)
    one.add_classification_head("task", num_labels=3)
    other = XLMRobertaAdapterModel(config)
    assert "task" in other.heads
    with pytest.raises(ValueError, match="task"):
        other.add_classification_head("task", num_labels=2)


def test_models_of_one_backbone_share_no_config_here(tiny: Backbone) -> None:
    before = tiny.config.to_dict()
    one, other = tiny.model(), tiny.model()
    one.add_adapter("mnli")
    one.add_classification_head("task", num_labels=3)
    assert one.config is not other.config
    assert list(other.heads) == list(other.adapters_config) == list(tiny.model().heads) == []
    assert tiny.config.to_dict() == before


def test_the_library_takes_a_fusion_in_another_order_for_another_fusion() -> None:
    model = plain_model("a", "b")
    model.add_adapter_fusion(Fuse("a", "b"))
    with pytest.raises(KeyError, match="b,a"):
        plain_logits(model, Fuse("b", "a"))
    model.add_adapter_fusion(Fuse("b", "a"))
    (one,), (other,) = (fusion_layers(model, Fuse(*names)).values() for names in (("a", "b"), ("b", "a")))
    assert not torch.equal(one.query.weight, other.query.weight)


def test_a_fusion_is_the_same_in_any_order_here(trained_once: Any) -> None:
    assert parse("fuse(stsb, mnli)") == parse("fuse(mnli, stsb)")
    one, other = (trained_once.assemble(text) for text in ("fuse(mnli, stsb)", "fuse(stsb, mnli)"))
    assert one.members == other.members
    with torch.inference_mode():
        assert torch.equal(one.model(IDS, head="mnli").logits, other.model(IDS, head="mnli").logits)


def test_the_library_breaks_on_a_dot_in_a_name_and_keeps_half_of_the_adapter() -> None:
    model = plain_model()
    with pytest.raises(KeyError, match="module name can"):
        model.add_adapter("average(0.3*a, 0.7*b)")
    assert "average(0.3*a, 0.7*b)" in model.adapters_config


def test_the_library_takes_a_comma_in_a_name_for_the_end_of_a_member() -> None:
    model = plain_model("a", "b", "a,b", "c")
    model.add_adapter_fusion(Fuse("a,b", "c"))
    with pytest.raises(ValueError, match="'a,b,c' has already been added"):
        model.add_adapter_fusion(Fuse("a", "b", "c"))
    with pytest.raises(ValueError, match="No adapter with name 'a' found"):
        plain_model("a,b", "c").add_adapter_fusion(Fuse("a,b", "c").name)


@pytest.mark.parametrize("text", ["average(0.3*a, 0.7*b)", "svd(a, b, rank=4)", "a - 0.5*b", "fuse(a, b)@xnli"])
def test_every_expression_has_a_name_that_the_library_takes_here(text: str) -> None:
    name = layer_name(parse(text))
    model = plain_model(name, "c")
    fused = Fuse(name, "c")
    model.add_adapter_fusion(fused)
    assert plain_logits(model, fused).isfinite().all()


#: What only brackets, blanks and signs tell apart.
ALIKE = """a-b; a - b; stack(a, b, c); stack(a + b, c); stack(a, b + c); average(a, b - c); average(a, b-c);
average(0.1*a, b); average(a, 0.1*b); a + b; 2*a + b; 1e-05*a + b; 0.1234567*a + b; fuse(a, b)@c; fuse(a, b-c)"""


def test_expressions_that_differ_have_different_names_here() -> None:
    nodes = {draw(random.Random(seed), 3) for seed in range(1500)} | {parse(text) for text in ALIKE.split(";")}
    assert len(nodes) > 800
    assert all(parse(str(node)) == node for node in nodes)
    assert len({layer_name(node) for node in nodes}) == len(nodes)


def draw(dice: random.Random, depth: int) -> Node:
    """A random setup."""
    if depth == 0 or dice.random() < 0.2:
        return adapter(dice.choice(["a", "b", "c", "a-b", "b-c", "sts-multi"]))
    weight = dice.choice([0.25, 0.5, 1.0, 2.0, -1.0, 1e-7, 0.1234567])
    try:
        parts = [draw(dice, depth - 1) for _ in range(dice.randint(2, 3))]
        kind = dice.choice(["sum", "stack", "average", "fuse", "ensemble", "linear", "svd", "greedy_soup", "gate"])
        if kind == "sum":
            return add([(weight, parts[0]), *((1.0, part) for part in parts[1:])])
        options = {"rank": float(dice.randint(1, 20))} if kind in ("svd", "fuse") and dice.random() < 0.5 else {}
        return compose(kind, *parts, on="xnli" if kind in ("greedy_soup", "gate") else "", options=options)
    except XadaptError:
        return draw(dice, depth)


def test_the_library_pickles_weights_and_reads_a_pickle_where_safetensors_were_asked_for(tmp_path: Path) -> None:
    model = plain_model("a")
    model.save_adapter(str(tmp_path / "a"), "a")
    assert (tmp_path / "a" / "pytorch_adapter.bin").is_file()
    assert not list((tmp_path / "a").glob("*.safetensors"))
    assert plain_model("b").load_adapter(str(tmp_path / "a"), use_safetensors=True) == "a"


def test_weights_are_never_pickled_and_a_pickle_is_refused_here(trained: Any) -> None:
    found = trained.train(plan_task("mnli"), seed=5)
    files = [file for file in trained.store.root.rglob("*") if file.is_file()]
    assert {file.suffix for file in files} == {".json", ".md", ".safetensors"}
    (found.path / "adapter" / "pytorch_adapter.bin").write_bytes(b"")
    with refused("pytorch_adapter.bin", "pickle"):
        trained.assemble("mnli", seed=5)
