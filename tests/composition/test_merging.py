"""Adapters made of adapters: exact averages, sums, and merges of LoRA that equal those of plain peft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from adapters.composition import Average, Stack
from transformers import AutoModel

from tests.error_checks import refused
from xadapt.composition.merging import merge_adapters
from xadapt.methods.adapter import (
    adapter_state,
    add_adapter,
    fixed_state,
    load_adapter,
    method_of,
    save_adapter,
)

METHODS = (
    "seq_bn", "par_bn", "double_seq_bn", "scaled_par_bn", "compacter[reduction_factor=4]", "prefix_tuning_flat", "lora",
    "dora", "ia3", "vera", "loreft", "mam", "unipelt", "peft:lora", "peft:rslora", "peft:dora", "peft:ia3",
    "peft:loha", "peft:lokr", "peft:vera", "peft:oft[oft_block_size=8]", "peft:lora[lora_bias=True]",
)  # fmt: skip
LOW_RANK = ("lora[r=4, alpha=16]", "peft:lora[r=4, lora_alpha=16]", "peft:rslora[r=4, lora_alpha=16]")


def twins(host: Any, text: str, count: int, folder: Path) -> list[str]:
    """Adapters that are stored once and loaded several times."""
    host.add(text, "twin-0")
    save_adapter(host.model, "twin-0", folder)
    for number in range(1, count):
        load_adapter(host.model, folder, f"twin-{number}")
    return [f"twin-{number}" for number in range(count)]


@pytest.mark.parametrize("text", METHODS)
def test_an_average_of_identical_adapters_is_the_adapter_to_the_bit(host: Any, tmp_path: Path, text: str) -> None:
    names = twins(host, text, 5, tmp_path / "stored")
    single = host.under(names[0])
    for number, (count, weights) in enumerate([(1, ()), (2, ()), (3, ()), (5, ()), (2, (0.7, 0.3)), (3, (1, 2, 4.5))]):
        merge_adapters(host.model, "average", names[:count], weights, f"mean-{number}")
        assert method_of(host.model, f"mean-{number}") == method_of(host.model, names[0])
        assert torch.equal(host.under(f"mean-{number}"), single)


def test_averaging_outputs_in_the_library_divides_twice(host: Any, tmp_path: Path) -> None:
    names = twins(host, "seq_bn", 2, tmp_path / "stored")
    single = host.under(names[0])
    host.model.set_active_adapters(Average(*names))
    assert (host.hidden() - single).abs().max() > 0.01
    host.model.set_active_adapters(Average(*names, weights=[1.0, 1.0], normalize_weights=False))
    torch.testing.assert_close(host.hidden(), single, atol=1e-6, rtol=0)


@pytest.mark.parametrize("text", ["seq_bn", "unipelt", "peft:lora", "peft:ia3"])
@pytest.mark.parametrize(("weights", "shares"), [((), (0.5, 0.5)), ((3, 1), (0.75, 0.25))])
def test_an_average_has_the_weighted_mean_of_the_weights(
    host: Any, text: str, weights: tuple[float, ...], shares: tuple[float, float]
) -> None:
    host.add(text, "a", "b")
    merge_adapters(host.model, "average", ["a", "b"], weights, "mean")
    a, b, mean = (adapter_state(host.model, name) for name in ("a", "b", "mean"))
    for key, value in mean.items():
        torch.testing.assert_close(value, shares[0] * a[key] + shares[1] * b[key])
    assert not any(torch.allclose(host.under("mean"), host.under(name), atol=1e-5) for name in ("a", "b"))


def test_a_sum_takes_coefficients_as_they_are(host: Any) -> None:
    host.add("seq_bn", "a", "b")
    merge_adapters(host.model, "sum", ["a", "b"], (1.0, 0.5), "sum")
    a, b, total = (adapter_state(host.model, name) for name in ("a", "b", "sum"))
    assert all(torch.allclose(value, a[key] + b[key] / 2) for key, value in total.items())


def test_weights_of_a_sum_that_cancel_leave_the_other_member(host: Any, tmp_path: Path) -> None:
    names = twins(host, "peft:ia3", 2, tmp_path / "stored")
    host.add("peft:ia3", "a")
    merge_adapters(host.model, "sum", ["a", *names], (1.0, 1.0, -1.0), "rest")
    assert torch.equal(host.under("rest"), host.under("a"))


@pytest.mark.parametrize("text", [*LOW_RANK, "peft:loha", "peft:lokr[r=2]", "peft:vera", "seq_bn", "par_bn"])
def test_a_negated_adapter_does_the_opposite(host: Any, text: str) -> None:
    # What an adapter adds is so small here that its effect is linear.
    host.add(text, "a")
    with torch.no_grad():
        for value in adapter_state(host.model, "a").values():
            value.mul_(0.4)
    merge_adapters(host.model, "sum", ["a"], (-1.0,), "minus")
    effect, opposite = host.under("a") - host.bare, host.under("minus") - host.bare
    assert torch.cosine_similarity(effect.flatten(), opposite.flatten(), dim=0) < -0.9


@pytest.mark.parametrize("text", ["ia3", "peft:ia3", "dora", "peft:dora"])
def test_a_sum_counts_what_multiplies_from_where_it_changes_nothing(host: Any, text: str) -> None:
    for name in ("a", "b"):
        add_adapter(host.model, name, text)
    merge_adapters(host.model, "sum", ["a", "b"], (1.0, 1.0), "sum")
    torch.testing.assert_close(host.under("sum"), host.bare)
    host.randomise("a")
    merge_adapters(host.model, "sum", ["a", "b"], (1.0, 1.0), "one")
    assert host.under("one").isfinite().all()
    assert not torch.allclose(host.under("one"), host.bare, atol=1e-3)


@pytest.mark.parametrize("kind", ["linear", "svd", "ties", "dare"])
@pytest.mark.parametrize("text", LOW_RANK)
def test_merges_of_identical_adapters_are_the_adapter(host: Any, tmp_path: Path, kind: str, text: str) -> None:
    names = twins(host, text, 3, tmp_path / "stored")
    options = {"density": 1.0} if kind in ("ties", "dare") else {}
    merge_adapters(host.model, kind, names, (), "merged", options)
    torch.testing.assert_close(host.under("merged"), host.under(names[0]), atol=2e-6, rtol=0)


MERGES = (
    ("linear", "linear", {}), ("svd", "svd", {}), ("svd", "svd", {"rank": 2.0}), ("ties", "ties", {"density": 0.4}),
    ("ties", "ties", {}), ("dare", "dare_linear", {"density": 0.4}),
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("kind", "theirs", "options"), MERGES)
@pytest.mark.parametrize("weights", [(0.7, 0.3, 0.5), (1.0, -0.5, 0.25)])
def test_merges_equal_those_of_plain_peft(
    host: Any, tiny_base_folder: Path, tmp_path: Path, kind: str, theirs: str, options: dict[str, float], weights: Any
) -> None:
    for name in ("a", "b", "c"):
        host.add("peft:lora[r=4, lora_alpha=16]", name)
        save_adapter(host.model, name, tmp_path / name)
    plain = peft.PeftModel.from_pretrained(AutoModel.from_pretrained(tiny_base_folder), tmp_path / "a", "a")
    for name in ("b", "c"):
        plain.load_adapter(tmp_path / name, name)
    rank, density = options.get("rank"), options.get("density", 0.5)
    torch.manual_seed(7)
    plain.add_weighted_adapter(["a", "b", "c"], list(weights), "z", theirs, rank and int(rank), density=density)
    plain.set_adapter("z")
    merge_adapters(host.model, kind, ["a", "b", "c"], weights, "z", options, seed=7)
    torch.testing.assert_close(host.under("z"), host.hidden(plain.eval()), atol=2e-6, rtol=0)
    assert not torch.allclose(host.under("z"), host.under("a"), atol=1e-3)


#: What the library calls a weight of an adapter, and what peft calls it.
PEFT_NAMES = {"loras.*.lora_A": "lora_A.*.weight", "loras.*.lora_B": "lora_B.*.weight"}


@pytest.mark.parametrize(("kind", "options"), [(kind, options) for kind, _, options in MERGES if kind != "dare"])
def test_loras_of_the_library_are_merged_as_those_of_peft(host: Any, kind: str, options: dict[str, float]) -> None:
    for name in ("a", "b"):
        host.add("peft:lora[r=4, lora_alpha=16]", name)
        add_adapter(host.model, f"own-{name}", "lora[r=4, alpha=16]")
        theirs = adapter_state(host.model, name)
        for key, value in adapter_state(host.model, f"own-{name}").items():
            own = next(name for name in PEFT_NAMES if name in key)
            value.data.copy_(theirs[key.replace(own, PEFT_NAMES[own])])
    merge_adapters(host.model, kind, ["a", "b"], (), "z", options)
    merge_adapters(host.model, kind, ["own-a", "own-b"], (), "own-z", options)
    torch.testing.assert_close(host.under("own-z"), host.under("z"), atol=2e-6, rtol=0)
    assert not torch.allclose(host.under("z"), host.bare, atol=1e-3)


def test_the_seed_alone_decides_what_is_dropped(host: Any) -> None:
    host.add("peft:lora", "a", "b")
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        torch.manual_seed(ord(name[0]))
        before = torch.get_rng_state()
        merge_adapters(host.model, "dare", ["a", "b"], (), name, seed=seed)
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(host.under("one"), host.under("again"))
    assert not torch.allclose(host.under("one"), host.under("two"), atol=1e-4)


def test_svd_merges_members_of_different_ranks(host: Any) -> None:
    for text in ("peft:lora[r=2]", "peft:rslora[r=4]"):
        host.add(text, text[-2])
    merge_adapters(host.model, "svd", ["2", "4"], (1.0, 1.0), "z", {"rank": 6.0})
    assert method_of(host.model, "z")["r"] == 6
    torch.testing.assert_close(host.under("z"), host.under(Stack("2", "4")), atol=1e-5, rtol=0)
    merge_adapters(host.model, "svd", ["2", "4"], (), "y")
    assert method_of(host.model, "y")["r"] == 4


def test_a_merged_adapter_can_be_stored_and_loaded(host: Any, other_host: Any, tmp_path: Path) -> None:
    for text in ("peft:rslora[r=4]", "lora[r=4, alpha=16]"):
        host.add(text, f"a{text[0]}", f"b{text[0]}")
        merge_adapters(host.model, "svd", [f"a{text[0]}", f"b{text[0]}"], (), f"z{text[0]}")
        save_adapter(host.model, f"z{text[0]}", tmp_path / text[0])
        load_adapter(other_host.model, tmp_path / text[0], text[0])
        assert torch.equal(other_host.under(text[0]), host.under(f"z{text[0]}"))


@pytest.mark.parametrize("kind", ["linear", "svd", "ties", "dare"])
@pytest.mark.parametrize("text", ["seq_bn", "ia3", "dora", "vera", "unipelt", "peft:dora", "peft:ia3"])
def test_a_merge_of_anything_but_lora_is_one_line(host: Any, kind: str, text: str) -> None:
    host.add(text, "a", "b")
    with refused(kind, "LoRA", method_of(host.model, "a")["method"], advice="average"):
        merge_adapters(host.model, kind, ["a", "b"], (), "z")


@pytest.mark.parametrize(
    ("kind", "one", "other", "options", "subjects", "advice"),
    [
        (
            "average",
            "seq_bn",
            "seq_bn[reduction_factor=8]",
            {},
            ("a and b", "reduction_factor"),
            "the same adapter_config",
        ),
        ("sum", "lora", "peft:lora", {}, ("a and b", "library"), "same adapter_config"),
        ("average", "vera", "vera", {}, ("a and b", "random"), "peft:vera"),
        ("average", "loreft", "loreft", {}, ("a and b", "random"), "noreft"),
        ("linear", "peft:lora[r=4]", "peft:lora", {}, ("linear", "4 and 8"), "svd"),
        ("ties", "lora", "lora[r=4]", {}, ("ties", "4 and 8"), "svd"),
        ("svd", "peft:lora[lora_bias=True]", "peft:lora[lora_bias=True]", {}, ("svd", "biases"), "average"),
        (
            "svd",
            "peft:lora",
            "peft:lora[target_modules=['value']]",
            {},
            ("a and b", "target_modules"),
            "the same adapter_config",
        ),
        ("svd", "lora", "peft:lora", {}, ("a and b", "library"), "same adapter_config"),
        ("svd", "lora", "lora", {"rank": 33.0}, ("rank 33",), "from 1 to 32"),
        ("ties", "lora", "lora", {"density": 0.0}, ("density 0",), "above 0 and at most 1"),
    ],
)
def test_what_cannot_be_merged_is_one_line(
    host: Any, kind: str, one: str, other: str, options: dict[str, float], subjects: tuple[str, ...], advice: str
) -> None:
    host.add(one, "a")
    host.add(other, "b")
    with refused(*subjects, advice=advice):
        merge_adapters(host.model, kind, ["a", "b"], (), "z", options)


def test_weights_that_sum_to_0_are_one_line(host: Any) -> None:
    host.add("seq_bn", "a", "b")
    with refused("weights", "sum to 0"):
        merge_adapters(host.model, "average", ["a", "b"], (1.0, -1.0), "z")


def test_vera_of_one_seed_is_averaged_with_its_projections(host: Any) -> None:
    host.add("vera[init_weights_seed=3]", "a", "b")
    merge_adapters(host.model, "average", ["a", "b"], (), "mean")
    fixed = [fixed_state(host.model, name) for name in ("a", "mean")]
    assert fixed[0]
    assert all(torch.equal(fixed[0][key], fixed[1][key]) for key in fixed[0])


def heads(host: Any) -> None:
    labels = {0: "no", 1: "yes"}
    for seed, name in enumerate("abc"):
        torch.manual_seed(seed)
        host.model.add_classification_head(name, num_labels=2, id2label=labels)
