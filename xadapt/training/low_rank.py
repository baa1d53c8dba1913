"""A trained fusion of low rank: nothing is learnt, the full one is factored, measured again and stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.composition.builder import assemble
from xadapt.methods.fusion import check_rank, fusion_layers, lower_fusion
from xadapt.problems.predict import raw_outputs
from xadapt.store.records import Figures, FullFusion
from xadapt.training.fusion import FUSION
from xadapt.training.plan import plan_full
from xadapt.training.run_kinds import RunKind, register_run_kind
from xadapt.training.saving import round_to_half
from xadapt.training.train import trained

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel

    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job, Run

#: English dev rows of a task on which the fusion of low rank is to be near to the full one: thousands of tokens, for
#: matrices of some hundred columns.
_ROWS = 50


def factor(job: Job) -> Checkpoint:
    """Make the fusion of low rank that is nearest to the full one, which is trained first if it is not there.

    The record's figures hold the dev scores of both.

    Raises:
        XadaptError: If the rank is not between 1 and the width of the base.
    """
    plan = job.plan
    check_rank(int(plan.makes.option("rank") or 0), job.context.backbone.config.hidden_size)
    full_plan = plan_full(plan)
    full = trained(job.context, full_plan, job.asked)
    name = str(full_plan.makes)
    assembly = assemble(job.context.pinned({name: full}), full_plan.makes)
    # It needs the members alone: the full one need not be there when it is used.
    del assembly.members[name], assembly.weights[name]

    def make(run: Run) -> Checkpoint:
        model = assembly.model.to(job.context.device)
        (fused,) = assembly.fusions()
        lower_fusion(model, fused, int(plan.makes.option("rank") or 0), lambda: _read(job, model))
        layers = fusion_layers(model, fused).values()
        for layer in layers:
            layer.requires_grad_(True)
        rounding = round_to_half(model)
        figures = Figures(
            dev=job.dev_scores(model),
            full=FullFusion(run=full.run, dev=full.record.figures.dev),
            history=[],
            steps=0,
            rounding=rounding,
            parameters=sum(p.numel() for layer in layers for p in layer.parameters()),
        )
        return run.store(model, figures)

    return job.once(assembly, make, full=full.run)


def _read(job: Job, model: XLMRobertaAdapterModel) -> None:
    for name, rows in job.dev_rows.items():
        problem = job.problems[name]
        features = problem.encode(rows.rows[:_ROWS], labelled=False)
        raw_outputs(model, problem, features, name if problem.needs_head else None, job.context.precision)


LOW_RANK = register_run_kind(
    RunKind("low-rank-fusion", revision=1, train=factor, defaults=FUSION.defaults, label="fusion")
)
