"""Names of bases."""

from __future__ import annotations

import pytest

from xadapt.bases import DEFAULT_BASE, base_name, same_base, split_name


@pytest.mark.parametrize(
    ("name", "base", "layers"),
    [("e5-small", "e5-small", None), ("e5-small:9", "e5-small", 9), ("C:/a:b", "C:/a:b", None), (":9", ":9", None)],
)
def test_a_name_may_end_in_the_number_of_its_first_layers(name: str, base: str, layers: int | None) -> None:
    assert split_name(name) == (base, layers)


def test_a_base_is_found_by_a_former_name_cut_or_whole() -> None:
    assert base_name("minilm") == DEFAULT_BASE
    assert base_name("minilm:9") == f"{DEFAULT_BASE}:9"
    assert base_name("xlm-roberta-base:6") == "xlm-roberta-base:6"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("e5-small", "intfloat/multilingual-e5-small", True),
        ("minilm", "/models/multilingual-e5-small/", True),
        ("e5-small", "intfloat/e5-small", False),
        ("e5-small", "microsoft/Multilingual-MiniLM-L12-H384", False),
        ("e5-small:9", "minilm:9", True),
        ("e5-small:9", "e5-small", False),
        ("xlm-roberta-base", "FacebookAI/xlm-roberta-base", True),
        ("xlm-roberta-base", "someone/xlm-roberta-base", False),
        ("xlm-roberta-base", "xlm-roberta-large", False),
        ("FacebookAI/xlm-roberta-base", "../models/xlm-roberta-base", True),
        ("FacebookAI/xlm-roberta-base", "C:\\models\\xlm-roberta-base", True),
        ("xlm-roberta-base", "/root/.cache/hub/models--FacebookAI--xlm-roberta-base/snapshots/ab12", True),
        ("xlm-roberta-base", "/root/.cache/hub/models--other--xlm-roberta-base/snapshots/ab12", False),
    ],
)
def test_a_base_is_known_by_all_its_names_and_by_no_other(first: str, second: str, same: bool) -> None:
    assert same_base(first, second) == same_base(second, first) == same
