"""Names of bases."""

from __future__ import annotations

import pytest

from xadapt.bases import DEFAULT_BASE, base_name, split_name


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
