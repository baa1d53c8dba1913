"""What reaches into peft, beside what it does by itself."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path

import pytest
import torch
from peft import PeftConfig, VeraConfig

from tests.adapter_hosts import AdapterHost
from xadapt.backbone.base import Backbone
from xadapt.composition.merging import merge_adapters
from xadapt.libraries import peft
from xadapt.methods.adapter import add_adapter, check_method, load_adapter, save_adapter
from xadapt.methods.peft_configs import exact, parse_config


def test_the_library_warns_of_projections_that_are_drawn_again() -> None:
    with pytest.warns(UserWarning, match="projection"):
        VeraConfig(save_projection=False)


def test_what_was_asked_for_is_no_warning(host: AdapterHost, other_host: AdapterHost, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_method("peft:vera")
        host.add("peft:lora[r=2]", "a", "b")
        merge_adapters(host.model, "dare", ["a", "b"], (1.0, 1.0), "all", {"density": 1.0})
        host.add("peft:vera[r=4]", "v")
        save_adapter(host.model, "v", tmp_path / "stored")
        load_adapter(other_host.model, tmp_path / "stored", "v")


def test_a_tuner_leaves_no_configuration_on_the_encoder(tiny: Backbone) -> None:
    encoder = tiny.model().base_model
    config: PeftConfig = exact(parse_config("peft:lora"))
    tuner = peft.new_tuner(encoder, "one", config)
    assert not hasattr(encoder, "peft_config")
    peft.inject_more(tuner, encoder, "two", copy.deepcopy(config))
    assert {"one", "two"} <= set(encoder.encoder.layer[0].attention.self.query.lora_A)


def test_parameters_stay_as_trainable_as_they_were(host: AdapterHost) -> None:
    add_adapter(host.model, "p", "peft:lora")
    flags = [index % 3 == 0 for index, _ in enumerate(host.model.parameters())]
    for parameter, flag in zip(host.model.parameters(), flags, strict=True):
        parameter.requires_grad_(flag)
    with peft.trainable_as_before(host.model):
        host.model.requires_grad_(True)
    assert [parameter.requires_grad for parameter in host.model.parameters()] == flags


def test_a_layer_acts_when_an_active_adapter_has_a_part_in_it(host: AdapterHost) -> None:
    add_adapter(host.model, "p", "peft:lora[target_modules=['query']]")
    add_adapter(host.model, "v", "peft:lora[target_modules=['query', 'value']]")
    attention = host.model.roberta.encoder.layer[0].attention.self
    host.under("p")
    assert peft.acts(attention.query)
    assert not peft.acts(attention.value)
    with torch.no_grad():
        attention.value.merge(adapter_names=["v"])
    assert peft.acts(attention.value)
