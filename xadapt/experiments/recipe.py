"""A recipe: an experiment written down in YAML, checked line by line before anything runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from xadapt.bases import DEFAULT_BASE
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError
from xadapt.methods.layer_grammar import Layers
from xadapt.tasks.catalogue import DEFAULT


def _setup(text: str) -> str:
    try:
        return str(parse(text))
    except XadaptError as error:
        # pydantic keeps the location of a ValueError and of no other error.
        raise ValueError(str(error)) from None


def _task(name: str, info: ValidationInfo) -> str:
    tasks = (info.context or {}).get("tasks", DEFAULT)
    try:
        return str(tasks[name].name)
    except XadaptError as error:
        raise ValueError(str(error)) from None


def _each_once(setups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(setups))


Setups = Annotated[tuple[Annotated[str, AfterValidator(_setup)], ...], AfterValidator(_each_once)]
TaskName = Annotated[str, AfterValidator(_task)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Budget(_Strict):
    """Training settings of one kind of run; what is left open takes the problem's default."""

    epochs: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    lr: float | None = Field(default=None, gt=0, le=1)
    batch_size: int | None = Field(default=None, ge=1)
    limit: int | None = Field(default=None, ge=1)
    dev_limit: int | None = Field(default=None, ge=1)
    max_length: int | None = Field(default=None, ge=16)
    adapter_config: str | None = None
    adapter_layers: Layers | None = None
    mixing_cap: int | None = Field(default=None, ge=1)

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
        languages: ``all`` or codes.
        limit: Test rows a language.
        pool_limit: Items that answers are retrieved from, where there is a pool.
        max_length: Tokens a test row; None for the problem's default.
        setups: The recipe's setups that this target is measured with; None for all of them.
        explain: Test rows a language on which the report shows what the fusions attend to; None for no such part.
    """

    train: Budget | None = None
    train_on: TaskName | None = None
    mode: Literal["stack", "continue"] = "stack"
    languages: str = "all"
    limit: int | None = Field(default=None, ge=1)
    pool_limit: int | None = Field(default=None, ge=1)
    max_length: int | None = Field(default=None, ge=16)
    setups: Setups | None = None
    explain: int | None = Field(default=None, ge=1)


class Recipe(_Strict):
    """An experiment.

    Attributes:
        name: Names the report's folder.
        title: Heads the report.
        base: A base, used unless the session was given one.
        data: A data source, used unless the session was given one.
        tasks: Declarations of own tasks, YAML files with paths relative to the recipe's.
        seeds: Every run that trains is done once a seed.
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
        setups: Expressions to compare; ``none`` is the base without an intermediate adapter.
        targets: What they are measured on.
        selection: What chooses the best single adapter. English rows do, as they choose checkpoints and weights always;
            ``targets`` lets the target languages' test rows do it, and the report says so.
        suites: Benchmarks whose scores the report shows for every setup.
    """

    name: str = Field(pattern=r"^[\w-]+$")
    title: str
    base: str = DEFAULT_BASE
    data: str | None = None
    tasks: tuple[str, ...] = ()
    seeds: tuple[Seed, ...] = Field(default=(42,), min_length=1)
    intermediate_seed: Seed | None = None
    variants: dict[str, Budget] = Field(default_factory=dict)
    adapters: dict[TaskName, Budget] = Field(default_factory=dict)
    fusion: Budget = Budget()
    multitask: Budget = Budget()
    soup: Budget = Budget()
    compositions: dict[str, Budget] = Field(default_factory=dict)
    ready: Setups = ()
    setups: Setups = Field(min_length=1)
    targets: dict[TaskName, Target] = Field(min_length=1)
    selection: Literal["english", "targets"] = "english"
    suites: tuple[Literal["xtreme", "xtreme-r"], ...] = ()

    def budget(self, name: str) -> Budget:
        """The budget of a composition, by what the composition calls it."""
        own = {"fusion": self.fusion, "multitask": self.multitask, "soup": self.soup}
        return self.compositions.get(name) or own.get(name) or Budget()
