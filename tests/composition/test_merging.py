"""Adapters made of adapters: exact averages, sums, and merges of LoRA that equal those of plain peft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from adapters.composition import Average, Stack
from transformers import AutoModel

from xadapt.composition.merging import merge_adapters
from xadapt.errors import XadaptError
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
    "peft:loha", "peft:lokr", "peft:vera", "peft:oft[oft_block_size=8]",
)  # fmt: skip
LOW_RANK = ("lora[r=4, alpha=16]", "peft:lora[r=4, lora_alpha=16]", "peft:rslora[r=4, lora_alpha=16]")


def twins(bed: Any, text: str, count: int, folder: Path) -> list[str]:
    """Adapters that are stored once and loaded several times."""
    bed.add(text, "twin-0")
    save_adapter(bed.model, "twin-0", folder)
    for number in range(1, count):
        load_adapter(bed.model, folder, f"twin-{number}")
    return [f"twin-{number}" for number in range(count)]


@pytest.mark.parametrize("text", METHODS)
def test_an_average_of_identical_adapters_is_the_adapter_to_the_bit(bed: Any, tmp_path: Path, text: str) -> None:
    names = twins(bed, text, 5, tmp_path / "stored")
    single = bed.under(names[0])
    for number, (count, weights) in enumerate([(1, ()), (2, ()), (3, ()), (5, ()), (2, (0.7, 0.3)), (3, (1, 2, 4.5))]):
        merge_adapters(bed.model, "average", names[:count], weights, f"mean-{number}")
        assert method_of(bed.model, f"mean-{number}") == method_of(bed.model, names[0])
        assert torch.equal(bed.under(f"mean-{number}"), single)


def test_averaging_outputs_in_the_library_divides_twice(bed: Any, tmp_path: Path) -> None:
    names = twins(bed, "seq_bn", 2, tmp_path / "stored")
    single = bed.under(names[0])
    bed.model.set_active_adapters(Average(*names))
    assert (bed.hidden() - single).abs().max() > 0.01
    bed.model.set_active_adapters(Average(*names, weights=[1.0, 1.0], normalize_weights=False))
    torch.testing.assert_close(bed.hidden(), single, atol=1e-6, rtol=0)


@pytest.mark.parametrize("text", ["seq_bn", "unipelt", "peft:lora", "peft:ia3"])
@pytest.mark.parametrize(("weights", "shares"), [((), (0.5, 0.5)), ((3, 1), (0.75, 0.25))])
def test_an_average_has_the_weighted_mean_of_the_weights(
    bed: Any, text: str, weights: tuple[float, ...], shares: tuple[float, float]
) -> None:
    bed.add(text, "a", "b")
    merge_adapters(bed.model, "average", ["a", "b"], weights, "mean")
    a, b, mean = (adapter_state(bed.model, name) for name in ("a", "b", "mean"))
    for key, value in mean.items():
        torch.testing.assert_close(value, shares[0] * a[key] + shares[1] * b[key])
    assert not any(torch.allclose(bed.under("mean"), bed.under(name), atol=1e-5) for name in ("a", "b"))


def test_a_sum_takes_coefficients_as_they_are(bed: Any) -> None:
    bed.add("seq_bn", "a", "b")
    merge_adapters(bed.model, "sum", ["a", "b"], (1.0, 0.5), "sum")
    a, b, total = (adapter_state(bed.model, name) for name in ("a", "b", "sum"))
    assert all(torch.allclose(value, a[key] + b[key] / 2) for key, value in total.items())


def test_weights_of_a_sum_that_cancel_leave_the_other_member(bed: Any, tmp_path: Path) -> None:
    names = twins(bed, "peft:ia3", 2, tmp_path / "stored")
    bed.add("peft:ia3", "a")
    merge_adapters(bed.model, "sum", ["a", *names], (1.0, 1.0, -1.0), "rest")
    assert torch.equal(bed.under("rest"), bed.under("a"))


@pytest.mark.parametrize("text", [*LOW_RANK, "peft:loha", "peft:lokr[r=2]", "peft:vera", "seq_bn", "par_bn"])
def test_a_negated_adapter_does_the_opposite(bed: Any, text: str) -> None:
    # What an adapter adds is so small here that its effect is linear.
    bed.add(text, "a")
    with torch.no_grad():
        for value in adapter_state(bed.model, "a").values():
            value *= 0.4
    merge_adapters(bed.model, "sum", ["a"], (-1.0,), "minus")
    effect, opposite = bed.under("a") - bed.bare, bed.under("minus") - bed.bare
    assert torch.cosine_similarity(effect.flatten(), opposite.flatten(), dim=0) < -0.9


@pytest.mark.parametrize("text", ["ia3", "peft:ia3", "dora", "peft:dora"])
def test_a_sum_counts_what_multiplies_from_where_it_changes_nothing(bed: Any, text: str) -> None:
    for name in ("a", "b"):
        add_adapter(bed.model, name, text)
    merge_adapters(bed.model, "sum", ["a", "b"], (1.0, 1.0), "sum")
    torch.testing.assert_close(bed.under("sum"), bed.bare)
    bed.randomise("a")
    merge_adapters(bed.model, "sum", ["a", "b"], (1.0, 1.0), "one")
    assert bed.under("one").isfinite().all()
    assert not torch.allclose(bed.under("one"), bed.bare, atol=1e-3)


@pytest.mark.parametrize("kind", ["linear", "svd", "ties", "dare"])
@pytest.mark.parametrize("text", LOW_RANK)
def test_merges_of_identical_adapters_are_the_adapter(bed: Any, tmp_path: Path, kind: str, text: str) -> None:
    names = twins(bed, text, 3, tmp_path / "stored")
    options = {"density": 1.0} if kind in ("ties", "dare") else {}
    merge_adapters(bed.model, kind, names, (), "merged", options)
    torch.testing.assert_close(bed.under("merged"), bed.under(names[0]), atol=2e-6, rtol=0)


MERGES = (
    ("linear", "linear", {}), ("svd", "svd", {}), ("svd", "svd", {"rank": 2.0}), ("ties", "ties", {"density": 0.4}),
    ("ties", "ties", {}), ("dare", "dare_linear", {"density": 0.4}),
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("kind", "theirs", "options"), MERGES)
@pytest.mark.parametrize("weights", [(0.7, 0.3, 0.5), (1.0, -0.5, 0.25)])
def test_merges_equal_those_of_plain_peft(
    bed: Any, tiny_base_folder: Path, tmp_path: Path, kind: str, theirs: str, options: dict[str, float], weights: Any
) -> None:
    for name in ("a", "b", "c"):
        bed.add("peft:lora[r=4, lora_alpha=16]", name)
        save_adapter(bed.model, name, tmp_path / name)
    plain = peft.PeftModel.from_pretrained(AutoModel.from_pretrained(tiny_base_folder), tmp_path / "a", "a")
    for name in ("b", "c"):
        plain.load_adapter(tmp_path / name, name)
    rank, density = options.get("rank"), options.get("density", 0.5)
    torch.manual_seed(7)
    plain.add_weighted_adapter(["a", "b", "c"], list(weights), "z", theirs, rank and int(rank), density=density)
    plain.set_adapter("z")
    merge_adapters(bed.model, kind, ["a", "b", "c"], weights, "z", options, seed=7)
    torch.testing.assert_close(bed.under("z"), bed.hidden(plain.eval()), atol=2e-6, rtol=0)
    assert not torch.allclose(bed.under("z"), bed.under("a"), atol=1e-3)


#: Where an adapter of the library has a weight and one of peft the same.
PLACES = {"loras.*.lora_A": "lora_A.*.weight", "loras.*.lora_B": "lora_B.*.weight"}


@pytest.mark.parametrize(("kind", "options"), [(kind, options) for kind, _, options in MERGES if kind != "dare"])
def test_loras_of_the_library_are_merged_as_those_of_peft(bed: Any, kind: str, options: dict[str, float]) -> None:
    for name in ("a", "b"):
        bed.add("peft:lora[r=4, lora_alpha=16]", name)
        add_adapter(bed.model, f"own-{name}", "lora[r=4, alpha=16]")
        theirs = adapter_state(bed.model, name)
        for key, value in adapter_state(bed.model, f"own-{name}").items():
            place = next(place for place in PLACES if place in key)
            value.data.copy_(theirs[key.replace(place, PLACES[place])])
    merge_adapters(bed.model, kind, ["a", "b"], (), "z", options)
    merge_adapters(bed.model, kind, ["own-a", "own-b"], (), "own-z", options)
    torch.testing.assert_close(bed.under("own-z"), bed.under("z"), atol=2e-6, rtol=0)
    assert not torch.allclose(bed.under("z"), bed.bare, atol=1e-3)


def test_the_seed_alone_decides_what_is_dropped(bed: Any) -> None:
    bed.add("peft:lora", "a", "b")
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        torch.manual_seed(ord(name[0]))
        before = torch.get_rng_state()
        merge_adapters(bed.model, "dare", ["a", "b"], (), name, seed=seed)
        assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(bed.under("one"), bed.under("again"))
    assert not torch.allclose(bed.under("one"), bed.under("two"), atol=1e-4)


def test_svd_merges_members_of_different_ranks(bed: Any) -> None:
    for text in ("peft:lora[r=2]", "peft:rslora[r=4]"):
        bed.add(text, text[-2])
    merge_adapters(bed.model, "svd", ["2", "4"], (1.0, 1.0), "z", {"rank": 6.0})
    assert method_of(bed.model, "z")["r"] == 6
    torch.testing.assert_close(bed.under("z"), bed.under(Stack("2", "4")), atol=1e-5, rtol=0)
    merge_adapters(bed.model, "svd", ["2", "4"], (), "y")
    assert method_of(bed.model, "y")["r"] == 4


def test_a_merged_adapter_can_be_stored_and_loaded(bed: Any, other_bed: Any, tmp_path: Path) -> None:
    for text in ("peft:rslora[r=4]", "lora[r=4, alpha=16]"):
        bed.add(text, f"a{text[0]}", f"b{text[0]}")
        merge_adapters(bed.model, "svd", [f"a{text[0]}", f"b{text[0]}"], (), f"z{text[0]}")
        save_adapter(bed.model, f"z{text[0]}", tmp_path / text[0])
        load_adapter(other_bed.model, tmp_path / text[0], text[0])
        assert torch.equal(other_bed.under(text[0]), bed.under(f"z{text[0]}"))


@pytest.mark.parametrize("kind", ["linear", "svd", "ties", "dare"])
@pytest.mark.parametrize("text", ["seq_bn", "ia3", "dora", "vera", "unipelt", "peft:dora", "peft:ia3"])
def test_a_merge_of_anything_but_lora_is_one_line(bed: Any, kind: str, text: str) -> None:
    bed.add(text, "a", "b")
    with pytest.raises(XadaptError, match=f"{kind} merges LoRA, and a is ") as caught:
        merge_adapters(bed.model, kind, ["a", "b"], (), "z")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "one", "other", "options", "reason"),
    [
        (
            "average",
            "seq_bn",
            "seq_bn[reduction_factor=8]",
            {},
            r"different adapter configurations \(reduction_factor\)",
        ),
        ("sum", "lora", "peft:lora", {}, "different adapter configurations"),
        ("average", "vera", "vera", {}, "random parts of their own"),
        ("average", "loreft", "loreft", {}, "random parts of their own"),
        ("linear", "peft:lora[r=4]", "peft:lora", {}, "one rank, not of 4 and 8: svd takes all"),
        ("ties", "lora", "lora[r=4]", {}, "one rank"),
        ("svd", "peft:lora", "peft:lora[target_modules=['value']]", {}, r"configurations \(target_modules\)"),
        ("svd", "lora", "peft:lora", {}, "different adapter configurations"),
        ("svd", "lora", "lora", {"rank": 33.0}, "choose one from 1 to 32"),
        ("ties", "lora", "lora", {"density": 0.0}, "above 0 and at most 1"),
    ],
)
def test_what_cannot_be_merged_is_one_line(
    bed: Any, kind: str, one: str, other: str, options: dict[str, float], reason: str
) -> None:
    bed.add(one, "a")
    bed.add(other, "b")
    with pytest.raises(XadaptError, match=reason) as caught:
        merge_adapters(bed.model, kind, ["a", "b"], (), "z", options)
    assert "\n" not in str(caught.value)


def test_weights_that_sum_to_0_are_one_line(bed: Any) -> None:
    bed.add("seq_bn", "a", "b")
    with pytest.raises(XadaptError, match="sum to 0"):
        merge_adapters(bed.model, "average", ["a", "b"], (1.0, -1.0), "z")


def test_vera_of_one_seed_is_averaged_with_its_projections(bed: Any) -> None:
    bed.add("vera[init_weights_seed=3]", "a", "b")
    merge_adapters(bed.model, "average", ["a", "b"], (), "mean")
    fixed = [fixed_state(bed.model, name) for name in ("a", "mean")]
    assert fixed[0]
    assert all(torch.equal(fixed[0][key], fixed[1][key]) for key in fixed[0])


def heads(bed: Any) -> None:
    labels = {0: "no", 1: "yes"}
    for seed, name in enumerate("abc"):
        torch.manual_seed(seed)
        bed.model.add_classification_head(name, num_labels=2, id2label=labels)
