"""An adapter comes into the store: AdapterHub's, peft's, or all of a setup that xadapt exported."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xadapt.composition.builder import layer_name
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError, option, quoted
from xadapt.portable.export_record import RECORD, ExportRecord
from xadapt.portable.exported_parts import exported_parts
from xadapt.portable.foreign_files import own_file, read_config
from xadapt.portable.found_adapters import find_adapter
from xadapt.portable.hub.plain_adapter import fetched_adapter, is_repository
from xadapt.portable.import_checkpoint import Incoming, import_checkpoint
from xadapt.portable.named_base import check_exported_base, check_named_base
from xadapt.problems import problem_class
from xadapt.store.checkpoints import Checkpoint, open_checkpoint
from xadapt.store.files import atomic_folder, inside
from xadapt.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xadapt.context import Context
    from xadapt.tasks import Task


@dataclass(frozen=True)
class ImportOptions:
    """What a user says about what comes in.

    Attributes:
        name: The name that setups will call it by; None for the task's adapter, or that of the export.
        labels: What the outputs of the head mean, in their order, if its own names do not say.
        subfolder: Where the adapter is in a folder of several.
        force_base: Whether an adapter is taken that names another base of the same sizes.
    """

    name: str | None = None
    labels: Sequence[str] = ()
    subfolder: str | None = None
    force_base: bool = False


def import_adapter(
    context: Context, folder: Path, task: Task | None, options: ImportOptions | None = None
) -> list[Checkpoint]:
    """Make checkpoints of what another library, or an export, left in a folder.

    Args:
        context: The base that it was trained on, the store it goes to, and the seed that it is filed under.
        folder: An adapter in AdapterHub's or peft's layout, or an export of xadapt for the adapters library.
        task: The task that it was trained for; None for an export, whose heads say it.
        options: What else is said about it.

    Returns:
        The checkpoints, members before what was trained on them.

    Raises:
        XadaptError: If there is no adapter, or it does not fit the base or the task.
    """
    options = options or ImportOptions()
    called = parse(options.name) if options.name else None
    if called and called.kind != "adapter":
        raise XadaptError(f"{option('name', options.name)} is an expression: an adapter has one name, such as my-nli")
    folder = _within(folder, options.subfolder)
    path = own_file(folder, RECORD) if folder.is_dir() else None
    record = ExportRecord.of(read_config(path), path) if path else None
    if record and record.form == "adapterhub":
        note = check_exported_base(folder, record.base, context.backbone, options.force_base)
        incoming = exported_parts(folder, record, task, called)
    else:
        if task is None:
            raise XadaptError(f"{option('task')} is needed: nothing else says what the adapter was trained for")
        found, heads = find_adapter(folder), {task.adapter: None} if problem_class(task).needs_head else {}
        note = (
            check_exported_base(folder, record.base, context.backbone, options.force_base)
            if record
            else check_named_base(found, context.backbone, options.force_base)
        )
        setup, base = called or parse(task.adapter), record.base.name if record else ""
        incoming = [Incoming(setup, {layer_name(setup): found}, heads=dict(heads), labels=options.labels, base=base)]
    if note:
        context.display.say(f"{folder}: {note}")
    return _stored(context, sorted(incoming, key=lambda one: len(list(one.setup.walk()))))


def _stored(context: Context, incoming: list[Incoming]) -> list[Checkpoint]:
    """Make all checkpoints, and only then put them into the store, so that none is left behind by what is refused."""
    store = context.store
    with tempfile.TemporaryDirectory() as temporary:
        staged, made = replace(context, store=Store(temporary, shipped=Path(temporary))), list[Checkpoint]()
        for one in incoming:
            made.append(import_checkpoint(staged, one, made))
        for checkpoint in made:
            if store.finished(checkpoint.run) is None:
                with atomic_folder(store.run_path(checkpoint.run)) as folder:
                    shutil.copytree(checkpoint.path, folder, dirs_exist_ok=True)
    return [open_checkpoint(store.run_path(checkpoint.run)) for checkpoint in made]


@contextmanager
def locate(
    context: Context, named: Path | str, subfolder: str | None = None, revision: str | None = None
) -> Iterator[Path]:
    """A folder or, for the name of a repository of the hub, one that has its files while the block runs.

    Args:
        context: The store that files of the hub lie under.
        named: A folder or ``OWNER/NAME``; a folder that is there goes first.
        subfolder: What is wanted of a repository.
        revision: A branch, tag or commit of a repository.

    Raises:
        XadaptError: If a revision is given for a folder, or the repository has no adapter.
        RunFailed: If the hub cannot be reached.
    """
    if Path(named).exists() or not is_repository(str(named)):
        if revision is not None:
            raise XadaptError(f"{option('revision', revision)} is for a repository of the hub, and {named} is none")
        yield Path(named)
        return
    with fetched_adapter(context, str(named), subfolder, revision) as folder:
        yield folder


def _within(folder: Path, subfolder: str | None) -> Path:
    """A folder inside of another one.

    Raises:
        XadaptError: If it is not inside.
    """
    if subfolder is None:
        return folder
    found = inside(folder, subfolder)
    if not found.is_dir():
        raise XadaptError(f"{folder} has no folder {quoted(subfolder)}: {option('subfolder')} names one inside of it")
    return found
