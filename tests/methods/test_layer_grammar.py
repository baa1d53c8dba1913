"""How layers are written."""

from __future__ import annotations

import pytest

from tests.error_checks import refused
from xadapt.methods.layer_grammar import canonical_layers, layer_numbers, names_layers, split_layers, with_layers


@pytest.mark.parametrize(
    ("text", "canonical", "numbers"),
    [
        ("all", "all", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("0-", "all", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("0-7", "0-7", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("4-6", "4-6", [4, 5, 6]),
        ("5-", "5-", [5, 6, 7]),
        ("6", "6", [6]),
        ("6-6", "6", [6]),
        ("7-", "7-", [7]),
        ("4, 0,2", "0,2,4", [0, 2, 4]),
        ("2,1,4-5,3", "1-5", [1, 2, 3, 4, 5]),
        ("6-,0,5,7", "0,5-", [0, 5, 6, 7]),
        ("0-1,3,6-", "0-1,3,6-", [0, 1, 3, 6, 7]),
    ],
)
def test_layers_are_numbered_from_0_with_both_ends(text: str, canonical: str, numbers: list[int]) -> None:
    assert canonical_layers(text) == canonical
    assert layer_numbers(text, 8) == layer_numbers(canonical, 8) == numbers


@pytest.mark.parametrize("text", ["", " ", "x", "-3", "-", "6-4", "1;2", "1,,2", "1,", "all,3", "1.5", "1-2-3", "1000"])
def test_what_names_no_layers_is_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="6-11"):
        canonical_layers(text)
    with refused("adapter_layers", advice="6-11, 6-, or 0,2,4"):
        layer_numbers(text, 8)


@pytest.mark.parametrize(("text", "layer"), [("8", 8), ("8-", 8), ("6-8", 8), ("0,11", 11), ("0-999", 999)])
def test_a_layer_that_the_base_has_not_is_one_line(text: str, layer: int) -> None:
    with refused(f"adapter_layers={text}", f"layer {layer}", advice="0 to 7"):
        layer_numbers(text, 8)


def test_layers_are_written_behind_a_method() -> None:
    assert with_layers("seq_bn[reduction_factor=8]", "6-") == "seq_bn[reduction_factor=8]@6-"
    assert split_layers("seq_bn[reduction_factor=8]@6-") == ("seq_bn[reduction_factor=8]", "6-")
    assert split_layers("unipelt") == ("unipelt", "all")


@pytest.mark.parametrize("text", ["seq_bn@6-", "lora[r=4, leave_out=[0]]", "loreft[layers = [1]]"])
def test_a_method_that_names_its_layers_keeps_them(text: str) -> None:
    assert names_layers(text)
    assert with_layers(text, "3") == text


@pytest.mark.parametrize("text", ["seq_bn", "lora[r=4]", "peft:lora[target_modules=['query']]"])
def test_a_method_in_all_layers_is_written_as_ever(text: str) -> None:
    assert not names_layers(text)
    assert with_layers(text, "all") == text
