"""What the tests of training share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from xadapt.composition.builder import Assembly
from xadapt.training import loop
from xadapt.training.job import Job, Run


@pytest.fixture
def prepare(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Job, Assembly]]:
    """Take a run up to the moment before its first step: gives the job and the assembly."""

    class Ready(Exception):
        pass

    def prepared(lab: Any, plan: Any, **options: Any) -> tuple[Job, Assembly]:
        caught: list[Run] = []

        def stop(run: Run, *rest: Any) -> None:
            caught.append(run)
            raise Ready

        with monkeypatch.context() as patch:
            patch.setattr(loop, "_run", stop)
            with pytest.raises(Ready):
                lab.train(plan, **options)
        return caught[0].job, caught[0].assembly

    return prepared


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, Any, dict[str, torch.Tensor]]]:
    """Train a plan: gives the checkpoint, the model and all its parameters as they were before."""

    def watched(lab: Any, plan: Any, **options: Any) -> tuple[Any, Any, dict[str, torch.Tensor]]:
        seen: dict[str, Any] = {}
        train = loop._run

        def spy(run: Run, *rest: Any) -> Any:
            model = seen["model"] = run.assembly.model
            seen["before"] = {key: value.detach().clone() for key, value in model.named_parameters()}
            return train(run, *rest)

        with monkeypatch.context() as patch:
            patch.setattr(loop, "_run", spy)
            checkpoint = lab.train(plan, **options)
        return checkpoint, seen["model"], seen["before"]

    return watched


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """All weights of a checkpoint, by file and name."""
    return {
        f"{file.relative_to(folder)}:{name}": value
        for file in sorted(folder.rglob("*.safetensors"))
        for name, value in load_file(file).items()
    }


@pytest.fixture
def stored() -> Callable[[Path], dict[str, torch.Tensor]]:
    """Read all weights of a checkpoint folder, by file and name."""
    return weights
