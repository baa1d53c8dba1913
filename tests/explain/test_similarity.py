"""Linear CKA and cosine of what members add, and what each adds to the bare base."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from adapters.composition import Stack

from tests.error_checks import refused
from xadapt.explain.attention import Tokens
from xadapt.explain.similarity import MINIBATCH, SimilarityMeter, common_points, member_hooks, unbiased_hsic

IDS = torch.randint(5, 300, (2, 7), generator=torch.Generator().manual_seed(1))


def vectors(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def compared(*members: torch.Tensor, mask: torch.Tensor | None = None) -> Any:
    """The similarity of members whose outputs are given, each (sequences, tokens, width)."""
    outputs = torch.stack(members, dim=2)
    mask = torch.ones(outputs.shape[:2], dtype=torch.bool) if mask is None else mask
    meter = SimilarityMeter(len(outputs), 1, len(members))
    meter.add(0, outputs, Tokens(mask, torch.arange(len(outputs))))
    return meter.result()


def test_cka_is_1_with_itself_and_with_any_rotation_scale_and_shift_of_itself() -> None:
    one = vectors(8, 40, 16)
    rotation = torch.linalg.qr(vectors(16, 16, seed=1))[0]
    other = 3 * one @ rotation + 50 * vectors(16, seed=2)
    np.testing.assert_allclose(compared(one, other, one).cka, 1, atol=1e-3)


def test_members_that_have_nothing_in_common_have_a_cka_of_0_however_few_tokens_there_are() -> None:
    one, other = vectors(4, 64, 200), vectors(4, 64, 200, seed=1)
    found = compared(one, other).cka[0]
    assert abs(found[0, 1]) < 0.05
    centred = [(member - member.mean(dim=(0, 1))).flatten(0, 1) for member in (one, other)]
    x, y = centred
    biased = (x.T @ y).norm() ** 2 / ((x.T @ x).norm() * (y.T @ y).norm())
    # The plain estimate of the same tokens sees a likeness that is not there.
    assert biased > 0.3


def test_cka_is_that_of_its_definition_where_there_are_many_tokens() -> None:
    one = vectors(60, 50, 6)
    other = one @ torch.diag(torch.tensor([3.0, 1.0, 1.0, 0.1, 0.1, 0.0])) + 0.5 * vectors(60, 50, 6, seed=1)
    x, y = ((member - member.mean(dim=(0, 1))).flatten(0, 1) for member in (one, other))
    exact = float((x.T @ y).norm() ** 2 / ((x.T @ x).norm() * (y.T @ y).norm()))
    assert 0.4 < exact < 0.9
    assert compared(one, other).cka[0, 0, 1] == pytest.approx(exact, abs=0.02)


def test_hsic_is_the_mean_over_all_choices_of_four_examples() -> None:
    x, y = vectors(5, 3).double(), vectors(5, 2, seed=1).double()
    k, m = x @ x.T, y @ y.T
    total, count = 0.0, 0
    examples = range(5)
    for i, j, q, r in product(examples, repeat=4):
        if len({i, j, q, r}) == 4:
            total += float(k[i, j] * (m[i, j] + m[q, r] - 2 * m[i, q]))
            count += 1
    both = torch.stack((x, torch.nn.functional.pad(y, (0, 1))))
    assert float(unbiased_hsic(both)[0, 1]) == pytest.approx(total / count, abs=1e-9)


def test_cosine_sees_direction_and_not_size() -> None:
    one = vectors(3, 5, 8)
    found = compared(one, 7 * one, -one).cosine
    np.testing.assert_allclose(found[0], [[1, 1, -1], [1, 1, -1], [-1, -1, 1]], atol=1e-5)


def test_padding_does_not_change_the_numbers() -> None:
    one, other = vectors(6, 60, 8), vectors(6, 60, 8, seed=1) + vectors(6, 60, 8)
    mask = torch.arange(60)[None] < 60 - 5 * torch.arange(6)[:, None]
    whole = compared(one, other, mask=mask)
    noise = 1000 * vectors(6, 70, 8, seed=2)
    padded = [torch.cat((torch.where(mask[..., None], m, noise[:, :60]), noise[:, 60:]), dim=1) for m in (one, other)]
    found = compared(*padded, mask=torch.nn.functional.pad(mask, (0, 10), value=False))
    np.testing.assert_allclose(found.cka, whole.cka, atol=1e-6)
    np.testing.assert_allclose(found.cosine, whole.cosine, atol=1e-6)


def test_all_minibatches_count() -> None:
    one = vectors(1, 3 * MINIBATCH, 4)
    other = torch.cat((one[:, :MINIBATCH], vectors(1, 2 * MINIBATCH, 4, seed=1)), dim=1)
    # A third of the tokens is the same, in whichever minibatch.
    assert compared(one, other).cka[0, 0, 1] == pytest.approx(1 / 9, abs=0.05)


def test_a_member_that_adds_the_same_to_every_token_has_no_cka() -> None:
    one = vectors(2, 9, 4)
    found = compared(one, torch.zeros_like(one)).cka[0]
    assert found[0, 0] == pytest.approx(1)
    assert np.isnan(found[0, 1])


@pytest.fixture
def members(tiny: Any) -> list[Any]:
    """Three models, each with an adapter of its own."""
    torch.manual_seed(5)
    models = []
    for name in ("a", "b", "c"):
        model = tiny.model()
        model.add_adapter(name, config="seq_bn")
        model.set_active_adapters(name)
        models.append(model.eval())
    return models


def added(models: list[Any], see: Any) -> torch.Tensor:
    """Run the bare base under the eyes of its members; gives its output."""
    setups = [model.active_adapters for model in models]
    models[0].set_active_adapters(None)
    with torch.inference_mode(), member_hooks(models, setups, common_points(models), see) as model:
        return model.roberta(input_ids=IDS, attention_mask=torch.ones_like(IDS)).last_hidden_state


@torch.inference_mode()
def test_members_read_the_bare_base_and_add_what_their_adapters_give(tiny: Any, members: list[Any]) -> None:
    seen: dict[int, torch.Tensor] = {}
    output = added(members, seen.__setitem__)
    bare = tiny.model().eval()
    expected = bare.roberta(input_ids=IDS, attention_mask=torch.ones_like(IDS), output_hidden_states=True)
    assert torch.equal(output, expected.last_hidden_state)
    assert [seen[n].shape for n in range(2)] == [(2, 7, 3, 32)] * 2
    for number, name in enumerate("abc"):
        for n in range(2):
            # The adapter reads what the layer norm gives that follows it: in the bare base, the layer's output.
            read = expected.hidden_states[n + 1]
            up = members[number].roberta.encoder.layer[n].output.adapters[name](read, torch.zeros_like(read))[2]
            torch.testing.assert_close(seen[n][:, :, number], up, atol=1e-5, rtol=1e-4)


def test_afterwards_the_model_is_as_before(members: list[Any]) -> None:
    added(members, lambda *seen: None)
    assert not any("bottleneck_layer_forward" in vars(module) for module in members[0].modules())


def test_a_stack_adds_what_its_adapters_add_together(members: list[Any]) -> None:
    for model in members:
        model.add_adapter("top", config="seq_bn")
    alone: dict[int, torch.Tensor] = {}
    added(members[1:], alone.__setitem__)
    members[1].set_active_adapters(Stack("b", "top"))
    for layer in members[1].roberta.encoder.layer:
        top = layer.output.adapters["top"].adapter_up
        torch.nn.init.zeros_(top.weight)
        torch.nn.init.ones_(top.bias)
    stacked: dict[int, torch.Tensor] = {}
    added(members[1:], stacked.__setitem__)
    torch.testing.assert_close(stacked[0][:, :, 0], alone[0][:, :, 0] + 1, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(stacked[0][:, :, 1], alone[0][:, :, 1])


def test_a_parallel_adapter_adds_its_output_alone(tiny: Any) -> None:
    model = tiny.model()
    model.add_adapter("p", config="par_bn")
    for layer in model.roberta.encoder.layer:
        up = layer.output.adapters["p"].adapter_up
        torch.nn.init.zeros_(up.weight)
        torch.nn.init.constant_(up.bias, 0.5)
    model.set_active_adapters("p")
    seen: dict[int, torch.Tensor] = {}
    added([model.eval(), model], seen.__setitem__)
    scale = model.adapters_config.get("p")["scaling"]
    torch.testing.assert_close(seen[0], torch.full_like(seen[0], 0.5 * scale))


def test_adapters_that_are_no_bottlenecks_are_not_compared(tiny: Any) -> None:
    model = tiny.model()
    model.add_adapter("low", config="lora")
    model.set_active_adapters("low")
    with refused("bottleneck"):
        common_points([model, model])
