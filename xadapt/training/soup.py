"""Soups: averages of adapters whose weights English dev rows choose; the result costs what one adapter costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.utils.data import DataLoader

from xadapt.composition.builder import Assembly, layer_name
from xadapt.composition.merging import merge_adapters
from xadapt.methods.adapter import adapter_state
from xadapt.problems.base import Defaults
from xadapt.problems.predict import autocast
from xadapt.store.records import Figures
from xadapt.training.batches import LengthBatches, MixedFeatures, TaskCollator
from xadapt.training.run_kinds import RunKind, register_run_kind
from xadapt.training.saving import round_to_half

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xadapt.composition.heads import HeadStates
    from xadapt.display import Tick
    from xadapt.problems.base import Batch
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.training.job import Job, Run

Weights = tuple[float, ...]
#: What a learned soup starts with beside the greedy one, so that every member has a gradient.
_UNIFORM_SHARE = 0.1


def make_soup(job: Job) -> Checkpoint:
    """Find the weights of a soup, unless a run of the same hash has, and store the adapter that they make.

    Members that have a head for the task give a soup of heads too, with the same weights; otherwise one head answers
    for all: that of the task or, failing this, the outermost that has its labels.

    Raises:
        XadaptError: If a member is missing or wrong, members differ in method, or no head answers the task.

    Source: greedy and learned soups of Wortsman et al., arXiv 2203.05482.
    """
    assembly = Assembly(job.context)
    members = [assembly.member(child) for child in job.plan.makes.children]
    return job.once(assembly, lambda run: _make(run, members))


def _make(run: Run, members: Sequence[tuple[str, HeadStates]]) -> Checkpoint:
    job = run.job
    soup = _Soup(job, run.assembly, members)
    with job.context.display.training(str(job.plan.makes)) as tick:
        best, tried = greedy(len(soup.names), soup.score, lambda: tick(len(soup.history), 2 * len(soup.names), None))
        if job.plan.makes.kind == "learned_soup":
            best = _learned(soup, best, tried, tick)
    soup.mix(best)
    rounding = round_to_half(soup.model)
    names = [str(child) for child in job.plan.makes.children]
    figures = Figures(
        dev=job.dev_scores(soup.model),
        mixture={name: round(weight, 6) for name, weight in zip(names, best, strict=True)},
        history=[{"weights": [round(w, 6) for w in weights], "dev": score} for weights, score in soup.history],
        rounding=rounding,
        steps=len(soup.history),
        parameters=len(names),
    )
    return run.store(soup.model, figures)


def greedy(
    members: int, score: Callable[[Weights], float], tick: Callable[[], None] = lambda: None
) -> tuple[Weights, float]:
    """Add members to a uniform soup, best first, as long as the score does not fall.

    Args:
        members: How many there are.
        score: The dev score of a soup with given weights.
        tick: Called after every score.

    Returns:
        The weights of all members, which sum to 1, and their score.
    """

    def measured(chosen: list[int]) -> tuple[Weights, float]:
        weights = tuple(1 / len(chosen) if i in chosen else 0.0 for i in range(members))
        value = score(weights)
        tick()
        return weights, value

    alone = {i: measured([i]) for i in range(members)}
    order = sorted(alone, key=lambda i: -alone[i][1])
    chosen, best = [order[0]], alone[order[0]]
    for member in order[1:]:
        candidate = measured([*chosen, member])
        if candidate[1] >= best[1]:
            chosen, best = [*chosen, member], candidate
    return best


class _Soup:
    """A model in which one adapter (and head) is a weighted sum of members that are there beside it."""

    def __init__(self, job: Job, assembly: Assembly, members: Sequence[tuple[str, HeadStates]]) -> None:
        self.job, self.task, self.assembly = job, job.plan.tasks[0], assembly
        self.problem = job.problems[self.task.name]
        self.model = assembly.model
        self.history: list[tuple[Weights, float]] = []
        self.names = [name for name, _ in members]
        new = layer_name(job.plan.makes)
        merge_adapters(self.model, "average", self.names, (), new)
        state, parts = adapter_state(self.model, new), [adapter_state(self.model, name) for name in self.names]
        #: What is mixed, with what each member gives to it, shape (members, …).
        self.mixed = [(value, torch.stack([part[key].detach() for part in parts])) for key, value in state.items()]
        if self.problem.needs_head:
            self._add_head([heads for _, heads in members])
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        for value, _ in self.mixed:
            value.requires_grad_(True)
        self.assembly.activate(new)
        self.model.to(job.context.device).eval()

    def _add_head(self, heads: list[HeadStates]) -> None:
        name = self.task.name
        answering = self.assembly.head_for(self.task)
        self.assembly.check_order(self.problem.task, answering)
        if answering != name:
            self.problem.add_head(self.model, name)
            self.model.heads[name].load_state_dict(self.model.heads[answering].state_dict())
        if all(name in member for member in heads):
            for key, value in self.model.heads[name].named_parameters():
                self.mixed.append((value, torch.stack([member[name][key] for member in heads])))

    def mix(self, weights: Weights) -> None:
        """Make the soup with these weights."""
        with torch.no_grad():
            for value, parts in self.mixed:
                value.copy_(torch.tensordot(torch.tensor(weights), parts, dims=1))

    def score(self, weights: Weights) -> float:
        """The main dev score of the soup with these weights."""
        self.mix(weights)
        value = self.job.mean_main(self.job.dev_scores(self.model))
        self.history.append((weights, value))
        return value

    def gradient(self, batch: Batch) -> torch.Tensor:
        """The derivative of a batch's loss by each member's weight, at the soup as it is, shape (members,)."""
        name = self.task.name
        with autocast(self.job.context.device, self.job.context.precision):
            outputs = self.problem.forward(self.model, batch, name if self.problem.needs_head else None)
        values = [value for value, _ in self.mixed]
        slopes = torch.autograd.grad(self.problem.loss(outputs, batch), values, allow_unused=True)
        pairs = [(slope, parts) for slope, (_, parts) in zip(slopes, self.mixed, strict=True) if slope is not None]
        return torch.stack([(slope.cpu() * parts).flatten(1).sum(dim=1) for slope, parts in pairs]).sum(dim=0)


def _learned(soup: _Soup, start: Weights, score: float, tick: Tick) -> Weights:
    # Weights are the softmax of what is optimised, so that they stay above 0 and sum to 1.
    job, best = soup.job, (score, start)
    even = _UNIFORM_SHARE / len(start)
    logits = torch.tensor([weight * (1 - _UNIFORM_SHARE) + even for weight in start]).log().requires_grad_(True)
    optimizer = torch.optim.Adam([logits], lr=job.settings.lr or 0.1)
    name = soup.task.name
    data = MixedFeatures(
        {name: soup.problem.encode(job.dev_rows[name].rows, labelled=True)}, {name: soup.problem.tokens}
    )
    batches = LengthBatches(data, job.settings.batch_size or 16, job.context.seed)
    loader = DataLoader(data, batch_sampler=batches, collate_fn=TaskCollator(job.problems))
    epochs = max(1, round(job.settings.epochs or 1))
    for epoch in range(epochs):
        batches.set_epoch(epoch)
        for step, item in enumerate(loader):
            weights = logits.softmax(dim=0)
            soup.mix(tuple(weights.tolist()))
            optimizer.zero_grad()
            (batch,) = item["micro_batches"]
            weights.backward(soup.gradient({key: value.to(job.context.device) for key, value in batch.items()}))
            optimizer.step()
            tick(epoch * len(batches) + step + 1, epochs * len(batches), None)
        mixture = tuple(logits.softmax(dim=0).tolist())
        best = max(best, (soup.score(mixture), mixture), key=lambda pair: pair[0])
    return best[1]


SOUP = register_run_kind(
    RunKind(
        "soup",
        revision=1,
        train=make_soup,
        # Mixing weights are few and safe to move fast.
        defaults=Defaults(batch_size=16, epochs=3.0, lr=0.1),
        learns=False,
    )
)
