"""Names that a user's own task cannot have."""

from __future__ import annotations

from typing import Any

import pytest

from xadapt.composition.specs import compositions
from xadapt.data.reserved_names import PARTS, name_fault
from xadapt.tasks import all_tasks


@pytest.mark.parametrize("name", ["reviews", "my-task", "xq_2", "2024-reviews", "Übung"[1:]])
def test_a_plain_name_is_fine(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize("name", ["a", "-a", "_ab", "a b", "a.b", "a,b", "fuse(a)", "a/b", "../x", "ab\n", "", "a@b"])
def test_a_name_that_no_setup_could_be_written_with_is_refused(name: str) -> None:
    assert repr(name) in (name_fault(name) or "")


def test_the_words_of_setups_are_refused() -> None:
    assert all(repr(name) in (name_fault(name) or "") for name in ("none", *compositions()))


def test_the_names_of_the_catalogue_are_refused() -> None:
    for task in all_tasks():
        assert task.name in (name_fault(task.name) or "")


def test_the_names_of_suites_are_refused() -> None:
    assert "suite" in (name_fault("xtreme-r") or "")


def test_nothing_can_be_named_like_a_part_of_the_model(tiny: Any) -> None:
    from torch.nn import ModuleDict

    model = tiny.model()
    for number, config in enumerate(("seq_bn", "double_seq_bn_inv", "par_bn", "lora", "ia3", "mam", "unipelt")):
        model.add_adapter(f"own-{number}", config=config)
    model.add_adapter_fusion(["own-0", "own-2"])
    model.add_classification_head("own-0", num_labels=2)
    model.add_tagging_head("own-1", num_labels=2)
    parts = {part for name, _ in model.named_parameters() for part in name.split(".") if "own-" not in part}
    hidden = {name for name in dir(ModuleDict()) if not name.startswith("_")}
    assert {"layer", "query", "adapters"} <= parts
    assert {part for part in parts | hidden if name_fault(part) is None} == set()


def test_the_parts_of_the_model_are_no_everyday_names() -> None:
    assert not PARTS & {"reviews", "sentiment", "topics", "ner", "news", "test", "dev", "labels", "data"}
