"""A folder of peft is brought into the form in which adapters of peft are stored here: for the bare encoder, plain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from adapters.head_utils import STATIC_TO_FLEX_HEAD_MAP
from torch import Tensor

from xadapt.errors import quoted
from xadapt.methods.peft_configs import METHODS, fields_of
from xadapt.portable.export_peft import ROOT, targets
from xadapt.portable.plain_heads import CLASSES
from xadapt.portable.plain_lora import LAYER, plain_lora

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xadapt.store.records import Json

#: Fields that make no difference to what a trained adapter computes, or that the weights themselves say.
_IDLE = {
    *("auto_mapping", "base_model_name_or_path", "inference_mode", "peft_type", "peft_version", "revision"),
    *("task_type", "exclude_modules", "fan_in_fan_out", "feedforward_modules", "layers_pattern", "layers_to_transform"),
    *("modules_to_save", "target_modules", "ensure_weight_tying", "megatron_config", "megatron_core", "runtime_config"),
    *("bias", "d_initial", "init_lora_weights", "init_weights", "qalora_group_size", "rank_dropout_scale"),
    *("corda_config", "eva_config", "loftq_config", "lora_ga_config", "velora_config"),
}
#: What :func:`plain_lora` deals with.
_OF_LORA = {"alpha_pattern", "lora_bias", "rank_pattern", "use_dora", "use_rslora"}
_WRAPPED = re.compile(r"\.modules_to_save(?:\.(?!weight$|bias$|dense\.|out_proj\.)[^.]+)?(?=\.)")
_HOLDERS = r"lora_[AB]|lora_magnitude_vector|ia3_l|(?:hada|lokr)_[wt][12](?:_[ab])?|vera_lambda_[bd]|oft_R"
#: The name of an adapter behind a part of it, which peft leaves out of its files and a dump of a state does not.
_NAMED = re.compile(rf"(\.(?:{_HOLDERS}))\.(?!weight$|bias$)[^.]+(?=\.weight$|\.bias$|$)")
_PART = re.compile(rf"\.(?:{_HOLDERS})(?:\.|$)")


@dataclass
class PeftFolder:
    """What a folder of peft holds.

    Attributes:
        config: A configuration with which peft loads the adapter on the bare encoder.
        weights: The adapter's weights, by their path in the bare encoder.
        head: The head's, by their path in the whole model.
        notes: What a user should know, a line each.
    """

    config: Json
    weights: dict[str, Tensor]
    head: dict[str, Tensor]
    notes: list[str] = field(default_factory=list)


def read_peft(config: Json, stored: Mapping[str, Tensor], layers: int, base: Callable[[str], Tensor]) -> PeftFolder:
    """Sort what is stored, and make it plain.

    Args:
        config: The configuration, as the folder has it.
        stored: The weights, as the folder names them.
        layers: How many layers the encoder has.
        base: Gives a weight of the base by its path in the bare encoder; KeyError if there is none.

    Raises:
        ValueError: If something in it has no equal here; says what to do.
    """
    adapter, biases, head = _sorted(_bare_names(stored), base)
    _check_fields(config)
    notes = []
    if config.get("bias", "none") != "none" and not biases:
        notes.append("its configuration says that biases were trained, and they are not among its weights")
    if biases and config["peft_type"] != "LORA":
        raise ValueError("it has trained biases, which are taken with LoRA alone: train it with bias='none'")
    fields = {key: value for key, value in config.items() if key not in _IDLE and key not in _OF_LORA}
    if config["peft_type"] == "LORA":
        sizes, adapter = plain_lora(config, {**adapter, **biases}, base)
        fields |= sizes
    if config["peft_type"] == "IA3":
        fields["feedforward_modules"] = _scale_everywhere(adapter, layers, base)
    chosen = targets({match[0] for match in map(LAYER.match, adapter) if match}, layers)
    if chosen is None:
        raise ValueError("its layers differ in what is adapted in them: train it on the same linear layers everywhere")
    fields |= {"peft_type": config["peft_type"], "target_modules": chosen[0], "inference_mode": True}
    if chosen[1] is not None:
        fields["layers_to_transform"] = chosen[1]
    return PeftFolder(fields, adapter, head, notes)


def _scale_everywhere(adapter: dict[str, Tensor], layers: int, base: Callable[[str], Tensor]) -> list[str]:
    """Scale by one what an (IA)³ leaves as it is, so that its layers are alike; returns whose input is scaled."""
    found = {match[2]: value for key, value in adapter.items() if (match := LAYER.match(key))}
    # Its vector is a row.
    before = sorted(linear for linear, value in found.items() if len(value) == 1)
    # One is found by its end, which the other has too.
    linears = {*found, "attention.output.dense"} if "output.dense" in found else set(found)
    for path in (f"encoder.layer.{number}.{linear}" for number in range(layers) for linear in sorted(linears)):
        out, wide = base(f"{path}.weight").shape
        shape = (1, wide) if path.endswith(tuple(f".{linear}" for linear in before)) else (out, 1)
        adapter.setdefault(f"{path}.ia3_l", torch.ones(shape))
    return before


def _bare_names(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by their path in the encoder or, for a head, in the whole model, without what peft puts around them."""
    named: dict[str, Tensor] = {}
    for key, value in stored.items():
        if ".original_module." in key:
            continue
        name = _WRAPPED.sub("", key.removeprefix(ROOT).removeprefix("roberta.")).replace(".base_layer.", ".")
        name = _NAMED.sub(r"\1", name).replace(".lora_magnitude_vector.weight", ".lora_magnitude_vector")
        if name in named and not torch.equal(named[name], value):
            raise ValueError(f"it has {quoted(name)} twice: save one adapter with save_pretrained")
        named[name] = value
    return named


def _sorted(
    named: Mapping[str, Tensor], base: Callable[[str], Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
    """The weights of the adapter, the biases that were trained, and the weights of the head."""
    adapter, biases, head = {}, {}, {}
    for key, value in named.items():
        linear = LAYER.match(key)
        if linear and _PART.search(key):
            adapter[key] = value
        elif linear and key == f"{linear[0]}.bias":
            biases[key] = value
        elif key.startswith(("encoder.", "embeddings.")) or _PART.search(key):
            if not _is_of_base(key, value, base):
                raise ValueError(f"it changes {quoted(key)}, which is no linear layer of the encoder: train it without")
        elif not key.startswith("pooler."):
            # Nothing here reads the pooler.
            head[key] = value
    if not adapter:
        raise ValueError("it adapts no linear layer of the encoder: get the whole folder")
    return adapter, biases, head


def _is_of_base(key: str, value: Tensor, base: Callable[[str], Tensor]) -> bool:
    try:
        own = base(key)
    except KeyError:
        return False
    return torch.equal(value, own.to(value.dtype))


def _check_fields(config: Json) -> None:
    """Check that no field of a configuration makes its method another than those that there are here."""
    kind = config["peft_type"]
    options = {option for method in METHODS.values() if method.peft_type == kind for option in method.options}
    if not options:
        known = ", ".join(sorted({method.peft_type for method in METHODS.values()}))
        raise ValueError(f"peft's {quoted(kind)} is none of the methods that there are here: {known}")
    fixed = {key for method in METHODS.values() if method.peft_type == kind for key in method.fixed}
    defaults = fields_of(kind)
    for key in sorted(config.keys() - options - _IDLE - (_OF_LORA if kind == "LORA" else set())):
        value: Any = config[key]
        # What is empty is off, in a version of peft that is not known here too.
        if value and (value != defaults.get(key) or key in fixed):
            raise ValueError(f"its {quoted(key)} is {quoted(value)}, which has no equal here: train it without")


def peft_head(head: Mapping[str, Tensor]) -> Json | None:
    """The configuration of a head whose weights peft saved with an adapter, None if no class has such a head.

    Its labels have no names there.

    Raises:
        ValueError: If it has no outputs.
    """
    names = {key.rpartition(".")[0] for key in head}
    for end in CLASSES:
        architecture = f"XLMRobertaFor{end}"
        layers = [layer for layer in STATIC_TO_FLEX_HEAD_MAP[architecture]["layers"] if layer]
        if names == set(layers) and f"{layers[-1]}.bias" in head:
            count = head[f"{layers[-1]}.bias"].numel()
            labels = {f"LABEL_{number}": number for number in range(count)}
            return {"model_class": architecture, "name": None, "num_labels": count, "label2id": labels}
    return None
