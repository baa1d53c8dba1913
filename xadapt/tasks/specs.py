"""All that differs between kinds of problem: one :class:`KindSpec` a kind, registered in the kind's own file.

The other rooms ask :func:`spec_of` instead of knowing kinds. The kinds of xadapt are files of :mod:`xadapt.problems`,
which is loaded when a spec is first asked for, and without torch. A user's own kinds are registered by whatever
:mod:`xadapt.plugins` imports, or by the program itself.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from xadapt.errors import XadaptError, unknown
from xadapt.plugins import load_plugins
from xadapt.tasks.fields import VALUE, Field
from xadapt.tasks.submission_files import LINES, SubmissionFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from xadapt.problems.base import Problem
    from xadapt.tasks.kinds import Kind, Row
    from xadapt.tasks.portable_heads import HeadForm


class KeyFault(XadaptError):
    """A key of an own task's declaration does not fit its kind.

    Attributes:
        key: The key.
    """

    def __init__(self, key: str, what: str) -> None:
        """Keep the key, so that the error can name its line."""
        super().__init__(what)
        self.key = key


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a row.

    Attributes:
        what: What it is, one line.
        group: Faults of a group are counted together, whatever values they name.
    """

    what: str
    group: str

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True)
class FieldFault:
    """What is wrong with a field of a row: ``FieldFault("label", "missing")`` reads "label is missing".

    Attributes:
        field: The field.
        what: What it is and should not be; names no value, so that faults of other rows are alike.
    """

    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.field} is {self.what}"


#: What is wrong with a row; a text is a group of its own.
Fault: TypeAlias = RowFault | FieldFault | str


@dataclass(frozen=True)
class Remark:
    """Something odd about a row that fits its kind.

    Attributes:
        what: What it is, one line.
        group: Remarks of a group are counted together, others where they are the same.
        if_many: What it means where more than a few rows of a file have it; it is a fault then.
        wrong: Whether the row is wrong though a public set may have it: it is a fault in a user's own file.
    """

    what: str
    group: str = ""
    if_many: str = ""
    wrong: bool = False


@dataclass(frozen=True)
class PoolSpec:
    """How a kind retrieves from a pool.

    Attributes:
        wanted: The keys of the items that rows ask for, from the rows and the gold pairs of source and target ids.
        key: The field by which an item is known.
        named_by: The field of a row that names its item, "" where none does.
        of_rows: Whether the pool is made of the test rows of all languages.
    """

    wanted: Callable[[Iterable[Row], Iterable[tuple[str, str]]], set[Any]]
    key: str = "id"
    named_by: str = ""
    of_rows: bool = False

    def holds_answers(self, rows: Iterable[Row], gold: Iterable[tuple[str, str]]) -> Callable[[Row], bool]:
        """Tell the items of a pool without which some of these rows could not be answered.

        Args:
            rows: The rows that will be asked.
            gold: The pairs of source and target ids, where a task has such.
        """
        wanted = self.wanted(rows, gold)
        return lambda item: item[self.key] in wanted


@dataclass(frozen=True)
class KindSpec:
    """What a kind is for the rooms that handle tasks of all kinds.

    Only the first four are needed. Functions that take a kind take one of :attr:`kind`.

    Attributes:
        kind: The declaration's class.
        problem: How rows become numbers and back; also how a prediction is shown (``Problem.readable``).
        fields: What the values of each field of a row are.
        metrics: Names of the metrics that fit; the first is taken when a declaration names none.
        metric_of: The metric that is taken instead, where it depends on the kind's attributes.
        metric_fault: Why a metric that fits the kind does not fit these attributes, None if it does.
        keys: Keys of an own task's declaration that hold for this kind, with type and default, as pydantic takes them;
            they become attributes of the kind. ``labels`` goes without saying where a field holds labels.
        declared: Makes the kind of such keys, if there is more to it; raises :class:`KeyFault`.
        read_row: A row in the one form that the kind reads, of those that files write; what it cannot read it leaves.
        row_fault: What is wrong with a row whose fields are there and whose texts are texts, None if nothing is.
        settle: Puts right what the rows of a file show together to be meant otherwise; takes them and whether they are
            a user's own, gives them and a note for each thing.
        notes: What a user should know of the usable rows of an own file together, each one line.
        remarks: What is odd about a row that could be used.
        remarked: How many things in a row are looked at for remarks, such as its answers.
        unique_ids: Whether ids must not come twice.
        fill: Makes a kind whose labels are open into one with the labels of the training rows.
        pool: How it retrieves from a pool, None if it does not.
        head: How its head leaves for other libraries and comes in, None if it cannot.
        submission: How predictions are written for a suite's evaluator.
        suite_scores: The scores whose mean a suite counts; the metric's main score if there are none.
        suite_metric: What a suite calls that mean.
    """

    kind: type[Kind]
    problem: type[Problem]
    fields: Mapping[str, Field]
    metrics: tuple[str, ...]
    metric_of: Callable[[Any], str] | None = None
    metric_fault: Callable[[Any, str], str | None] = lambda kind, metric: None
    keys: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    declared: Callable[..., Kind] | None = None
    read_row: Callable[[Row], Row] = lambda row: row
    row_fault: Callable[[Row, Any], Fault | None] = lambda row, kind: None
    settle: Callable[[list[Row], bool], tuple[list[Row], list[str]]] = lambda rows, own: (rows, [])
    notes: Callable[[Sequence[Row], Any], Sequence[str]] = lambda rows, kind: ()
    remarks: Callable[[Row], Sequence[Remark]] = lambda row: ()
    remarked: Callable[[Row], int] = lambda row: 1
    unique_ids: bool = False
    fill: Callable[[Any, Iterable[Row]], Kind] | None = None
    pool: PoolSpec | None = None
    head: HeadForm | None = None
    submission: SubmissionFile = LINES
    suite_scores: tuple[str, ...] = ()
    suite_metric: str = ""

    @property
    def name(self) -> str:
        """The kind's name."""
        return self.kind.name

    @property
    def declarable(self) -> bool:
        """Whether a user's own task may be of this kind: it needs a head to be trained."""
        return self.problem.needs_head

    @property
    def label_field(self) -> str:
        """The field that holds a row's label or labels, "" if there is none."""
        return next((name for name, value in self.fields.items() if value.form in ("label", "tags")), "")

    @property
    def tagged(self) -> bool:
        """Whether a row's labels are tags, so that its files may have a token a line."""
        return any(value.form == "tags" for value in self.fields.values())

    def field_of(self, name: str) -> Field:
        """What the values of a field are; nothing is asked of one that is not described."""
        return self.fields.get(name, VALUE)

    def metric(self, kind: Kind) -> str:
        """The metric that is taken when a declaration names none."""
        return self.metric_of(kind) if self.metric_of else self.metrics[0]

    def make(self, keys: Mapping[str, Any], labels: Sequence[str] = ()) -> Kind:
        """Make the kind that a declaration means.

        Args:
            keys: Values of :attr:`keys`.
            labels: The labels, where a field holds some.

        Raises:
            KeyFault: If a value does not fit.
        """
        given = {**keys, **({"labels": tuple(labels)} if self.label_field else {})}
        return self.declared(**given) if self.declared else self.kind(**given)

    def filled(self, kind: Kind, rows: Callable[[], Iterable[Row]]) -> Kind:
        """The kind itself or, where training rows decide its labels, with theirs.

        Args:
            kind: The kind.
            rows: Reads the training rows.
        """
        return self.fill(kind, rows()) if self.fill and not getattr(kind, "labels", ()) else kind


_SPECS: dict[type[Kind], KindSpec] = {}


def register_kind(spec: KindSpec) -> KindSpec:
    """Make a kind known; one of the same class replaces an earlier one.

    Raises:
        XadaptError: If another kind has its name, or it has no metric.
    """
    same = next((known for known in _SPECS.values() if known.name == spec.name and known.kind is not spec.kind), None)
    if same:
        raise XadaptError(f"{same.kind.__qualname__} is a kind called {spec.name} already: give yours another name")
    if not spec.metrics:
        raise XadaptError(f"the kind {spec.name} has no metric: name one in metrics")
    _SPECS[spec.kind] = spec
    return spec


def all_specs() -> tuple[KindSpec, ...]:
    """The specs of all kinds, those of plugins included."""
    importlib.import_module("xadapt.problems")
    load_plugins()
    return tuple(_SPECS.values())


def spec_of(kind: Kind | type[Kind]) -> KindSpec:
    """The spec of a kind.

    Raises:
        XadaptError: If it was not registered.
    """
    wanted = kind if isinstance(kind, type) else type(kind)
    # Whoever has a kind has mostly imported its file.
    if wanted not in _SPECS:
        all_specs()
    if wanted not in _SPECS:
        raise XadaptError(f"{wanted.__qualname__} is no registered kind: call register_kind where it is defined")
    return _SPECS[wanted]


def spec_named(name: str) -> KindSpec:
    """The spec of a kind by its name.

    Raises:
        XadaptError: If there is no such kind; names the nearest one.
    """
    named = {spec.name: spec for spec in all_specs()}
    if name not in named:
        raise unknown("kind", name, named)
    return named[name]
