"""A setup becomes a model: members are found, checked, loaded and put together as the expression says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xadapt.backbone.base import Backbone
from xadapt.backbone.encoder import split
from xadapt.composition.expression import MERGES, Node
from xadapt.composition.fusion import load_fusion
from xadapt.composition.heads import HeadStates, close_task, head_states, kind_of, merge_heads, pick_head
from xadapt.composition.hints import how_to_make, target_hint
from xadapt.composition.layers import is_tokenwise, lowest_layer
from xadapt.composition.merging import merge_adapters
from xadapt.composition.methods import activate, has_adapter, load_adapter
from xadapt.errors import XadaptError
from xadapt.store.checkpoints import Checkpoint, verify_checkpoint
from xadapt.store.store import Store
from xadapt.tasks import Kind, Task

if TYPE_CHECKING:
    from adapters import XLMRobertaAdapterModel
    from adapters.composition import AdapterCompositionBlock


def layer_name(node: Node) -> str:
    """The adapter's name inside the model, one-to-one with the expression; the library forbids commas and dots."""
    return str(node).replace(" + ", "&").replace(" - ", "!").replace(", ", "+").translate(_LAYER_NAMES)


_LAYER_NAMES = str.maketrans({"(": "[", ")": "]", ".": "~"})


@dataclass
class Assembly:
    """A model with a setup in it.

    Attributes:
        backbone: The frozen base.
        model: The model, with all members and their heads.
        store: Where checkpoints come from.
        seed: The seed whose checkpoints are preferred, and of merges that draw at random.
        pins: Checkpoints that must be used for an expression, whatever else the store holds.
        members: Run hash of every checkpoint in use, by expression.
        weights: Digest of the weights of every checkpoint in use, by expression.
        heads: Name of the task of every head, in order of loading; later ones belong to outer compositions.
        calibration: By head, what was tuned on English dev beside the weights.
        active: The composition that is active.
        names: The adapters in it, as the model calls them.
        loaded_heads: Names of the heads that were loaded since somebody began to look.
    """

    backbone: Backbone
    model: XLMRobertaAdapterModel
    store: Store
    seed: int | None = None
    pins: dict[str, Checkpoint] = field(default_factory=dict)
    on_use: Callable[[Checkpoint], None] | None = None
    members: dict[str, str] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    heads: list[str] = field(default_factory=list)
    calibration: dict[str, dict[str, float]] = field(default_factory=dict)
    active: str | AdapterCompositionBlock | None = None
    names: tuple[str, ...] = ()
    _stands: dict[str, Checkpoint] = field(default_factory=dict)
    loaded_heads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        split(self.model, self.backbone.fingerprint)

    def block(self, node: Node) -> str | AdapterCompositionBlock | None:
        """Load a setup and return it as the library's composition; None for ``none``.

        Raises:
            XadaptError: If a member is missing, damaged, made for another base or not the one that others stand on.
        """
        from adapters.composition import Stack

        if node.kind == "none":
            return None
        if node.kind == "ensemble":
            raise XadaptError(f"{node} is several models, not one: name one of its members")
        if node.kind == "stack":
            return Stack(*self._stacked(node))
        if node.kind == "fuse":
            return self._fused(node)
        if node.kind in ("average", "sum", *MERGES):
            return self._merged(node)
        return self._load_adapter(node, layer_name(node))

    def activate(self, block: str | AdapterCompositionBlock | None) -> None:
        """Make a composition the active one."""
        activate(self.model, block)
        self.active = block
        encoder: Any = self.model.roberta.encoder
        lowest = lowest_layer(self.model)
        # With nothing active there is no top for which a trunk would be kept.
        encoder.start = lowest if lowest < self.backbone.layers else 0
        encoder.tokenwise = is_tokenwise(self.model)
        self.names = tuple(dict.fromkeys(_leaves(block)))

    def keep_trunk(self) -> None:
        """Keep what the layers below all adapters compute in the store's cache, and take it from there."""
        encoder: Any = self.model.roberta.encoder
        encoder.cache = self.store.trunk_cache

    def fusions(self) -> list[Any]:
        """The fusions of the active composition."""
        from adapters.composition import Fuse, Stack

        parts = self.active.children if isinstance(self.active, Stack) else [self.active]
        return [part for part in parts if isinstance(part, Fuse)]

    def _stacked(self, node: Node) -> list[Any]:
        # A target adapter was trained on what lies below it, so its checkpoint is stored under the whole expression.
        *under, last = node.children
        trained = last.kind == "adapter" and self._fits(node)
        if trained:
            self._stand_on(node)
        below = Node("stack", children=tuple(under)) if len(under) > 1 else under[0]
        lower = self._stacked(below) if below.kind == "stack" else [self.block(below)]
        if last.kind != "adapter":
            return [*lower, self.block(last)]
        # One for another base is taken only to say so, and only when there is nothing else to take.
        if trained or (self._find(node) and not self._fits(last)):
            return [*lower, self._load_adapter(node, layer_name(node))]
        hint = f"{how_to_make(last)} or {target_hint(last, below)}"
        return [*lower, self._load_adapter(last, layer_name(last), hint)]

    def _fits(self, node: Node) -> bool:
        found = self._find(node)
        return found is not None and found.record["base"]["fingerprint"] == self.backbone.fingerprint

    def _find(self, node: Node) -> Checkpoint | None:
        name = str(node)
        found = self.pins.get(name) or self._stands.get(name)
        return found or self.store.find(name, self.backbone.fingerprint, self.seed)

    def _stand_on(self, node: Node) -> None:
        # What was trained on other adapters is right on those runs of them alone, whatever else the store holds by now.
        checkpoint = self._find(node)
        for name, run in checkpoint.record.get("members", {}).items() if checkpoint else ():
            member = self.store.by_run(run)
            if member is not None:
                self._stands.setdefault(name, member)

    def _check_stands(self, node: Node, checkpoint: Checkpoint) -> None:
        digests = checkpoint.record.get("weights", {})
        for name, run in checkpoint.record.get("members", {}).items():
            if name not in self.members or name == str(node):
                continue
            if self.members[name] != run:
                raise XadaptError(
                    f"{node} was trained on run {run} of {name}, not on {self.members[name]}: "
                    f"put that run into the store (`xadapt pull`) or train {node} again"
                )
            if name in digests and digests[name] != self.weights[name]:
                raise XadaptError(
                    f"{node} was trained on other weights of {name} (run {run} was made again elsewhere): "
                    f"put its own into the store (`xadapt pull`) or train {node} again"
                )

    def _use(self, node: Node, hint: str) -> Checkpoint:
        name = str(node)
        checkpoint = self._find(node) or self.store.need(name, self.backbone.fingerprint, self.seed, hint)
        verify_checkpoint(checkpoint, self.backbone.fingerprint, self.backbone.name)
        if self.on_use and name not in self.members:
            self.on_use(checkpoint)
        self.members[name], self.weights[name] = checkpoint.run, checkpoint.digest
        return checkpoint

    def _load_adapter(self, node: Node, name: str, hint: str | None = None) -> str:
        checkpoint = self._use(node, hint or how_to_make(node))
        if node.kind == "stack":
            self._check_stands(node, checkpoint)
        if not has_adapter(self.model, name):
            with _library_errors(checkpoint):
                load_adapter(self.model, checkpoint.path / "adapter", name)
        self._load_heads(checkpoint)
        return name

    def _fused(self, node: Node) -> Any:
        from adapters.composition import Fuse

        if self._fits(node):
            self._stand_on(node)
        fused = Fuse(*(self.block(child) for child in node.children))
        checkpoint = self._use(node, how_to_make(node))
        self._check_stands(node, checkpoint)
        if fused.name in self.model.adapters_config.fusions:
            # The library names a fusion by its members alone, and the second would take the place of the first.
            raise XadaptError(f"a setup cannot hold two fusions of the same members: {node} is there already")
        with _library_errors(checkpoint):
            load_fusion(self.model, fused, checkpoint.path / "fusion")
        self._load_heads(checkpoint)
        return fused

    def _load_heads(self, checkpoint: Checkpoint) -> None:
        for task in checkpoint.heads:
            if task in self.model.heads:
                self.model.delete_head(task)
                self.heads.remove(task)
            with _library_errors(checkpoint):
                self.model.load_head(str(checkpoint.path / "heads" / task), load_as=task, use_safetensors=True)
            self.heads.append(task)
            self.loaded_heads.append(task)
            self.calibration[task] = checkpoint.record.get("calibration", {}).get(task, {})

    def _merged(self, node: Node) -> str:
        names: list[str] = []
        heads: list[HeadStates] = []
        outer = self.loaded_heads
        for child in node.children:
            self.loaded_heads = []
            names.append(str(self.block(child)))
            heads.append(head_states(self.model.heads, self.loaded_heads))
            outer += self.loaded_heads
        self.loaded_heads = outer
        name = layer_name(node)
        if has_adapter(self.model, name):
            return name
        try:
            merge_adapters(self.model, node.kind, names, node.weights, name, dict(node.options), self.seed or 0)
        except XadaptError as error:
            raise XadaptError(f"{node}: {error}") from None
        merge_heads(self.model.heads, heads, node.weights or (1.0,) * len(names))
        return name

    def head_for(self, task: Task) -> str:
        """The head that answers a task: its own, else the outermost that speaks the same labels.

        Raises:
            XadaptError: If no member's head does.
        """
        return pick_head(self.heads, task)

    def closed(self, task: Task, head: str) -> Task:
        """The task itself or, where its training rows decided its tags, with the tags of a head.

        Raises:
            XadaptError: If the head learnt other labels, because the task was declared otherwise at that time.
        """
        return close_task(task, head, self.model.heads[head].config.get("label2id") or {})

    def begin_from(self, checkpoint: Checkpoint, name: str, head: str | None) -> None:
        """Load the adapter and the head of a checkpoint under other names, to train them on."""
        verify_checkpoint(checkpoint, self.backbone.fingerprint, self.backbone.name)
        self.members[checkpoint.setup], self.weights[checkpoint.setup] = checkpoint.run, checkpoint.digest
        with _library_errors(checkpoint):
            load_adapter(self.model, checkpoint.path / "adapter", name)
            if head:
                folder = checkpoint.path / "heads" / checkpoint.heads[0]
                self.model.load_head(str(folder), load_as=head, use_safetensors=True)

    def speaks(self, kind: Kind) -> bool:
        """Whether a head speaks the labels of a kind."""
        return any(kind_of(name) == kind for name in self.heads)


def _leaves(block: Any) -> Iterator[str]:
    # The library's own way gives them in another order every time.
    if isinstance(block, str):
        yield block
    elif block is not None:
        for child in block.children:
            yield from _leaves(child)


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
    assembly.activate(block)
    for parameter in assembly.model.parameters():
        parameter.requires_grad_(False)
    assembly.model.eval()
    return assembly


@contextmanager
def _library_errors(checkpoint: Checkpoint) -> Iterator[None]:
    # What the library raises on a bad checkpoint names neither the file nor what to do.
    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise XadaptError(f"checkpoint {checkpoint.path} does not load ({reason}): train it again") from None
