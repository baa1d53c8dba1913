"""A user's own tasks: opened from a YAML file, checked against their rows, kept in the store, known by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xadapt.data.columns import column_names, to_fields, values_of
from xadapt.data.files import RawTable, read_table
from xadapt.data.odd_texts import odd_texts
from xadapt.data.own_labels import unlabelled_note, with_labels
from xadapt.data.own_tags import tag_notes, with_tags
from xadapt.data.own_task_file import Declaration, read_declaration
from xadapt.data.reserved_names import SHIPPED
from xadapt.data.row_checks import check_ids, is_unlabelled, numbered_rows
from xadapt.data.shared_rows import Named, check_dev, test_note
from xadapt.data.text_lines import ending_of
from xadapt.display import Say, unsaid
from xadapt.errors import XadaptError
from xadapt.store.files import atomic_write_bytes, read_text
from xadapt.store.seals import sealed_text, text_fault
from xadapt.tasks.catalogue import Catalogue
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from xadapt.store.store import Store
    from xadapt.tasks import Kind, Row, Task
    from xadapt.yaml_files import YamlFile

#: The forms of what a row without a gold answer lacks.
_GOLD = ("label", "index", "number")
#: How the name of a declaration's file ends.
TASK_FILES = (".yaml", ".yml")


def known_tasks(store: Store) -> Catalogue:
    """The tasks of xadapt and the own tasks that were used with a store; their rows are not looked at.

    A declaration that was damaged or that does not fit its files any more is left out; who asks for it is told why.
    """
    # xadapt may have got a task of that name since; its own one goes first.
    paths = [path for path in store.task_files() if path.stem not in SHIPPED]
    own, faults = store.left_out.whole(paths, kept_task), store.left_out.faults
    return Catalogue(own, {path.stem: faults[path] for path in paths if path in faults})


def kept_task(path: Path) -> Task:
    """Read a declaration that a store keeps.

    Raises:
        XadaptError: If it was changed since, is of another name than its file, or something in it is wrong.
    """
    advice = "give the file that you declared it with again"
    fault = text_fault(read_text(path))
    if fault:
        raise XadaptError(f"{path} {fault}: {advice}")
    task = read_declaration(path)[1].task()
    if task.name != path.stem:
        raise XadaptError(f"{path} declares {task.name}: {advice}")
    return task


def open_task(text: str, store: Store, tasks: Catalogue, say: Say = unsaid) -> Task:
    """Open a task by its name or by the YAML file that declares it.

    A declaration is checked against all its rows and kept in the store, so that later sessions have the task by name.

    Args:
        text: The name of a task, or the path of a ``.yaml`` or ``.yml`` file.
        store: Where declarations are kept.
        tasks: The tasks that are known; a declared one is added.
        say: Called with each note on a declaration's rows.

    Raises:
        XadaptError: If there is no such task, or its declaration or a row is wrong; names file and line.
    """
    if not text.endswith(TASK_FILES):
        return tasks[text]
    declared = declare(Path(text), say)
    task, kept = declared.task(), store.task_path(declared.name)
    content = sealed_text(declared.text()).encode()
    if not kept.is_file() or kept.read_bytes() != content:
        atomic_write_bytes(kept, content)
    tasks.add(task)
    return task


def declare(path: Path, say: Say = unsaid) -> Declaration:
    """Read a declaration and check it against all its rows; labels that it leaves out are taken from its training rows.

    Args:
        path: The declaration.
        say: Called with each note on its rows, such as how many have no label.

    Raises:
        XadaptError: If something in it is wrong or does not fit its files; names file and line.
    """
    file, declared = read_declaration(path)
    train, dev = ([_table(file, declared, part, name) for name in getattr(declared, part)] for part in ("train", "dev"))
    test = _test_tables(file, declared)
    if declared.spec.label_field:
        parts = {"train": train, "dev": dev, "test": test}
        tagged = declared.spec.tagged
        declared = with_tags(file, declared, parts) if tagged else with_labels(file, declared, parts, say)
    task = declared.task()
    notes: dict[str, None] = {}
    checked: dict[str, list[Named]] = {}
    for part, tables in (("train", train), ("dev", dev), ("test", test)):
        for where, table in tables:
            try:
                rows = to_fields(table, task, task.columns, where)
                found = numbered_rows(rows, task.kind, where, own=True, say=say)
            except XadaptError as error:
                raise file.fault([part], error) from None
            said = (*table.notes, *_unlabelled(where, declared, table, rows), *tag_notes(declared, where, table))
            said += (*odd_texts(found, task.kind, where), *_of_kind(found, task.kind, where))
            notes |= dict.fromkeys(said)
            checked.setdefault(part, []).append((where, found))
    for note in notes:
        say(note)
    _compare(file, task.kind, checked, say)
    return declared


def _of_kind(rows: list[tuple[int, Row]], kind: Kind, where: str) -> list[str]:
    return [f"{where}: {note}" for note in spec_of(kind).notes([row for _, row in rows], kind)]


def _compare(file: YamlFile, kind: Kind, rows: dict[str, list[Named]], say: Say) -> None:
    """Check the rows of one part against each other, and those of two parts."""
    train, dev, test = (rows.get(part, []) for part in ("train", "dev", "test"))
    notes = []
    # Ids of training rows tell nothing apart, and a test file is scored by itself.
    for part, scored in (("dev", dev), *(("test", [one]) for one in test)):
        try:
            check_ids(scored, kind)
            notes.append(check_dev(train, dev, kind) if part == "dev" else test_note(train, scored, kind))
        except XadaptError as error:
            raise file.fault([part], error) from None
    for note in filter(None, notes):
        say(note)


def _unlabelled(where: str, declared: Declaration, table: RawTable, rows: list[Row]) -> list[str]:
    """The note on rows without a gold label, if there are some."""
    gold = next((name for name in declared.spec.kind.fields if declared.spec.field_of(name).form in _GOLD), None)
    if gold is None:
        return []
    pairs = zip(values_of(table, declared.column(gold)), rows, strict=True)
    missing = [value for value, row in pairs if is_unlabelled(row)]
    return [unlabelled_note(where, missing, len(rows))] if missing else []


_Named = tuple[str, RawTable]


def _test_tables(file: YamlFile, declared: Declaration) -> list[_Named]:
    if declared.test is None:
        return []
    names = {code: declared.test.replace("{language}", code) for code in declared.languages}
    missing = {code: name for code, name in names.items() if not Path(name).is_file()}
    if missing:
        raise file.fault(["test"], f"no file {next(iter(missing.values()))} (no test rows for {' '.join(missing)})")
    return [_table(file, declared, "test", name) for name in dict.fromkeys(names.values())]


def _table(file: YamlFile, declared: Declaration, part: str, name: str) -> _Named:
    try:
        columns = column_names(declared.task().columns) if declared.spec.tagged else None
        table = read_table(Path(name), columns, declared.spec.tagged)
    except XadaptError as error:
        raise file.fault([part], error) from None
    spec = declared.spec
    if not table.rows:
        raise file.fault([part], f"{name} is empty: there is nothing to learn or measure")
    for field, column in declared.task().columns.items():
        missing = next((top for top in column_names({field: column}) if top not in table.columns), None)
        if missing:
            has = ", ".join(table.columns) or "no column at all"
            header = " in its first line" if ending_of(Path(name)) in (".csv", ".tsv") else ""
            lines = ": a token a line is .tsv or .conll" if spec.tagged and ending_of(Path(name)) == ".csv" else ""
            raise file.fault(["columns", field], f"{name} has no column {missing!r}{header} (it has {has}){lines}")
        if spec.field_of(field).form in ("label", "index") or field in declared.values:
            for number, value in enumerate(values_of(table, column)):
                if isinstance(value, list | dict):
                    what = f"{name}, row {number}: column {column!r} has {type(value).__name__}, not one value"
                    raise file.fault(["columns", field], what)
    return name, table
