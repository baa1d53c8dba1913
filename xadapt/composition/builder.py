"""A setup becomes a model: members are found and checked, then loaded and put together as the expression says."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from xadapt.composition.heads import (
    HeadStates,
    alike,
    check_order,
    head_states,
    label_order,
    merge_heads,
    pick_head,
    with_head_labels,
)
from xadapt.composition.hints import how_to_make
from xadapt.composition.loading import activate_on, bare_model, freeze, label_ids, put_adapter, put_head
from xadapt.composition.members import Members
from xadapt.composition.merging import merge_adapters
from xadapt.composition.specs import composition_of
from xadapt.errors import XadaptError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters import XLMRobertaAdapterModel
    from adapters.composition import AdapterCompositionBlock

    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.records import Scores
    from xadapt.tasks import Kind, Task


#: Something that is done to a model.
ModelStep = Callable[["XLMRobertaAdapterModel"], object]


def layer_name(node: Node) -> str:
    """The adapter's name inside the model, one-to-one with the expression; the library forbids commas and dots."""
    return str(node).replace(" + ", "&").replace(" - ", "!").replace(", ", "+").translate(_LAYER_NAMES)


_LAYER_NAMES = str.maketrans({"(": "[", ")": "]", ".": "~"})


class Assembly:
    """A setup whose members are found and checked; the model with them in it is made when it is first used.

    Attributes:
        context: Base and store; its seed is that whose checkpoints are preferred, and of merges that draw at random.
        heads: Name of the task of every head, in order of loading; later ones belong to outer compositions.
        calibration: By head, what was tuned on English dev beside the weights.
        found: The checkpoints that it is made of.
        active: The composition that is active.
        names: The adapters in it, as the model calls them.
    """

    def __init__(self, context: Context, on_use: Callable[[Checkpoint], object] | None = None) -> None:
        """Begin with a bare base.

        Args:
            context: Base, store and seed; its pins are taken for their expressions, whatever else the store holds.
            on_use: Called with every checkpoint that is taken, once; by default the display shows it.
        """
        self.context = context
        self.heads: list[str] = []
        self.calibration: dict[str, Scores] = {}
        self.active: str | AdapterCompositionBlock | None = None
        self.names: tuple[str, ...] = ()
        self.found = Members(context, on_use or context.uses)
        self._added: set[str] = set()
        self._learnt: dict[str, Checkpoint] = {}
        self._loaded_heads: list[str] = []
        #: The label ids of heads that are averaged.
        self._merged: dict[str, dict[str, int]] = {}
        self._steps: list[ModelStep] = []

    @property
    def members(self) -> dict[str, str]:
        """Run hash of every checkpoint in use, by expression."""
        return self.found.runs

    @property
    def weights(self) -> dict[str, str]:
        """Digest of the weights of every checkpoint in use, by expression."""
        return self.found.weights

    @cached_property
    def model(self) -> XLMRobertaAdapterModel:
        """The model, with all members and their heads.

        Raises:
            XadaptError: If a checkpoint does not load, or members cannot be put together in this way.
        """
        model = bare_model(self.context.backbone)
        for step in self._steps:
            step(model)
        self._steps.clear()
        return model

    def then(self, step: ModelStep) -> None:
        """Do something to the model: at once, or after all that is to be done when it is made."""
        if "model" in vars(self):
            step(self.model)
        else:
            self._steps.append(step)

    def block(self, node: Node) -> str | AdapterCompositionBlock | None:
        """Take up a setup and return it as the library's composition; None for ``none``.

        Raises:
            XadaptError: If a member is missing, damaged, made for another base, or not the run that
                another member was trained on.
        """
        if node.kind == "none":
            return None
        spec = composition_of(node.kind)
        return self.adapter(node) if spec is None else spec.build(self, node)

    def member(self, node: Node) -> tuple[str, HeadStates]:
        """Take up a setup that is one adapter in weight space, to make something of it.

        Returns:
            The adapter's name, and the heads that come with it: filled in when the model is made, before those of
            another member replace them.

        Raises:
            XadaptError: See :meth:`block`.
        """
        outer, self._loaded_heads = self._loaded_heads, []
        name, states = str(self.block(node)), HeadStates()
        own = self._loaded_heads
        for task in own:
            ids = self.label_ids(task)
            if self._merged.setdefault(task, ids) != ids:
                raise XadaptError(
                    f"{node} has a head of {task} with other labels than another member's, or in another order: "
                    "their mean would mean nothing; train one of them again"
                )
        self.then(lambda model: states.update(head_states(model.heads, own)))
        self._loaded_heads = outer + own
        return name, states

    def adopt(self, checkpoint: Checkpoint) -> None:
        """Count a checkpoint that is no part of the setup as a member, because a new part is to start from it.

        Raises:
            XadaptError: If it is damaged or made for another base.
        """
        self.found.adopt(checkpoint)

    def activate(self, block: str | AdapterCompositionBlock | None) -> None:
        """Make a composition the active one."""
        self.active, self.names = block, tuple(dict.fromkeys(_leaves(block)))
        self.then(partial(activate_on, block=block, layers=self.context.backbone.layers))

    def keep_trunk(self) -> None:
        """Keep what the layers below all adapters compute in the store's cache, and take it from there."""
        self.then(lambda model: setattr(model.roberta.encoder, "cache", self.context.store.cache))

    def fusions(self) -> list[AdapterCompositionBlock]:
        """The fusions of the active composition."""
        from adapters.composition import Fuse, Stack

        parts = self.active.children if isinstance(self.active, Stack) else [self.active]
        return [part for part in parts if isinstance(part, Fuse)]

    def adapter(self, node: Node, hint: str | None = None) -> str:
        """Take up the one adapter of a setup that has a checkpoint of its own; returns its name.

        Args:
            node: The setup.
            hint: How one is made, for the error when there is none.
        """
        checkpoint, name = self.checkpoint(node, hint), layer_name(node)
        spec = composition_of(node.kind)
        if spec and spec.needs_members:
            self.found.check_members_of(node, checkpoint)
        if self.is_new(name):
            self.then(partial(put_adapter, checkpoint=checkpoint, name=name))
        self.take_heads(checkpoint)
        return name

    def merged(self, node: Node) -> str:
        """Take up an adapter that is made of a setup's members in weight space; returns its name."""
        members = [self.member(child) for child in node.children]
        name = layer_name(node)
        if self.is_new(name):
            self.then(partial(_merge, node=node, members=members, seed=self.context.seed))
        return name

    def checkpoint(self, node: Node, hint: str | None = None) -> Checkpoint:
        """Take the checkpoint of a setup.

        Raises:
            XadaptError: If it is missing, damaged or made for another base.
        """
        return self.found.use(node, hint or how_to_make(node, self.context.tasks))

    def is_new(self, name: str) -> bool:
        """Whether nothing of this name, adapter or fusion, was asked for before."""
        new = name not in self._added
        self._added.add(name)
        return new

    def take_heads(self, checkpoint: Checkpoint) -> None:
        """Take up the heads of a checkpoint; they come before those of the same task that are there."""
        for task in checkpoint.heads:
            if task in self.heads:
                self.heads.remove(task)
            self.heads.append(task)
            self._loaded_heads.append(task)
            self._learnt[task] = checkpoint
            self.calibration[task] = checkpoint.record.calibration.get(task, {})
            self.then(partial(put_head, checkpoint=checkpoint, task=task, name=task))

    def head_for(self, task: Task, setup: Node | None = None) -> str:
        """The head that answers a task: its own, else the outermost that has the same labels.

        Args:
            task: The task.
            setup: The setup, to be named in an error.

        Raises:
            XadaptError: If no member's head does.
        """
        return pick_head(self.heads, task, self.context.tasks, setup)

    def with_head_labels(self, task: Task, head: str) -> Task:
        """The task itself or, where its training rows decided its tags, with the tags of a head.

        Raises:
            XadaptError: If the head learnt other labels, because the task was declared otherwise at that time.
        """
        return with_head_labels(task, head, self.label_ids(head))

    def label_order(self, task: Task, head: str) -> list[int] | None:
        """Which output of a head is each label of a task, in their order; None where it is the head's own."""
        return label_order(task, self.label_ids(head))

    def check_order(self, task: Task, head: str) -> None:
        """Check that a head that goes on learning a task has its labels in the task's order.

        Raises:
            XadaptError: If it has not.
        """
        check_order(task, head, self.label_ids(head))

    def label_ids(self, head: str) -> dict[str, int]:
        """The label ids that a head learnt; empty where it has no labels."""
        return label_ids(self._learnt[head], head)

    def has_labels(self, kind: Kind, any_order: bool = False) -> bool:
        """Whether a head has the labels of a kind, in the same order unless any will do."""
        kinds = [self.context.tasks.kind_of(name) for name in self.heads]
        return any(other == kind or (any_order and alike(other, kind)) for other in kinds)


def _merge(model: XLMRobertaAdapterModel, node: Node, members: list[tuple[str, HeadStates]], seed: int) -> None:
    names = [name for name, _ in members]
    try:
        merge_adapters(model, node.kind, names, node.weights, layer_name(node), dict(node.options), seed)
    except XadaptError as error:
        raise XadaptError(f"{node}: {error}") from None
    merge_heads(model.heads, [heads for _, heads in members], node.weights or (1.0,) * len(names))


def _leaves(block: str | AdapterCompositionBlock | None) -> Iterator[str]:
    # The library's own way gives them in another order every time.
    if isinstance(block, str):
        yield block
    elif block is not None:
        for child in block.children:
            yield from _leaves(child)


def assemble(context: Context, node: Node, on_use: Callable[[Checkpoint], object] | None = None) -> Assembly:
    """Find and check the members of a setup; its model will have its adapters active and everything frozen.

    Args:
        context: Base, store and seed; its pins are taken for their expressions, whatever else the store holds.
        node: The setup.
        on_use: Called with every checkpoint that is taken, once; by default the display shows it.

    Raises:
        XadaptError: If a member is missing, damaged or made for another base.
    """
    assembly = Assembly(context, on_use)
    assembly.activate(assembly.block(node))
    assembly.then(freeze)
    return assembly
