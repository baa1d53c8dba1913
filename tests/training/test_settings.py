"""Settings of a training run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.error_checks import refused
from xadapt.errors import options_as_flags
from xadapt.problems import Defaults
from xadapt.training.run_kinds import run_kind
from xadapt.training.settings import make_settings

DEFAULTS = Defaults(batch_size=16, epochs=1.5, lr=5e-4)


def test_what_the_user_leaves_open_takes_the_problems_default() -> None:
    settings = make_settings(lr=0.01, epochs=None).with_defaults(DEFAULTS)
    assert (settings.lr, settings.epochs, settings.batch_size) == (0.01, 1.5, 16)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("lr", 0.0),
        ("lr", float("nan")),
        ("lr", 2.0),
        ("epochs", -1.0),
        ("epochs", float("inf")),
        ("batch_size", 0),
        ("limit", 0),
        ("dev_limit", 0),
        ("max_length", 3),
        ("adapter_config", 3),
        ("adapter_layers", "7-6"),
        ("adapter_layers", ""),
        ("adapter_layers", [6]),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_option(option: str, value: Any) -> None:
    with refused(option):
        make_settings(**{option: value})
    with options_as_flags(), refused(f"--{option.replace('_', '-')}"):
        make_settings(**{option: value})


def test_where_a_run_happens_does_not_decide_its_result() -> None:
    here = make_settings(save_steps=2, resume=False, report_to="wandb")
    assert here.deciding() == make_settings().deciding()


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 3.0},
        {"lr": 0.5},
        {"batch_size": 3},
        {"limit": 5},
        {"dev_limit": 7},
        {"max_length": 99},
        {"adapter_config": "par_bn"},
        {"adapter_layers": "6-"},
        {"mixing_cap": 3},
    ],
)
def test_everything_else_does(change: dict[str, Any]) -> None:
    both = [make_settings(**options).with_defaults(DEFAULTS) for options in ({}, change)]
    base, changed = (settings.deciding(run_kind("multitask").settings) for settings in both)
    assert base != changed


def test_a_cap_on_mixing_decides_nothing_where_nothing_is_mixed() -> None:
    particular = run_kind("fusion").settings
    assert make_settings(mixing_cap=3).deciding(particular) == make_settings().deciding(particular)


def test_without_layers_the_settings_that_decide_are_those_of_older_runs() -> None:
    older = {
        "epochs": 1.5,
        "lr": 5e-4,
        "batch_size": 16,
        "limit": None,
        "dev_limit": 500,
        "max_length": None,
        "adapter_config": "seq_bn[reduction_factor=8]",
    }
    for options in ({}, {"adapter_layers": "all"}, {"adapter_layers": "0-"}):
        assert make_settings(**options).with_defaults(DEFAULTS).deciding(run_kind("adapter").settings) == older
    multitask = make_settings().with_defaults(DEFAULTS).deciding(run_kind("multitask").settings)
    assert multitask == {**older, "mixing_cap": 131072}


def test_layers_become_a_part_of_the_adapters_configuration_in_one_spelling() -> None:
    for text in ("6-8,11", "11, 6,7,8"):
        settings = make_settings(adapter_config="lora[r=4]", adapter_layers=text).with_defaults(DEFAULTS)
        assert settings.adapter_config == "lora[r=4]@6-8,11"
        assert settings.with_defaults(DEFAULTS) == settings
        assert settings.deciding()["adapter_config"] == "lora[r=4]@6-8,11"
        assert "adapter_layers" not in settings.deciding()


@pytest.mark.parametrize("method", ["seq_bn@3-", "seq_bn[leave_out=[0]]", "loreft[layers=[1]]"])
def test_layers_are_given_once(method: str) -> None:
    assert make_settings(adapter_config=method).with_defaults(DEFAULTS).adapter_config == method
    with refused("adapter_layers", "adapter_config"):
        make_settings(adapter_config=method, adapter_layers="6-")
