"""A session on the tiny base, whose trainings and evaluations take half a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import QUICK
from xadapt.composition.builder import Assembly, assemble
from xadapt.composition.grammar import parse
from xadapt.context import Context
from xadapt.display import Display, RowProgress, Tick
from xadapt.evaluation.evaluate import EvalSettings, evaluate
from xadapt.session import Session
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.result_record import Result
from xadapt.store.store import Store
from xadapt.training.plan import TrainPlan
from xadapt.training.settings import make_settings
from xadapt.training.train import train

Pins = Mapping[str, Checkpoint]


class TinyLab(Session):
    """A session that takes plans too."""

    @property
    def mirror(self) -> Path:
        """The folder of its rows."""
        assert self.source.root is not None
        return self.source.root

    def with_store(self, store: Store | Path | str, mirror: Path | None = None) -> TinyLab:
        """The same with another store, and perhaps other rows."""
        context = self.context
        return TinyLab(
            context.base,
            str(mirror or self.mirror),
            store,
            seed=context.seed,
            device=context.device_name,
            precision=context.precision_name,
            display=context.display,
        )

    def asked(self, options: dict[str, Any]) -> Context:
        """The context with those of the options that are a session's, which are taken out of them."""
        names = {"device": "device_name", "precision": "precision_name"}
        names |= {name: name for name in ("seed", "display", "pins", "base")}
        from dataclasses import replace

        changes = {names[key]: options.pop(key) for key in tuple(options) if key in names}
        return replace(self.context, **{key: value for key, value in changes.items() if value is not None})

    def train(self, plan: Any, *rest: Any, **options: Any) -> Checkpoint:  # type: ignore[override]
        """Train a plan quickly, or a task as a session does."""
        if not isinstance(plan, TrainPlan):
            return super().train(plan, *rest, **{**QUICK, **options})
        given = {**dict(zip(("display", "pins"), rest, strict=False)), **options}
        context = self.asked(given)
        return train(context, plan, make_settings(**{**QUICK, **given}))

    def assemble(self, setup: str, on_use: Callable[[Checkpoint], object] | None = None, **options: Any) -> Assembly:
        """Put a setup together from the store."""
        return assemble(self.asked(options), parse(setup), on_use)

    def evaluate(self, setup: str, task: str, languages: Any = "all", **options: Any) -> Result:
        """Evaluate a setup."""
        context = self.asked(options)
        settings = EvalSettings(**{"max_length": 48, **options})
        return evaluate(context, parse(setup), self.tasks[task], languages, settings)


class SpyDisplay(Display):
    """Calls functions of a test where a person would be shown something."""

    def __init__(
        self,
        say: Callable[[str], object] = lambda text: None,
        tick: Tick = lambda step, steps, loss: None,
        start: Callable[[str, int], object] = lambda part, rows: None,
        advance: Callable[[int], object] = lambda rows: None,
    ) -> None:
        """Take what is called: for a line, after each step of training, and for parts and rows."""
        self._say, self._tick, self._start, self._advance = say, tick, start, advance

    def say(self, text: str) -> None:
        """Pass a line on."""
        self._say(text)

    @contextmanager
    def training(self, title: str) -> Iterator[Tick]:
        """Pass steps on."""
        yield self._tick

    @contextmanager
    def rows(self, title: str) -> Iterator[RowProgress]:
        """Pass parts and rows on."""
        yield RowProgress(lambda part, rows: void(self._start(part, rows)), lambda rows: void(self._advance(rows)))


def void(value: object) -> None:
    """Give nothing back."""
