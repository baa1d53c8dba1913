"""A trained fusion of low rank: nothing is learnt, the full one is factored, measured again and stored."""

from __future__ import annotations

import time
from typing import Any

import torch

from xadapt.composition.builder import assemble
from xadapt.composition.expression import Node
from xadapt.methods.fusion import fusion_layers, lower_fusion
from xadapt.problems.predict import raw_outputs
from xadapt.store.checkpoints import Checkpoint, open_checkpoint
from xadapt.store.store import run_hash
from xadapt.training.job import Job, deciding, dev_scores, record_of
from xadapt.training.saving import round_to_half, save_checkpoint

#: English dev rows of a task on which the fusion of low rank is to be near to the full one: thousands of tokens, for
#: matrices of some hundred columns.
_ROWS = 50


def compress(job: Job, full: Checkpoint, node: Node) -> Checkpoint:
    """Make the fusion of low rank that is nearest to a full one, unless a run of the same hash has.

    Args:
        job: The run, whose plan makes a fusion with a rank.
        full: The trained full fusion.
        node: Its expression.

    Returns:
        The stored checkpoint; its figures hold the dev scores of both.
    """
    started = time.perf_counter()
    name = str(node)
    assembly = assemble(job.backbone, node, job.store, job.settings.seed, {**job.pins, name: full}, job.uses)
    # It stands on the members alone: the full one need not be there when it is used.
    del assembly.members[name], assembly.weights[name]
    decides = {**deciding(job, assembly), "trains": "compression", "full": full.run}
    run = run_hash(decides)
    done = job.store.finished(run)
    if done is not None:
        job.display.say(f"{job.plan.makes} is there already: {done.path}")
        return done
    model = assembly.model.to(job.device)
    (fused,) = assembly.fusions()
    lower_fusion(model, fused, int(job.plan.makes.option("rank") or 0), lambda: _read(job, model))
    layers = fusion_layers(model, fused).values()
    for layer in layers:
        layer.requires_grad_(True)
    rounding = round_to_half(model)
    figures = {
        "dev": dev_scores(job, model),
        "full": {"run": full.run, "dev": full.record["figures"]["dev"]},
        "history": [],
        "steps": 0,
        "rounding": rounding,
        "seconds": round(time.perf_counter() - started, 1),
        "device": str(job.device),
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for layer in layers for p in layer.parameters()),
    }
    path = job.store.run_path(run)
    save_checkpoint(model, job.plan, path, record_of(job, assembly, decides, run, figures))
    return open_checkpoint(path)


def _read(job: Job, model: Any) -> None:
    for name, rows in job.dev_rows.items():
        problem = job.problems[name]
        features = problem.encode(rows.rows[:_ROWS], labelled=False)
        raw_outputs(model, problem, features, name if problem.needs_head else None, job.precision)
