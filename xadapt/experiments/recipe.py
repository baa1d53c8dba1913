"""A recipe: an experiment written down in YAML, checked line by line before anything runs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from xadapt.bases import DEFAULT_BASE
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError
from xadapt.experiments.names import check_name, spelled_out
from xadapt.methods.layer_grammar import Layers
from xadapt.tasks.catalogue import DEFAULT, SUITE_NAMES
from xadapt.validation import BatchSize, Count, Epochs, Rate, Seed, Tokens
from xadapt.yaml_files import YamlFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Replicates that nobody waits for.
_MOST_SEEDS = 100


def _setup(text: str) -> str:
    try:
        return str(parse(text))
    except XadaptError as error:
        # pydantic keeps the location of a ValueError and of no other error.
        raise ValueError(str(error)) from None


def _task(name: str, info: ValidationInfo) -> str:
    tasks = (info.context or {}).get("tasks", DEFAULT)
    if name in SUITE_NAMES and name not in tasks:
        raise ValueError(f"{name} is a suite: name the tasks of it that are wanted, see `xadapt tasks`")
    try:
        return str(tasks[name].name)
    except XadaptError as error:
        raise ValueError(str(error)) from None


def _name(name: str, info: ValidationInfo) -> str:
    try:
        return check_name(name, (info.context or {}).get("tasks", DEFAULT))
    except XadaptError as error:
        raise ValueError(str(error)) from None


def _each_once(setups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(setups))


def _no_twice(seeds: tuple[int, ...]) -> tuple[int, ...]:
    twice = next((seed for number, seed in enumerate(seeds) if seed in seeds[:number]), None)
    if twice is not None:
        raise ValueError(f"{twice} is there twice: keep one")
    return seeds


def _codes(given: Any) -> Any:
    """Languages as one text, whether they came as such or as a list."""
    codes = given.split(",") if isinstance(given, str) else given
    if not isinstance(codes, list | tuple) or not all(isinstance(code, str) for code in codes):
        raise ValueError("languages are all, or codes such as de,no or [de, no]")
    return ",".join(code.strip() for code in codes)


Setups = Annotated[tuple[Annotated[str, AfterValidator(_setup)], ...], AfterValidator(_each_once)]
TaskName = Annotated[str, AfterValidator(_task)]
Seeds = Annotated[tuple[Seed, ...], AfterValidator(_no_twice)]
Languages = Annotated[str, BeforeValidator(_codes)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Budget(_Strict):
    """Training settings of one kind of run; what is left open takes the problem's default."""

    epochs: Epochs | None = None
    lr: Rate | None = None
    batch_size: BatchSize | None = None
    limit: Count | None = None
    dev_limit: Count | None = None
    max_length: Tokens | None = None
    adapter_config: str | None = None
    adapter_layers: Layers | None = None
    mixing_cap: Count | None = None

    def changed(self, variant: Budget) -> Budget:
        """This budget with the settings of a variant instead of its own."""
        return self.model_copy(update=variant.model_dump(exclude_none=True))


class Target(_Strict):
    """A target task.

    Attributes:
        train: Budget of the target adapter that every setup gets; None scores the setups as they are.
        train_on: The task on whose English rows the target adapter is trained where that is not the target itself: one
            with the same labels, for a target without such rows.
        mode: How the target adapter is put on a setup.
        languages: ``all`` or codes, as one text with commas or as a list.
        limit: Test rows a language.
        pool_limit: Items that answers are retrieved from, where there is a pool.
        max_length: Tokens a test row; None for the problem's default.
        setups: The setups that this target is measured with; None for the recipe's. One that names ``target`` is
            complete: nothing is put on top of it.
        also: Setups beside those.
        straight: Setups that are scored as they are beside those, with the head that they have.
        seeds: Seeds of this target's runs; None for the recipe's.
        explain: Test rows a language on which the report shows what the fusions attend to; None for no such part.
    """

    train: Budget | None = None
    train_on: TaskName | None = None
    mode: Literal["stack", "continue"] = "stack"
    languages: Languages = "all"
    limit: Count | None = None
    pool_limit: Count | None = None
    max_length: Tokens | None = None
    setups: Setups | None = None
    also: Setups = ()
    straight: Setups = ()
    seeds: Seeds | None = Field(default=None, min_length=1, max_length=_MOST_SEEDS)
    explain: Count | None = None


class Recipe(_Strict):
    """An experiment.

    Attributes:
        name: Names the report's folder.
        title: Heads the report.
        base: A base, used unless the session was given one.
        data: A data source, used unless the session was given one.
        tasks: Declarations of own tasks, YAML files with paths relative to the recipe's.
        adapter_config: The method of every adapter whose budget names none.
        adapter_layers: The layers that carry it, likewise.
        seeds: Every run that trains is done once a seed, unless a target has seeds of its own.
        intermediate_seed: The one seed of intermediate and multi-task adapters that are trained here, under whose
            targets ``seeds`` differ; None trains them once a seed too.
        variants: Changes to every budget by name, such as other layers or another method: the whole plan is done once
            a variant, and each is a line of its own in the report. Without any it is done once, as it is.
        adapters: Intermediate adapters to train here; others are taken from the store or the shipped ones.
        fusion: Budget of every fusion among the setups.
        multitask: Budget of every multi-task adapter among the setups.
        soup: Budget of every soup among the setups: its dev rows.
        compositions: Budgets of other compositions that are trained, by what they call theirs.
        ready: Fusions, soups and multi-task adapters among the setups that are not trained here, but taken from the
            store or the shipped ones.
        names: Short names of setups, which setups may be written with and reports show.
        setups: Expressions to compare; ``none`` is the base without an intermediate adapter, ``target`` the target's
            own adapter.
        targets: What they are measured on.
        selection: What chooses the reference. English rows do, as they choose checkpoints and weights always;
            ``targets`` lets the target languages' test rows do it, and the report says so.
        suites: Benchmarks whose scores the report shows for every setup.
    """

    name: str = Field(pattern=r"^[\w-]{1,100}$")
    title: str
    base: str = Field(default=DEFAULT_BASE, min_length=1)
    data: str | None = Field(default=None, min_length=1)
    tasks: tuple[str, ...] = ()
    adapter_config: str | None = None
    adapter_layers: Layers | None = None
    seeds: Seeds = Field(default=(42,), min_length=1, max_length=_MOST_SEEDS)
    intermediate_seed: Seed | None = None
    variants: dict[str, Budget] = Field(default_factory=dict)
    adapters: dict[TaskName, Budget] = Field(default_factory=dict)
    fusion: Budget = Budget()
    multitask: Budget = Budget()
    soup: Budget = Budget()
    compositions: dict[str, Budget] = Field(default_factory=dict)
    ready: Setups = ()
    names: dict[Annotated[str, AfterValidator(_name)], Annotated[str, AfterValidator(_setup)]] = Field(
        default_factory=dict
    )
    setups: Setups = Field(min_length=1)
    targets: dict[TaskName, Target] = Field(min_length=1)
    selection: Literal["english", "targets"] = "english"
    suites: tuple[Literal["xtreme", "xtreme-r"], ...] = ()
    _file: YamlFile | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _spelled_out(cls, content: Any) -> Any:
        return spelled_out(content)

    def budget(self, name: str) -> Budget:
        """The budget of a composition, by what the composition calls it."""
        own = {"fusion": self.fusion, "multitask": self.multitask, "soup": self.soup}
        return self.compositions.get(name) or own.get(name) or Budget()

    def settled(self, budget: Budget, variant: Budget | None = None) -> Budget:
        """A budget of the recipe under a variant, with the recipe's method and layers where both leave them open."""
        default = Budget(adapter_config=self.adapter_config, adapter_layers=self.adapter_layers)
        return default.changed(budget).changed(variant or Budget())

    def seeds_of(self, target: Target) -> tuple[int, ...]:
        """The seeds of a target's runs."""
        return self.seeds if target.seeds is None else target.seeds

    def setups_of(self, target: Target) -> tuple[str, ...]:
        """The setups of a target, without those that are scored straight beside them."""
        return _each_once((*(target.setups or self.setups), *target.also))

    def read_from(self, file: YamlFile) -> Recipe:
        """Remember the file that it was read from, for errors."""
        self._file = file
        return self

    def fault(self, keys: Sequence[str | int], what: object) -> XadaptError:
        """Build the error for a part of the recipe: with file and line, where it was read from a file.

        Args:
            keys: Keys and indices that lead to the part.
            what: What is wrong with it.
        """
        if self._file:
            return self._file.fault(keys, what)
        return XadaptError(f"recipe {self.name}: {'.'.join(map(str, keys))}: {what}")

    @contextmanager
    def at(self, *keys: str | int) -> Iterator[None]:
        """While the block runs, name a part of the recipe in what is refused."""
        try:
            yield
        except XadaptError as error:
            raise self.fault(keys, error) from None

    @contextmanager
    def at_setup(self, setup: str, target: str = "") -> Iterator[None]:
        """While the block runs, name a setup in what is refused: one of a target's, where that has its own."""
        try:
            yield
        except XadaptError as error:
            raise self.fault(self._setup_keys(setup, target), error) from None

    def _setup_keys(self, setup: str, target: str) -> list[str | int]:
        content: Any = spelled_out(self._file.content) if self._file else {}
        targets = [["targets", name] for name in self.targets if target in ("", name)]
        places = [[*above, key] for above in targets for key in ("setups", "also", "straight")]
        for place in [*places, ["setups"]]:
            inner = content
            for key in place:
                inner = inner.get(key) or {}
            for number, text in enumerate(inner):
                if str(parse(text)) == setup:
                    return [*place, number]
        return ["setups"]
