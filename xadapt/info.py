"""What this installation is: versions, revisions, hardware, base, and the adapters that are there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch

from xadapt.explain import explanation
from xadapt.problems import problem_revisions
from xadapt.store.versions import versions
from xadapt.training.run_kinds import revisions

if TYPE_CHECKING:
    from xadapt.context import Context
    from xadapt.store.records import Json


@dataclass(frozen=True)
class BaseFacts:
    """The base."""

    name: str
    fingerprint: str
    layers: int
    width: int
    sentence_layer: int


@dataclass(frozen=True)
class AdapterFacts:
    """A checkpoint; ``fits`` says whether it is for the base at hand."""

    setup: str
    base: str
    fits: bool
    data: str
    seed: int
    run: str
    path: str


@dataclass(frozen=True)
class Info:
    """What this installation is.

    Attributes:
        versions: Of xadapt and the libraries that compute.
        revisions: Of the kinds of run: those of training, of evaluation by kind of problem, and of explanations; they
            change when numbers do.
        device: Where ``auto`` runs.
        threads: Threads of torch.
        precision: What ``auto`` computes in.
        base: The base.
        data: The data source.
        store: The store's folder.
        adapters: The checkpoints that are there.
        left_out: What is wrong with records that cannot be read.
    """

    versions: dict[str, str]
    revisions: dict[str, int]
    device: str
    threads: int
    precision: str
    base: BaseFacts
    data: str
    store: str
    adapters: list[AdapterFacts]
    left_out: list[str]

    def as_json(self) -> Json:
        """Everything, for programs."""
        return asdict(self)


def collect_info(context: Context) -> Info:
    """Look at versions, hardware, base and store."""
    backbone = context.backbone
    return Info(
        versions=versions(),
        revisions={
            **revisions(),
            **{f"evaluate {kind}": number for kind, number in problem_revisions().items()},
            "explain": explanation.REVISION,
        },
        device=str(context.device),
        threads=torch.get_num_threads(),
        precision=context.precision,
        base=BaseFacts(
            backbone.name,
            backbone.fingerprint,
            backbone.layers,
            int(backbone.config.hidden_size),
            backbone.sentence_layer,
        ),
        data=context.source.name,
        store=str(context.store.root),
        adapters=[
            AdapterFacts(
                checkpoint.setup,
                checkpoint.record.base.name,
                checkpoint.record.base.fingerprint == backbone.fingerprint,
                checkpoint.record.data,
                checkpoint.seed,
                checkpoint.run,
                str(checkpoint.path),
            )
            for checkpoint in context.store.checkpoints()
        ],
        left_out=list(context.store.left_out.faults.values()),
    )
