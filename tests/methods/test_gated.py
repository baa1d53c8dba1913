"""Bottlenecks side by side behind gates: what they compute, what is trained of them, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from adapters.composition import Stack

from tests.error_checks import refused
from tests.methods.fusions import MEMBERS, draw_weights, logits, with_members
from xadapt.backbone.base import Backbone
from xadapt.methods.adapter import activate, adapter_state, save_adapter
from xadapt.methods.gated import (
    add_gated,
    check_gateable,
    gate_parameters,
    load_gates,
    save_gates,
    start_gates,
    trained_gates,
)
from xadapt.store.files import read_json

NAMES = list(MEMBERS)
#: Places of the tiny base's two layers.
OUTPUT = ("0.output_adapter", "1.output_adapter")
BOTH_PLACES = ("0.mh_adapter", "0.output_adapter", "1.mh_adapter", "1.output_adapter")
configs = pytest.mark.parametrize(
    ("config", "places"),
    [
        ("seq_bn[reduction_factor=8]", OUTPUT),
        ("double_seq_bn", BOTH_PLACES),
        ("seq_bn[reduction_factor=8,scaling=2.0]", OUTPUT),
        ("seq_bn[reduction_factor=8,scaling='channel']", OUTPUT),
        ("seq_bn[reduction_factor=8,leave_out=[0]]", OUTPUT[1:]),
    ],
)


def everywhere(places: tuple[str, ...], *gates: float) -> dict[str, torch.Tensor]:
    return {place: torch.tensor(gates) for place in places}


def on_target(tiny: Backbone, config: str) -> Any:
    """Members of random weights, and an adapter that is put on them."""
    model = with_members(tiny, config)
    model.add_adapter("target", config="seq_bn[reduction_factor=4]")
    draw_weights(adapter_state(model, "target").values())
    return model.eval()


def of(model: Any, *names: str) -> torch.Tensor:
    activate(model, Stack(*names) if len(names) > 1 else names[0])
    return logits(model)


@configs
def test_closed_gates_are_no_adapter_and_one_that_is_open_is_its_member(
    tiny: Backbone, config: str, places: tuple[str, ...]
) -> None:
    model = on_target(tiny, config)
    add_gated(model, NAMES, "closed", everywhere(places, 0.0, 0.0, 0.0))
    torch.testing.assert_close(of(model, "closed", "target"), of(model, "target"), atol=1e-5, rtol=0)
    assert (of(model, "two", "target") - of(model, "target")).abs().max() > 1e-2
    for number, name in enumerate(NAMES):
        add_gated(model, NAMES, f"only {name}", everywhere(places, *(float(number == at) for at in range(3))))
        torch.testing.assert_close(of(model, f"only {name}", "target"), of(model, name, "target"), atol=1e-5, rtol=0)


def test_members_add_up_by_the_gates_of_each_layer(tiny: Backbone) -> None:
    model = with_members(tiny)
    gates = {OUTPUT[0]: torch.tensor([0.5, -1.5, 0.0]), OUTPUT[1]: torch.tensor([0.0, 2.0, 1.0])}
    add_gated(model, NAMES, "gated", gates)
    vectors = torch.randn(4, 5, 32)
    for layer, (_, module) in enumerate(model.iter_layers()):
        here = module.output.adapters
        changes = torch.stack([here[name](vectors, vectors)[0] - vectors for name in NAMES])
        wanted = vectors + torch.tensordot(gates[OUTPUT[layer]], changes, dims=1)
        torch.testing.assert_close(here["gated"](vectors, vectors)[0], wanted, atol=1e-5, rtol=1e-5)


def test_members_of_other_widths_are_as_wide_together(tiny: Backbone) -> None:
    model = with_members(tiny)
    for name, factor in (("wide", 2), ("odd", 3), ("by layer", "{'1': 4, 'default': 16}")):
        model.add_adapter(name, config=f"seq_bn[reduction_factor={factor}]")
        draw_weights(adapter_state(model, name).values())
    model.eval()
    names = ["one", "wide", "odd", "by layer"]
    add_gated(model, names, "gated", everywhere(OUTPUT, 0.0, 0.0, 1.0, 0.0))
    torch.testing.assert_close(of(model, "gated"), of(model, "odd"), atol=1e-5, rtol=0)
    add_gated(model, names, "gated too", everywhere(OUTPUT, 0.0, 0.0, 0.0, 1.0))
    torch.testing.assert_close(of(model, "gated too"), of(model, "by layer"), atol=1e-5, rtol=0)
    sizes = [value.shape[0] for key, value in adapter_state(model, "gated").items() if key.endswith("down.0.weight")]
    assert sizes == [4 + 16 + 10 + 2, 4 + 16 + 10 + 8]
    together = sum(value.numel() for name in names for value in adapter_state(model, name).values())
    # But for the biases of outputs, of which one is left.
    assert sum(value.numel() for value in adapter_state(model, "gated").values()) == together - 3 * 2 * 32


def test_gates_that_are_trained_compute_what_the_plain_adapter_of_their_values_does(tiny: Backbone) -> None:
    model = with_members(tiny, "double_seq_bn")
    add_gated(model, NAMES, "trained")
    start_gates(model, "trained", torch.tensor([0.0, 1.0, 0.0]))
    draw_weights(gate_parameters(model, "trained"))
    gates = trained_gates(model, "trained")
    assert tuple(gates) == BOTH_PLACES
    add_gated(model, NAMES, "plain", gates)
    assert trained_gates(model, "plain") == {}
    torch.testing.assert_close(of(model, "trained"), of(model, "plain"), atol=1e-4, rtol=1e-5)


def test_gates_start_where_they_are_put_and_move_faster_than_a_step(tiny: Backbone) -> None:
    model = with_members(tiny)
    add_gated(model, NAMES, "gated")
    assert all(not values.any() for values in trained_gates(model, "gated").values())
    start_gates(model, "gated", everywhere(OUTPUT, 0.0, 1.0, 0.0))
    parameters = gate_parameters(model, "gated")
    assert [parameter.shape for parameter in parameters] == [(3,), (3,)]
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    activate(model, "gated")
    for _ in range(25):
        optimizer.zero_grad()
        torch.manual_seed(2)
        model(torch.randint(5, 300, (3, 11)), head="task").logits[:, 0].sum().backward()
        optimizer.step()
    moved = torch.stack(list(trained_gates(model, "gated").values())) - torch.tensor([0.0, 1.0, 0.0])
    # A step of Adam is about the rate, 40 times as much for a gate.
    assert 0.5 < float(moved.abs().max()) < 1.1


def test_the_gradient_of_what_is_trained_is_that_of_the_gate(tiny: Backbone) -> None:
    model = with_members(tiny)
    add_gated(model, NAMES, "gated")
    activate(model, "gated")

    def loss() -> torch.Tensor:
        torch.manual_seed(2)
        return model(torch.randint(5, 300, (3, 11)), head="task").logits[:, 0].sum()

    loss().backward()
    found = gate_parameters(model, "gated")[0].grad
    with torch.no_grad():
        sides = []
        for step in (1e-2, -1e-2):
            start_gates(model, "gated", {OUTPUT[0]: torch.tensor([step, 0.0, 0.0]), OUTPUT[1]: torch.zeros(3)})
            sides.append(float(loss()))
    assert float(found[0]) == pytest.approx((sides[0] - sides[1]) / 2e-2, rel=2e-2)


def test_gates_are_kept_in_single_precision(tmp_path: Path) -> None:
    gates = {place: torch.rand(3) for place in OUTPUT}
    save_gates(gates, tmp_path / "gates.safetensors")
    found = load_gates(tmp_path / "gates.safetensors")
    assert found.keys() == gates.keys()
    assert all(torch.equal(found[place], gates[place]) for place in gates)


@pytest.mark.parametrize(
    "gates", [everywhere(OUTPUT, 1.0, 0.0), everywhere(OUTPUT[:1], 1.0, 0.0, 0.0), everywhere(BOTH_PLACES, 1.0, 0, 0)]
)
def test_gates_of_other_members_or_places_are_refused(tiny: Backbone, gates: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="gates"):
        add_gated(with_members(tiny), NAMES, "gated", gates)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("par_bn", "is_parallel"),
        ("seq_bn[use_gating=True]", "use_gating"),
        ("seq_bn[ln_after=True]", "ln_after"),
        ("seq_bn[ln_before=True]", "ln_before"),
        ("seq_bn_inv", "inv_adapter"),
        ("compacter[phm_dim=2,reduction_factor=8]", "phm_layer"),
        ("lora[r=4]", "lora"),
        ("prefix_tuning", "prefix_tuning"),
        ("unipelt", "union"),
    ],
)
def test_what_is_no_plain_bottleneck_is_refused(tiny: Backbone, tmp_path: Path, config: str, named: str) -> None:
    with refused("other", named, advice="seq_bn"):
        check_gateable(stored(tiny, tmp_path, "seq_bn", config))


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("seq_bn[non_linearity='gelu']", "non_linearity"),
        ("double_seq_bn", "mh_adapter"),
        ("seq_bn[leave_out=[0]]", "leave_out"),
        ("seq_bn[dropout=0.5]", "dropout"),
        ("seq_bn[original_ln_before=False]", "original_ln_before"),
    ],
)
def test_bottlenecks_that_do_not_add_up_are_refused(tiny: Backbone, tmp_path: Path, config: str, named: str) -> None:
    with refused("first", "other", named, advice="train them"):
        check_gateable(stored(tiny, tmp_path, "seq_bn", config))


def test_bottlenecks_of_other_widths_and_factors_are_taken(tiny: Backbone, tmp_path: Path) -> None:
    check_gateable(stored(tiny, tmp_path, "seq_bn", "seq_bn[reduction_factor=4,scaling=2.0]"))


def stored(tiny: Backbone, folder: Path, *configs: str) -> dict[str, Any]:
    model, found = tiny.model(), {}
    for name, config in zip(("first", "other"), configs, strict=True):
        model.add_adapter(name, config=config)
        save_adapter(model, name, folder / name)
        found[name] = read_json(folder / name / "adapter_config.json")
    return found
