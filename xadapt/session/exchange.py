"""The verbs of a session by which adapters leave and enter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xadapt.portable.export import Export
    from xadapt.portable.hub.pull import Pulled
    from xadapt.portable.hub.push import Pushed
    from xadapt.session.session import Session
    from xadapt.store.checkpoints import Checkpoint


def export(
    session: Session,
    setup: str,
    to: Path | str,
    form: str,
    task: str | None = None,
    precision: str | None = None,
    with_base: bool = False,
) -> Export:
    """Write a setup for another library, load it there and compare.

    Args:
        session: The session.
        setup: The setup.
        to: The folder: new, empty, or an earlier export.
        form: ``adapterhub``, ``peft`` or ``merged``.
        task: The task whose head is written; None for all heads, of ``merged`` for the outermost.
        precision: ``fp16`` or ``fp32``, of the files; None for ``fp16``, of ``merged`` for ``fp32``.
        with_base: Whether the base is written beside it, in the format of transformers.
    """
    from xadapt.composition.grammar import parse
    from xadapt.portable.export import export as export_setup

    target = session.task(task) if task else None
    return export_setup(session.context, parse(setup), Path(to), form, target, precision, with_base)


def import_adapter(
    session: Session,
    folder: Path | str,
    task: str | None = None,
    name: str | None = None,
    labels: Iterable[str] = (),
    *,
    subfolder: str | None = None,
    force_base: bool = False,
    revision: str | None = None,
) -> list[Checkpoint]:
    """Import an adapter of AdapterHub or peft, or an export, into the store.

    Args:
        session: The session.
        folder: What was downloaded or exported, or the name of a repository on the hub, ``OWNER/NAME``; safetensors
            only.
        task: The task that it was trained for; None where an export says it.
        name: What setups will call it; None for the task's name.
        labels: What the head's outputs mean, in order, if its own names do not say.
        subfolder: Where the adapter is in a folder or repository of several.
        force_base: Take an adapter that names another base of the same sizes.
        revision: A branch, tag or commit of a repository; None for ``main``.
    """
    from xadapt.portable.import_adapter import ImportOptions, locate
    from xadapt.portable.import_adapter import import_adapter as import_folder

    target = session.task(task) if task else None
    options = ImportOptions(name, list(labels), subfolder, force_base)
    with locate(session.context, folder, subfolder, revision) as found:
        return import_folder(session.context, found, target, options)


def push(
    session: Session,
    setup: str,
    repo: str,
    *,
    private: bool = False,
    message: str | None = None,
    revision: str | None = None,
    members: bool = True,
) -> Pushed:
    """Push a setup to the Hugging Face hub, in one commit; needs a token that may write.

    Args:
        session: The session.
        setup: The setup.
        repo: The repository, ``OWNER/NAME``.
        private: Whether a new repository is private.
        message: The commit's message; None for one that names the setup.
        revision: The branch, which is made if need be; None for ``main``.
        members: Whether the checkpoints below it are uploaded, too.
    """
    from xadapt.composition.grammar import parse
    from xadapt.portable.hub.push import push as push_setup

    node = parse(setup)
    return push_setup(session.context, node, repo, private=private, message=message, revision=revision, members=members)


def pull(session: Session, repo: str, setup: str | None = None, revision: str | None = None) -> Pulled:
    """Pull setups that were pushed with xadapt into the store.

    Args:
        session: The session.
        repo: The repository, ``OWNER/NAME``.
        setup: One of its setups; None for all.
        revision: A branch, tag or commit; None for ``main``.
    """
    from xadapt.composition.grammar import parse
    from xadapt.portable.hub.pull import pull as pull_setups

    node = parse(setup) if setup else None
    return pull_setups(session.context, repo, node, revision=revision)
