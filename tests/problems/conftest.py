"""The default base's tokenizer without its weights, and models with heads on the tiny base."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xadapt.tasks import Row


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
    for name in ("xnli", "stsb", "xquad", "wikiann", "copa", "squad2"):
        make_problem(get_task(name), tiny.tokenizer).add_head(made, name)
    return made.eval()


@pytest.fixture
def learn(tiny: Any) -> Callable[..., tuple[Any, list[float]]]:
    """Train an adapter and a head on a handful of rows; gives the model and the loss of every step."""
    import torch

    def steps(problem: Any, rows: list[Row], count: int = 80) -> tuple[Any, list[float]]:
        torch.manual_seed(3)
        made = tiny.model()
        made.add_adapter("new", config="seq_bn[reduction_factor=2]")
        problem.add_head(made, "new")
        made.train_adapter("new")
        made.set_active_adapters("new")
        trained = [parameter for parameter in made.parameters() if parameter.requires_grad]
        optimiser = torch.optim.AdamW(trained, lr=0.01)
        batch = problem.collate(problem.encode(rows, labelled=True))
        losses = []
        for _ in range(count):
            loss = problem.loss(problem.forward(made, batch, "new"), batch)
            optimiser.zero_grad()
            loss.backward()
            assert all(p.grad is None or torch.isfinite(p.grad).all() for p in trained)
            optimiser.step()
            losses.append(loss.item())
        return made.eval(), losses

    return steps


@pytest.fixture
def qa(tokenizer: Any) -> Any:
    """SQuAD in windows of 64 tokens."""
    from xadapt.problems import make_problem
    from xadapt.tasks import get_task

    return make_problem(get_task("squad"), tokenizer, 64)
