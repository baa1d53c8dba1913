"""A setup becomes a model: members are found, checked, loaded and put together as the expression says."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch

from xadapt.backbone.base import Backbone
from xadapt.composition.expression import Node
from xadapt.errors import XadaptError
from xadapt.store.checkpoints import Checkpoint, verify_checkpoint
from xadapt.store.store import Store
from xadapt.tasks import Kind, Tagging, Task, all_tasks, get_task

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel
    from adapters.composition import AdapterCompositionBlock

#: Kinds of setup that are one adapter in weight space, and so can be averaged or trained on.
PLAIN = ("adapter", "average", "continue")


def layer_name(node: Node) -> str:
    """The adapter's name inside the model, one-to-one with the expression; the library forbids commas and dots."""
    return str(node).replace(", ", "+").replace("(", "[").replace(")", "]")


@dataclass
class Assembly:
    """A model with a setup in it.

    Attributes:
        backbone: The frozen base.
        model: The model, with all members and their heads.
        store: Where checkpoints come from.
        seed: The seed whose checkpoints are preferred.
        pins: Checkpoints that must be used for an expression, whatever else the store holds.
        members: Run hash of every checkpoint in use, by expression.
        heads: Name of the task of every head, in order of loading; later ones belong to outer compositions.
        calibration: By head, what was tuned on English dev beside the weights.
    """

    backbone: Backbone
    model: XLMRobertaAdapterModel
    store: Store
    seed: int | None = None
    pins: dict[str, Checkpoint] = field(default_factory=dict)
    on_use: Callable[[Checkpoint], None] | None = None
    members: dict[str, str] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    calibration: dict[str, dict[str, float]] = field(default_factory=dict)

    def block(self, node: Node) -> str | AdapterCompositionBlock | None:
        """Load a setup and return it as the library's composition; None for ``none``."""
        from adapters.composition import Fuse, Stack

        if node.kind == "none":
            return None
        if node.kind in ("adapter", "continue"):
            return self._load_adapter(node, layer_name(node))
        if node.kind == "average":
            return self._average(node)
        if node.kind == "fuse":
            for child in node.children:
                if child.kind not in PLAIN:
                    raise XadaptError(
                        f"{child} cannot be a member of a fusion: fuse takes single adapters and averages"
                    )
            fused = Fuse(*(self.block(child) for child in node.children))
            self._load_fusion(node, fused)
            return fused
        return Stack(*self._stacked(node))

    def _stacked(self, node: Node) -> list[Any]:
        # A target adapter was trained on what lies below it, so its checkpoint is stored under the whole expression.
        *under, last = node.children
        below = Node("stack", children=tuple(under)) if len(under) > 1 else under[0]
        lower = self._stacked(below) if below.kind == "stack" else [self.block(below)]
        if last.kind != "adapter":
            return [*lower, self.block(last)]
        # One for another base is taken only to say so, and only when there is nothing else to take.
        if self._fits(node) or (self._find(node) and not self._fits(last)):
            return [*lower, self._load_adapter(node, layer_name(node))]
        hint = f"{_hint(last)} or {_target_hint(last, below)}"
        return [*lower, self._load_adapter(last, layer_name(last), hint)]

    def _fits(self, node: Node) -> bool:
        found = self._find(node)
        return found is not None and found.record["base"]["fingerprint"] == self.backbone.fingerprint

    def _find(self, node: Node) -> Checkpoint | None:
        name = str(node)
        return self.pins.get(name) or self.store.find(name, self.backbone.fingerprint, self.seed)

    def _use(self, node: Node, hint: str) -> Checkpoint:
        name = str(node)
        checkpoint = self._find(node) or self.store.need(name, self.backbone.fingerprint, self.seed, hint)
        verify_checkpoint(checkpoint, self.backbone.fingerprint, self.backbone.name)
        if self.on_use and name not in self.members:
            self.on_use(checkpoint)
        self.members[name] = checkpoint.run
        return checkpoint

    def _load_adapter(self, node: Node, name: str, hint: str | None = None) -> str:
        checkpoint = self._use(node, hint or _hint(node))
        if name not in self.model.adapters_config.adapters:
            with _library_errors(checkpoint):
                self.model.load_adapter(str(checkpoint.path / "adapter"), load_as=name, use_safetensors=True)
        self._load_heads(checkpoint)
        return name

    def _load_fusion(self, node: Node, fused: Any) -> None:
        checkpoint = self._use(node, _hint(node))
        if fused.name in self.model.adapters_config.fusions:
            # The library names a fusion by its members alone, and the second would take the place of the first.
            raise XadaptError(f"a setup cannot hold two fusions of the same members: {node} is there already")
        with _library_errors(checkpoint):
            self.model.load_adapter_fusion(str(checkpoint.path / "fusion"), load_as=fused.name, use_safetensors=True)
        self._load_heads(checkpoint)

    def _load_heads(self, checkpoint: Checkpoint) -> None:
        for task in checkpoint.heads:
            if task in self.model.heads:
                self.model.delete_head(task)
                self.heads.remove(task)
            with _library_errors(checkpoint):
                self.model.load_head(str(checkpoint.path / "heads" / task), load_as=task, use_safetensors=True)
            self.heads.append(task)
            self.calibration[task] = checkpoint.record.get("calibration", {}).get(task, {})

    def _average(self, node: Node) -> str:
        for child in node.children:
            if child.kind not in PLAIN:
                raise XadaptError(f"{child} cannot be averaged: only single adapters and averages are one adapter")
        names = [self.block(child) for child in node.children]
        configs = {name: self.model.adapters_config.get(name) for name in names}
        if len({str(config.to_dict()) for config in configs.values()}) > 1:
            raise XadaptError(f"{node}: the members have different adapter configurations and cannot be averaged")
        name = layer_name(node)
        self.copy_adapter(names, name)
        return name

    def copy_adapter(self, names: list[Any], to: str) -> None:
        """Add adapter ``to`` whose weights are the mean of the named adapters' (a copy when there is one)."""
        self.model.add_adapter(to, config=copy.deepcopy(self.model.adapters_config.get(names[0])))
        parts = [adapter_state(self.model, name) for name in names]
        with torch.no_grad():
            for key, target in adapter_state(self.model, to).items():
                target.copy_(torch.stack([part[key] for part in parts]).mean(dim=0))

    def head_for(self, task: Task) -> str:
        """The head that answers a task: its own, else the outermost that speaks the same labels.

        Raises:
            XadaptError: If no member's head does.
        """
        if task.name in self.heads:
            return task.name
        for name in reversed(self.heads):
            if _kind(name) == task.kind:
                return name
        spoken = ", ".join(map(_described, self.heads)) or "no head at all"
        raise XadaptError(
            f"this setup cannot answer {task.name} ({task.kind.name}): it has {spoken}; "
            f"train a target adapter on it with `xadapt train-target {task.name} --on SETUP`"
        )

    def closed(self, task: Task, head: str) -> Task:
        """The task itself or, where its training rows decided its tags, with the tags of a head.

        Raises:
            XadaptError: If the head learnt other labels, because the task was declared otherwise at that time.
        """
        labels = getattr(task.kind, "labels", None)
        if labels is None:
            return task
        ids = self.model.heads[head].config["label2id"]
        learnt = tuple(sorted(ids, key=ids.__getitem__))
        if isinstance(task.kind, Tagging) and not labels:
            return replace(task, kind=replace(task.kind, labels=learnt))
        if learnt != labels:
            raise XadaptError(
                f"the head {head} learnt the labels {', '.join(learnt)}, but {task.name} has {', '.join(labels)}: "
                f"train {head} again"
            )
        return task

    def begin_from(self, checkpoint: Checkpoint, name: str, head: str | None) -> None:
        """Load the adapter and the head of a checkpoint under other names, to train them on."""
        verify_checkpoint(checkpoint, self.backbone.fingerprint, self.backbone.name)
        self.members[checkpoint.setup] = checkpoint.run
        with _library_errors(checkpoint):
            self.model.load_adapter(str(checkpoint.path / "adapter"), load_as=name, use_safetensors=True)
            if head:
                folder = checkpoint.path / "heads" / checkpoint.heads[0]
                self.model.load_head(str(folder), load_as=head, use_safetensors=True)

    def speaks(self, kind: Kind) -> bool:
        """Whether a head speaks the labels of a kind."""
        return any(_kind(name) == kind for name in self.heads)


def adapter_state(model: XLMRobertaAdapterModel, name: str) -> dict[str, torch.Tensor]:
    """The parameters of one adapter, by name with the adapter's own name left out."""
    # A head may have the adapter's name too.
    marker = f".{name}."
    parameters = ((key, value) for key, value in model.named_parameters() if not key.startswith("heads."))
    return {key.replace(marker, ".*."): value for key, value in parameters if marker in key}


def assemble(
    backbone: Backbone,
    node: Node,
    store: Store,
    seed: int | None = None,
    pins: dict[str, Checkpoint] | None = None,
    on_use: Callable[[Checkpoint], None] | None = None,
) -> Assembly:
    """Build the model of a setup, with its adapters active and everything frozen.

    Raises:
        XadaptError: If a member is missing, damaged or made for another base.
    """
    assembly = Assembly(backbone, backbone.model(), store, seed, dict(pins or {}), on_use)
    block = assembly.block(node)
    assembly.model.set_active_adapters(block)
    for parameter in assembly.model.parameters():
        parameter.requires_grad_(False)
    assembly.model.eval()
    return assembly


def _hint(node: Node) -> str:
    if node.kind == "adapter":
        known = node.name in {task.name for task in all_tasks()}
        return f"`xadapt train-task {node}`" if known else "`xadapt train-task TASK`, with one of `xadapt tasks`"
    if node.kind == "fuse":
        members = (str(child) if child.kind == "adapter" else f'"{child}"' for child in node.children)
        on = f" --on {node.name}" if node.name else ""
        return f"`xadapt fuse {' '.join(members)}{on}`"
    return _target_hint(node.children[1], node.children[0], " --mode continue")


def _target_hint(target: Node, below: Node, mode: str = "") -> str:
    command = f'`xadapt train-target {target} --on "{below}"{mode}`'
    shared = next((task.trained_as for task in all_tasks() if task.name == target.name), "")
    return f"{command}, which calls it {shared}: {target} shares its adapter" if shared else command


def _kind(name: str) -> Kind | None:
    try:
        return get_task(name).kind
    except XadaptError:
        # A head of a task that is not known here, such as another user's own, answers that task alone.
        return None


def _described(name: str) -> str:
    kind = _kind(name)
    return f"{name} ({kind.name if kind else 'a task that is not known here'})"


@contextmanager
def _library_errors(checkpoint: Checkpoint) -> Iterator[None]:
    # What the library raises on a bad checkpoint names neither the file nor what to do.
    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise XadaptError(f"checkpoint {checkpoint.path} does not load ({reason}): train it again") from None
