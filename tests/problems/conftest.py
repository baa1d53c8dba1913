"""The default base's tokenizer without its weights, and a model with heads on the tiny base."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """The tokenizer of the packed default base."""
    from xadapt.backbone.packed import packed_path, read_packed
    from xadapt.backbone.tokenizer import build_tokenizer

    return build_tokenizer(read_packed(packed_path()))


@pytest.fixture(scope="session")
def model(tiny: Any) -> Any:
    """A model on the tiny base with a head for each kind of task."""
    import torch

    from xadapt.problems import make_problem
    from xadapt.tasks import get_task

    torch.manual_seed(1)
    made = tiny.model()
    for name in ("xnli", "stsb", "xquad"):
        make_problem(get_task(name), tiny.tokenizer).add_head(made, name)
    return made.eval()
