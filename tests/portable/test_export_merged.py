"""Adapters in the weights of the base: every linear method computes the same as an ordinary model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from adapters.composition import Stack
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, XLMRobertaModel

from tests.error_checks import refused
from xadapt.composition.grammar import parse
from xadapt.methods.adapter import activate, adapter_state, add_adapter
from xadapt.portable.base_folder import encoder_state
from xadapt.portable.export_check import probe
from xadapt.portable.export_merged import merged_layers, write_merged
from xadapt.training.plan import plan_target, plan_task

METHODS = (
    "lora[r=4]",
    "lora[r=4,output_lora=True,intermediate_lora=True]",
    "dora[r=4]",
    "ia3",
    "vera",
    "peft:lora[r=4]",
    "peft:rslora[r=4]",
    "peft:dora[r=4]",
    "peft:ia3",
    "peft:vera[r=4]",
    "peft:loha[r=4]",
    "peft:lokr[r=4]",
    "peft:oft[oft_block_size=4]",
)


@pytest.fixture(scope="module")
def base(tiny: Any) -> Any:
    """The tiny base with large weights and with biases, which a fresh one has not."""
    torch.manual_seed(4)
    state = {key: value + torch.randn_like(value) * 0.1 for key, value in tiny.state.items()}
    return replace(tiny, state=state)


def adapted(base: Any, *texts: str) -> Any:
    """A model with an adapter of each method, one on the other, all of them far from where they started."""
    model = base.model()
    torch.manual_seed(3)
    for number, text in enumerate(texts):
        add_adapter(model, f"a{number}", text)
        with torch.no_grad():
            for parameter in adapter_state(model, f"a{number}").values():
                parameter.add_(torch.randn_like(parameter) * 0.1)
    names = [f"a{number}" for number in range(len(texts))]
    activate(model, names[0] if len(names) == 1 else Stack(*names))
    return model.eval()


def hidden(model: Any) -> torch.Tensor:
    ids = torch.tensor([[0, 5, 9, 17, 30, 2], [0, 8, 7, 2, 1, 1]])
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=(ids != 1).long()).last_hidden_state


@pytest.mark.parametrize("texts", [*((text,) for text in METHODS), ("peft:lora[r=2]", "peft:dora[r=4]", "ia3")])
def test_an_ordinary_model_computes_what_linear_adapters_do(base: Any, texts: tuple[str, ...]) -> None:
    model = adapted(base, *texts)
    wanted, bare = hidden(model.roberta), hidden(base.model().roberta)
    assert (wanted - bare).abs().max() > 1e-2
    state = encoder_state(base)
    plain = XLMRobertaModel(base.config, add_pooling_layer=False)
    plain.load_state_dict({**state, **merged_layers(model.roberta, state)})
    assert (hidden(plain.eval()) - wanted).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("task", "architecture"),
    [
        ("mnli", "XLMRobertaForSequenceClassification"),
        ("stsb", "XLMRobertaForSequenceClassification"),
        ("siqa", "XLMRobertaForMultipleChoice"),
        ("udpos", "XLMRobertaForTokenClassification"),
        ("squad", "XLMRobertaForQuestionAnswering"),
    ],
)
def test_a_head_goes_into_the_class_that_computes_the_same(
    lab: Any, tmp_path: Path, task: str, architecture: str
) -> None:
    lab.train(plan_target(task, "none"), adapter_config="lora[r=4]")
    assembly = lab.assemble(task)
    made = probe(lab.backbone, assembly.model, [task])
    written = write_merged(assembly, parse(task), [task], tmp_path, "fp32")
    assert (written.parts.architecture, written.heads) == (architecture, [task])
    assert not written.notes
    plain = getattr(transformers, architecture).from_pretrained(tmp_path).eval()
    shape = made.ids[:, None] if "Choice" in architecture else made.ids
    with torch.no_grad():
        found = plain(input_ids=shape, attention_mask=made.mask.view(shape.shape))
    logits = torch.stack((found.start_logits, found.end_logits), -1) if task == "squad" else found.logits
    assert abs(logits.numpy() - made.wanted[task]).max() < 1e-5


def test_a_merged_model_names_its_labels(lab: Any, tmp_path: Path) -> None:
    lab.train(plan_task("mnli"), adapter_config="lora[r=4]")
    write_merged(lab.assemble("mnli"), parse("mnli"), ["mnli"], tmp_path, "fp16")
    config = AutoConfig.from_pretrained(tmp_path)
    assert config.id2label == {0: "entailment", 1: "neutral", 2: "contradiction"}
    assert config.problem_type == "single_label_classification"
    assert {value.dtype for value in load_file(tmp_path / "model.safetensors").values()} == {torch.float16}


@pytest.mark.parametrize("setup", ["mnli", "fuse(mnli, stsb)", "stack(mnli, xnli)"])
def test_what_is_not_linear_is_refused_with_the_format_that_can_hold_it(
    trained_once: Any, tmp_path: Path, setup: str
) -> None:
    with refused(setup, "bottleneck", advice="format adapterhub"):
        write_merged(trained_once.assemble(setup), parse(setup), [], tmp_path, "fp32")
    assert not list(tmp_path.iterdir())


def test_of_several_heads_the_outermost_goes_along_and_the_others_are_named(lab: Any, tmp_path: Path) -> None:
    lab.train(plan_task("mnli"), adapter_config="lora[r=4]")
    lab.train(plan_target("stsb", "mnli", "continue"))
    assembly = lab.assemble("average(continue(mnli, stsb), mnli)")
    heads = list(assembly.heads)
    assert sorted(heads) == ["mnli", "stsb"]
    written = write_merged(assembly, parse("mnli"), heads, tmp_path, "fp32")
    assert written.heads == heads[-1:]
    assert all(head in written.notes[0] for head in (*heads, "task takes another"))


def test_a_head_that_no_class_has_stays_behind_and_that_is_noted(lab: Any, tmp_path: Path) -> None:
    lab.train(plan_task("mnli"), adapter_config="lora[r=4]")
    assembly = lab.assemble("mnli")
    assembly.model.delete_head("mnli")
    assembly.model.add_classification_head("mnli", num_labels=3, layers=1)
    written = write_merged(assembly, parse("mnli"), ["mnli"], tmp_path, "fp32")
    assert (written.parts.architecture, written.heads) == ("XLMRobertaModel", [])
    assert "the encoder alone" in written.notes[0]
    assert isinstance(AutoModel.from_pretrained(tmp_path), XLMRobertaModel)
