"""From a data set's columns and values to the fields and values of a kind."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from xadapt.data.labels import meant, read_label, read_number
from xadapt.data.tag_spelling import check_tags
from xadapt.errors import DataFault
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from xadapt.data.files import RawTable
    from xadapt.tasks import Row, Task
    from xadapt.tasks.task import Column


def column_names(columns: Mapping[str, Column]) -> list[str]:
    """The top-level columns that a mapping needs, each once."""
    names = [name for column in columns.values() for name in ((column,) if isinstance(column, str) else column)]
    return list(dict.fromkeys(name.partition(".")[0] for name in names))


def to_fields(table: RawTable, task: Task, columns: Mapping[str, Column], where: str) -> list[Row]:
    """Rename columns and read values.

    Args:
        table: Rows as their file has them.
        task: The task that they are of.
        columns: Field to column.
        where: What an error names.

    Returns:
        Rows in the kind's fields. Labels are indices, tags are texts, scores are numbers.

    Raises:
        DataFault: If a column is missing, the file's own names of its labels are not the task's, or a tag of a user's
            own file is none of its labels.
    """
    for name in column_names(columns):
        if name not in table.columns:
            raise DataFault(where, f"has no column {name!r} (it has {', '.join(table.columns)}): pull it again", " ")
    optional = {field: column for field, column in task.optional.items() if column in table.columns}
    readers = {field: _reader(field, column, table, task, where) for field, column in columns.items()}
    readers |= {field: _reader(field, column, table, task, where) for field, column in optional.items()}
    return [{field: read(row) for field, read in readers.items()} for row in table.rows]


def _reader(field: str, column: Column, table: RawTable, task: Task, where: str) -> Any:
    if not isinstance(column, str):
        return lambda row: [row.get(name) for name in column]
    top, _, path = column.partition(".")
    form = spec_of(task.kind).field_of(field).form
    names = label_names(table, top, task, where) if form in ("label", "tags") else []
    meaning = task.values.get(field) or {}
    spelled = _spelled(task) if form == "label" else {}
    labels = getattr(task.kind, "labels", ())
    # Labels are few and rows are many; a key has the type because True equals 1.
    known: dict[tuple[type, Hashable], Any] = {}
    tags = check_tags(table, column, labels, where) if form == "tags" and task.own and labels else {}

    def read(row: Row) -> Any:
        value = row.get(top)
        for key in path.split(".") if path else ():
            value = value.get(key) if isinstance(value, dict) else None
        if form == "tags":
            return [_tag(tag, names, tags) for tag in value] if isinstance(value, list) else value
        if form in ("label", "index"):
            if not isinstance(value, Hashable):
                return read_label(value, names, spelled)
            typed = (type(value), value)
            if typed not in known:
                known[typed] = read_label(meant(value, meaning), names, spelled)
            return known[typed]
        if isinstance(value, Hashable):
            value = meaning.get(value, value)
        return read_number(value) if form == "number" else value

    return read


def label_names(table: RawTable, column: str, task: Task, where: str) -> list[str]:
    """What the whole numbers of a label column mean, in the kind's words.

    Returns:
        A label for each number.

    Raises:
        DataFault: If the file names its labels otherwise than the task does.
    """
    named = table.names.get(column)
    if named is None or not getattr(task.kind, "labels", ()):
        return named or list(getattr(task.kind, "labels", ()))
    spelled = _spelled(task)
    strange = [name for name in named if name not in spelled]
    if strange:
        raise DataFault(where, f"column {column} has a label {strange[0]!r}; {task.name} has {', '.join(spelled)}")
    return [spelled[name] for name in named]


def _spelled(task: Task) -> dict[str, str]:
    labels = getattr(task.kind, "labels", ())
    return dict(zip(task.hub_labels or labels, labels, strict=True))


def _tag(tag: Any, names: list[str], meanings: Mapping[str, str]) -> Any:
    if isinstance(tag, str):
        return meanings.get(tag, tag)
    return names[tag] if isinstance(tag, int) and 0 <= tag < len(names) else tag


def values_of(table: RawTable, column: Column) -> Iterator[Any]:
    """What the rows of a file have in a column, which may be a path into a nested one."""
    top, *path = str(column).split(".")
    for row in table.rows:
        value = row.get(top)
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        yield value
