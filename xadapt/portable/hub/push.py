"""A setup goes to the hub: its checkpoints and those it stands on, an index and a front page, in one commit."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.hf_api import CommitOperation

from xadapt.composition.expression import Node, compose
from xadapt.composition.hints import how_to_make, target_hint
from xadapt.composition.specs import composition_of
from xadapt.errors import XadaptError
from xadapt.portable.hub.access import LOGIN, connect, fetch, hub_errors
from xadapt.portable.hub.layout import (
    INDEX,
    Entry,
    Index,
    Part,
    about,
    datasets,
    front_page,
    public_base,
    read_index,
    run_folder,
)
from xadapt.store.checkpoints import RECORD, Checkpoint, verify_checkpoint

if TYPE_CHECKING:
    from xadapt.backbone.base import Backbone
    from xadapt.store.store import Store

#: What may stand in a repository that was made by hand before the first push.
_EMPTY = (".gitattributes", "README.md", "LICENSE")


@dataclass(frozen=True)
class Pushed:
    """What was pushed.

    Attributes:
        repo: The repository, with its owner.
        url: Its page.
        revision: The commit.
        entry: The setup's entry in the index.
        sent: Runs of the checkpoints that went with it.
    """

    repo: str
    url: str
    revision: str
    entry: Entry
    sent: list[str]


def push(
    node: Node,
    repo: str,
    backbone: Backbone,
    store: Store,
    seed: int = 42,
    *,
    private: bool = False,
    message: str | None = None,
    revision: str | None = None,
    members: bool = True,
    api: HfApi | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> Pushed:
    """Upload a setup in one commit; what else the repository holds of xadapt stays.

    Args:
        node: The setup.
        repo: The repository, ``OWNER/NAME``; made if it is not there.
        backbone: The base the setup was trained on.
        store: Where its checkpoints are.
        seed: The seed whose checkpoints are preferred.
        private: Whether a new repository is private.
        message: The commit's message.
        revision: The branch, made if it is not there.
        members: Whether to upload the checkpoints that the setup stands on, too, or only to name them.
        api: The hub, that of the environment when None.
        tell: Told what is about to happen.

    Raises:
        XadaptError: If a checkpoint is missing or damaged, or the hub does not take it.
        RunFailed: If the hub cannot be reached.
    """
    found, runs = _gather(node, backbone, store, seed)
    lacking = next((name for name, run in runs.items() if members and run not in found), None)
    if lacking:
        raise XadaptError(
            f"{node} stands on {lacking} (run {runs[lacking]}), which {store.root} does not have as it was then: "
            "restore it, or push without members"
        )
    sent = [found[run] for name, run in runs.items() if run in found and (members or name == str(node))]
    for checkpoint in sent:
        verify_checkpoint(checkpoint, backbone.fingerprint, backbone.name)
    entry = Entry(
        setup=str(node),
        base=public_base(backbone.name),
        fingerprint=backbone.fingerprint,
        seed=sent[-1].seed if sent else seed,
        datasets=sorted({name for checkpoint in found.values() for name in datasets(checkpoint.record)}),
        runs=runs,
    )
    api = api or connect()
    if not (api.token or get_token()):
        raise XadaptError(f"the hub takes nothing without a token: {LOGIN}; the token must be allowed to write")
    with hub_errors(api, repo, revision):
        repo = api.create_repo(repo, private=private or None, exist_ok=True).repo_id
        if revision:
            api.create_branch(repo, branch=revision, exist_ok=True)
        info = api.repo_info(repo, revision=revision)
        if private and not info.private:
            raise XadaptError(f"{repo} is there and public: make it private on its page first, or leave out --private")
        tell(f"pushing {entry.setup} to {repo}, {len(sent)} of {len(runs)} checkpoints")
        commit = api.create_commit(
            repo,
            _operations(_index_before(api, repo, info), entry, sent, repo),
            commit_message=message or f"Push {entry.setup}",
            revision=revision,
            parent_commit=info.sha,
        )
    return Pushed(repo, f"{api.endpoint}/{repo}", commit.oid, entry, [checkpoint.run for checkpoint in sent])


def _gather(node: Node, backbone: Backbone, store: Store, seed: int) -> tuple[dict[str, Checkpoint], dict[str, str]]:
    """The checkpoints of a setup that the store has, by run, and the run of each that it needs, by expression."""
    name = str(node)
    if node.kind == "none":
        raise XadaptError("none is the bare base: there is nothing to push")
    parts = node.children
    if node.kind == "stack" and len(parts) > 2:
        # An adapter in the middle may have been trained on those below it.
        parts = (compose("stack", *parts[:-1]), parts[-1])
    checkpoint = _own(node, parts, backbone.fingerprint, store, seed)
    if checkpoint:
        under = dict(checkpoint.record.get("members", {})) if _needs_members(node) else {}
        weights = checkpoint.record.get("weights", {})
        there = {
            run: member
            for setup, run in under.items()
            if (member := store.by_run(run)) and weights.get(setup, member.digest) == member.digest
        }
        return {**there, checkpoint.run: checkpoint}, {**under, name: checkpoint.run}
    found: dict[str, Checkpoint] = {}
    runs: dict[str, str] = {}
    for part in parts:
        more, needed = _gather(part, backbone, store, seed)
        twice = next((setup for setup, run in needed.items() if runs.get(setup, run) != run), None)
        if twice:
            raise XadaptError(f"the parts of {name} stand on two runs of {twice}: push them one by one")
        found.update(more)
        runs.update(needed)
    return found, runs


def _own(node: Node, parts: tuple[Node, ...], fingerprint: str, store: Store, seed: int) -> Checkpoint | None:
    """A setup's own checkpoint, None for one that is only put together from its parts."""
    found = store.find(str(node), fingerprint, seed)
    if found and found.record["base"]["fingerprint"] == fingerprint:
        return found
    if node.kind == "stack" and parts[1].kind == "adapter" and not store.find(str(parts[1]), fingerprint, seed):
        return store.need(str(node), fingerprint, seed, target_hint(parts[1], parts[0]))
    return None if _is_put_together(node) else store.need(str(node), fingerprint, seed, how_to_make(node))


def _needs_members(node: Node) -> bool:
    """Whether its checkpoint is only right on those that it was trained on; others are whole by themselves."""
    spec = composition_of(node.kind)
    return spec is not None and spec.needs_members


def _is_put_together(node: Node) -> bool:
    """Whether a setup is put together from its members without training anything."""
    spec = composition_of(node.kind)
    return spec is not None and spec.trained is None and not spec.opaque


def _operations(before: Index, entry: Entry, sent: list[Checkpoint], repo: str) -> list[CommitOperation]:
    files: dict[str, Path | bytes] = {}
    parts = {}
    for checkpoint in sent:
        named = _public_files(checkpoint)
        files.update({f"{run_folder(checkpoint.run)}/{name}": data for name, data in named.items()})
        digest = hashlib.sha256(_bytes(named[RECORD])).hexdigest()
        parts[checkpoint.run] = Part(record=digest, about=about(checkpoint.record))
    index = before.pushed(entry, parts)
    files[INDEX] = _json(index.model_dump())
    files["README.md"] = front_page(index, repo).encode()
    gone = sorted(before.runs.keys() - index.runs.keys())
    return [
        *(CommitOperationDelete(f"{run_folder(run)}/") for run in gone),
        *(CommitOperationAdd(name, data) for name, data in files.items()),
    ]


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _public_files(checkpoint: Checkpoint) -> dict[str, Path | bytes]:
    """A checkpoint's files by name, where they say the base's folder with its name alone."""
    path, base = checkpoint.path, checkpoint.record.base
    files: dict[str, Path | bytes] = {
        name: path / name for name in (*checkpoint.record.files, RECORD, "README.md") if (path / name).is_file()
    }
    name = public_base(base.name)
    if name != base.name:
        record = checkpoint.record.model_copy(update={"base": base.model_copy(update={"name": name})})
        files[RECORD] = _json(record.stored())
        if "README.md" in files:
            files["README.md"] = _bytes(files["README.md"]).replace(f"`{base.name}`".encode(), f"`{name}`".encode())
    return files


def _bytes(data: Path | bytes) -> bytes:
    return data if isinstance(data, bytes) else data.read_bytes()


def _index_before(api: HfApi, repo: str, info: Any) -> Index:
    names = {sibling.rfilename for sibling in info.siblings or ()}
    if INDEX in names:
        with tempfile.TemporaryDirectory() as folder:
            fetch(api, repo, info.sha, [INDEX], Path(folder))
            return read_index(Path(folder) / INDEX, repo)
    foreign = sorted(names - set(_EMPTY))
    if foreign:
        raise XadaptError(
            f"{repo} holds something that is not of xadapt, such as {foreign[0]}: name another repository"
        )
    return Index()
