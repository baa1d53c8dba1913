"""A user's own task as a YAML file: what may be in it, what is assumed, and the task that comes of it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from xadapt.data.reserved_names import name_fault
from xadapt.errors import quoted, unknown
from xadapt.tasks import Kind, Rows, Task
from xadapt.tasks.specs import KeyFault, KindSpec, all_specs, spec_named
from xadapt.yaml_files import YamlFile, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xadapt.store.records import Json
    from xadapt.tasks.task import Column

_CODE = re.compile(r"[A-Za-z0-9][\w-]*")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")

Listed = Annotated[list[str], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)]


class Declaration(BaseModel):
    """A user's own task; what a kind has beside it is a field of the class that :func:`declaration_class` makes.

    Attributes:
        name: Names its adapter, its head and its results.
        problem: What is predicted: the name of a kind.
        labels: Labels or tags; None until the training rows decided.
        columns: The problem's fields to the columns of the files, where they are not the same.
        values: By field, what the values of the files mean.
        train: Files with training rows.
        dev: Files with the rows that choose checkpoints.
        test: File with test rows, ``{language}`` in its name where there are several.
        languages: Codes of the languages with test rows.
        metric: The official metric.
        source: Where the data come from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    problem: str
    labels: Listed | None = None
    columns: dict[str, Listed] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    train: Listed = Field(default_factory=list)
    dev: Listed = Field(default_factory=list)
    test: str | None = None
    languages: Listed = Field(default_factory=lambda: ["en"])
    metric: str = ""
    source: str = ""

    @property
    def spec(self) -> KindSpec:
        """The spec of its kind."""
        return spec_named(self.problem)

    def column(self, field: str) -> Column:
        """The column or columns of a field."""
        columns = self.columns.get(field, [field])
        return columns[0] if len(columns) == 1 else tuple(columns)

    def task(self) -> Task:
        """The task that is declared."""
        kind = self.kind()
        there = (*kind.fields, *kind.optional)
        found = [field for field in there if self.spec.field_of(field).found and field not in self.columns]
        fields = [*kind.fields, *(field for field in kind.optional if field in self.columns)]
        return Task(
            name=self.name,
            kind=kind,
            metric=self.metric or self.spec.metric(kind),
            source=self.source,
            columns={field: self.column(field) for field in fields if field not in found},
            optional={field: field for field in found},
            values={
                field: {form: meaning for text, meaning in meanings.items() for form in forms(text)}
                for field, meanings in self.values.items()
            },
            train=tuple(_rows(name) for name in self.train) or None,
            dev=tuple(_rows(name) for name in self.dev) or None,
            test=_rows(self.test, pattern=True) if self.test else None,
            languages=tuple(self.languages),
        )

    def text(self) -> str:
        """The declaration as YAML."""
        given = self.model_dump(mode="json", exclude_unset=True)
        given = {key: value for key, value in given.items() if value is not None and value not in ("", [], {})}
        # What a kind has for itself is written before the source.
        last = {key: given.pop(key) for key in ("source",) if key in given}
        return str(yaml.safe_dump({**given, **last}, sort_keys=False, allow_unicode=True))

    def kind(self) -> Kind:
        """The kind that is declared.

        Raises:
            KeyFault: If what the kind has for itself does not fit.
        """
        return self.spec.make({key: getattr(self, key) for key in self.spec.keys}, self.labels or ())


def declaration_class(problem: object) -> type[Declaration]:
    """The class of declarations with the keys of all kinds, where two have the same that of the problem's own kind."""
    specs = sorted((spec for spec in all_specs() if spec.declarable), key=lambda spec: spec.name == problem)
    keys: Json = {key: value for spec in specs for key, value in spec.keys.items()}
    return create_model("Declaration", __base__=Declaration, **keys)


def forms(text: str) -> Iterator[str | bool | float]:
    """A value as YAML and csv write it, and as jsonl and parquet may hold it."""
    yield text
    if text.lower() in ("true", "false"):
        yield text.lower() == "true"
    elif _NUMBER.fullmatch(text):
        yield float(text)


def _rows(name: str, pattern: bool = False) -> Rows:
    # The path is a template; every other bracket in it means itself.
    template = name.replace("{", "{{").replace("}", "}}")
    return Rows(Path(name).name, path=template.replace("{{language}}", "{language}") if pattern else template)


def read_declaration(path: Path) -> tuple[YamlFile, Declaration]:
    """Read a declaration and check all that can be seen without its rows; file names become absolute.

    Raises:
        XadaptError: If something in it is wrong; names file and line.
    """
    wanted = "a task is a mapping with name, problem, train and dev"
    # The labels true and 1 are texts.
    file = read_yaml(path, wanted, texts=True)
    given = {key: value for key, value in file.content.items() if value != ""}
    problem, problems = given.get("problem"), [spec.name for spec in all_specs() if spec.declarable]
    if isinstance(problem, str) and problem not in problems:
        # An unknown problem explains unknown keys.
        raise file.fault(["problem"], unknown("value", problem, problems))
    declared = file.validated(declaration_class(problem), given)
    fault = name_fault(declared.name)
    if fault:
        raise file.fault(["name"], fault)
    _check_fitting(file, declared)
    _check_fields(file, declared)
    _check_files(file, declared)
    folder = Path.cwd() / path.parent
    absolute = {part: [_absolute(folder, name) for name in getattr(declared, part)] for part in ("train", "dev")}
    test = _absolute(folder, declared.test) if declared.test else None
    return file, declared.model_copy(update={**absolute, "test": test})


def _absolute(folder: Path, name: str) -> str:
    # Not resolved: a link is called what the user called it.
    return os.path.normpath(folder / Path(name).expanduser())


def _check_fitting(file: YamlFile, declared: Declaration) -> None:
    spec = declared.spec
    own = {key: [other.name for other in all_specs() if key in _keys(other)] for key in file.content}
    for key, problems in own.items():
        if problems and declared.problem not in problems:
            raise file.fault([key], f"{declared.problem} has none; it is for {', '.join(problems)}")
    if declared.metric and declared.metric not in spec.metrics:
        raise file.fault(["metric"], f"{unknown('metric', declared.metric, spec.metrics)} ({declared.problem})")
    try:
        kind = declared.kind()
    except KeyFault as error:
        raise file.fault([error.key], error) from None
    if declared.labels is not None:
        check_labels(file, declared, declared.labels)
    elif fault := spec.metric_fault(kind, declared.metric):
        raise file.fault(["metric"], fault)


def _keys(spec: KindSpec) -> list[str]:
    """The keys that hold for a kind only."""
    return [*(["labels"] if spec.label_field else []), *spec.keys] if spec.declarable else []


def check_labels(file: YamlFile, declared: Declaration, labels: list[str]) -> None:
    """Check that labels are two or more, none twice, and fit the metric.

    Raises:
        XadaptError: If they are not; names file and line.
    """
    twice = [label for number, label in enumerate(labels) if label in labels[:number]]
    if twice or "" in labels or len(labels) < 2:
        few = "one is not enough" if labels else "there is none"
        fault = f"{twice[0]!r} is there twice" if twice else "one is empty" if "" in labels else few
        got = f" (got {', '.join(map(repr, labels))})" if labels else ""
        raise file.fault(["labels"], f"{fault}: give two or more, each once{got}")
    kind = declared.model_copy(update={"labels": labels}).kind()
    if unfit := declared.spec.metric_fault(kind, declared.metric):
        raise file.fault(["metric"], unfit)


def _check_fields(file: YamlFile, declared: Declaration) -> None:
    spec = declared.spec
    fields = (*spec.kind.fields, *spec.kind.optional)
    for field, columns in declared.columns.items():
        if field not in fields:
            raise file.fault(["columns", field], f"{unknown('field', field, fields)} ({declared.problem})")
        parts = spec.field_of(field).parts
        if not columns or "" in columns or (len(columns) > 1 and spec.field_of(field).form != "texts" and not parts):
            raise file.fault(
                ["columns", field], "name one column" + " or more" * (spec.field_of(field).form == "texts")
            )
        if parts and len(columns) not in (1, len(parts)):
            raise file.fault(["columns", field], f"name one column, or {len(parts)}: {', '.join(parts)}")
    _check_columns(file, declared, [field for field in fields if field in (*spec.kind.fields, *declared.columns)])
    scalars = [field for field in fields if spec.field_of(field).single]
    for field, meanings in declared.values.items():
        if field not in scalars:
            raise file.fault(["values", field], unknown("field with values", field, scalars))
        for text, meaning in meanings.items():
            # -1 says that there is no label.
            known = [*(declared.labels or ()), "-1"]
            if spec.field_of(field).form == "label" and declared.labels and meaning not in known:
                raise file.fault(["values", field, text], unknown("label", meaning, declared.labels))


def _check_columns(file: YamlFile, declared: Declaration, fields: list[str]) -> None:
    """Check that no column is read as two fields, such as a label that is also its text."""
    owners: dict[str, str] = {}
    for field in fields:
        if declared.spec.field_of(field).form == "id":
            continue
        column = declared.column(field)
        for name in (column,) if isinstance(column, str) else column:
            other = owners.setdefault(name, field)
            if other != field:
                at = field if field in declared.columns else other
                raise file.fault(["columns", at], f"column {quoted(name)} is both {other} and {field}: name another")


def _check_files(file: YamlFile, declared: Declaration) -> None:
    if not declared.train and declared.test is None:
        raise file.fault(["train"], "it is missing: name files with training and dev rows, or test rows alone")
    if declared.train and not declared.dev:
        raise file.fault(
            ["dev"], "it is missing: name a file of rows that choose the checkpoint; train must not hold them"
        )
    if not declared.train and declared.spec.label_field and declared.labels is None:
        raise file.fault(["labels"], "they are missing, and there are no training rows to take them from")
    for number, code in enumerate(declared.languages):
        if not _CODE.fullmatch(code):
            raise file.fault(["languages", number], f"{code!r} is no code of a language, such as de, sw or xx")
        if code == "all":
            raise file.fault(["languages", number], "'all' stands for every language: name them by their codes")
        if code in declared.languages[:number]:
            raise file.fault(["languages", number], f"{code!r} is there twice: keep one")
    if declared.test is None:
        if "languages" in file.content:
            raise file.fault(["languages"], "they are of test rows, and test is missing: name its files")
    elif "{language}" not in declared.test and len(declared.languages) > 1:
        raise file.fault(
            ["test"],
            f"one file for {len(declared.languages)} languages: write {{language}} where its name has the code",
        )
    elif "{language}" in declared.test and "languages" not in file.content:
        raise file.fault(["languages"], "they are missing: say which codes test's {language} is")
