"""A setup goes to the hub in one commit: its checkpoints and their members, an index and a front page."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token

from xadapt.composition.expression import Node, compose
from xadapt.composition.hints import how_to_make, target_hint
from xadapt.composition.specs import composition_of, has_chosen_weights
from xadapt.errors import XadaptError, option
from xadapt.methods.own_methods import CONFIG, KEY
from xadapt.portable.hub.access import LOGIN, connect, fetch, hub_errors
from xadapt.portable.hub.front_page import about, datasets, front_page, public_base
from xadapt.portable.hub.index import INDEX, Entry, Index, Library, PushedCheckpoint, read_index, run_folder
from xadapt.store.checkpoints import RECORD, Checkpoint, verify_checkpoint
from xadapt.store.files import read_json

if TYPE_CHECKING:
    from huggingface_hub.hf_api import CommitOperation, ModelInfo

    from xadapt.context import Context
    from xadapt.store.records import Json

#: What may be in a repository that was made by hand before the first push.
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
    context: Context,
    node: Node,
    repo: str,
    *,
    private: bool = False,
    message: str | None = None,
    revision: str | None = None,
    members: bool = True,
    api: HfApi | None = None,
) -> Pushed:
    """Upload a setup in one commit; what else the repository holds of xadapt stays.

    Args:
        context: The base that the setup was trained on, the store that has its checkpoints, and the seed whose
            checkpoints are preferred.
        node: The setup.
        repo: The repository, ``OWNER/NAME``; made if it is not there.
        private: Whether a new repository is private.
        message: The commit's message.
        revision: The branch, made if it is not there.
        members: Whether to upload the checkpoints that the setup was trained on, too, or only to name them.
        api: The hub, that of the environment when None.

    Raises:
        XadaptError: If a checkpoint is missing or damaged, or the hub does not take it.
        RunFailed: If the hub cannot be reached.
    """
    backbone = context.backbone
    found, runs = _gather(context, node)
    lacking = next((name for name, run in runs.items() if members and run not in found), None)
    if lacking:
        raise XadaptError(
            f"{node} needs {lacking} (run {runs[lacking]}) as it was then, which {context.store.root} does not have: "
            "restore it, or push without members"
        )
    sent = [found[run] for name, run in runs.items() if run in found and (members or name == str(node))]
    for checkpoint in sent:
        verify_checkpoint(checkpoint, backbone.fingerprint, backbone.name)
    entry = Entry(
        setup=str(node),
        base=public_base(backbone.name),
        fingerprint=backbone.fingerprint,
        seed=sent[-1].seed if sent else context.seed,
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
        info = api.model_info(repo, revision=revision)
        if private and not info.private:
            leave = f"leave out {option('private')}"
            raise XadaptError(f"{repo} is there and public: make it private on its page first, or {leave}")
        context.display.say(f"pushing {entry.setup} to {repo}, {len(sent)} of {len(runs)} checkpoints")
        commit = api.create_commit(
            repo,
            _operations(_index_before(api, repo, info), entry, sent, repo),
            commit_message=message or f"Push {entry.setup}",
            revision=revision,
            parent_commit=info.sha,
        )
    return Pushed(repo, f"{api.endpoint}/{repo}", commit.oid, entry, [checkpoint.run for checkpoint in sent])


def _gather(context: Context, node: Node) -> tuple[dict[str, Checkpoint], dict[str, str]]:
    """The checkpoints of a setup that the store has, by run, and the run of each that it needs, by expression."""
    name = str(node)
    if node.kind == "none":
        raise XadaptError("none is the bare base: there is nothing to push")
    if has_chosen_weights(node.kind):
        raise XadaptError(f"{node} is several models and has no weights but theirs: push its members one by one")
    if any(model.run is not None for model in node.models):
        raise XadaptError(f"{node} is several runs of one setup: push each by itself, with {option('seed')}")
    parts = node.children
    if node.kind == "stack" and len(parts) > 2:
        # An adapter in the middle may have been trained on those below it.
        parts = (compose("stack", *parts[:-1]), parts[-1])
    checkpoint = _own(context, node, parts)
    if checkpoint:
        under = dict(checkpoint.record.members) if _needs_members(node) else {}
        weights = checkpoint.record.weights
        there = {
            run: member
            for setup, run in under.items()
            if (member := context.store.by_run(run)) and weights.get(setup, member.digest) == member.digest
        }
        return {**there, checkpoint.run: checkpoint}, {**under, name: checkpoint.run}
    found: dict[str, Checkpoint] = {}
    runs: dict[str, str] = {}
    for part in parts:
        more, needed = _gather(context, part)
        twice = next((setup for setup, run in needed.items() if runs.get(setup, run) != run), None)
        if twice:
            raise XadaptError(f"the parts of {name} need two runs of {twice}: push them one by one")
        found.update(more)
        runs.update(needed)
    return found, runs


def _own(context: Context, node: Node, parts: tuple[Node, ...]) -> Checkpoint | None:
    """A setup's own checkpoint, None for one that is only put together from its parts."""
    store, fingerprint, seed = context.store, context.backbone.fingerprint, context.seed
    found = store.find(str(node), fingerprint, seed)
    if found and found.record.base.fingerprint == fingerprint:
        return found
    if node.kind == "stack" and parts[1].kind == "adapter" and not store.find(str(parts[1]), fingerprint, seed):
        return store.need(str(node), fingerprint, seed, target_hint(parts[1], parts[0], context.tasks))
    return (
        None if _is_put_together(node) else store.need(str(node), fingerprint, seed, how_to_make(node, context.tasks))
    )


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
    pushed = {}
    for checkpoint in sent:
        named = _public_files(checkpoint)
        files.update({f"{run_folder(checkpoint.run)}/{name}": data for name, data in named.items()})
        digest = hashlib.sha256(_bytes(named[RECORD])).hexdigest()
        pushed[checkpoint.run] = PushedCheckpoint(
            record=digest, about=about(checkpoint.record), library=_library(checkpoint), heads=checkpoint.heads
        )
    index = before.pushed(entry, pushed)
    files[INDEX] = _json(index.model_dump())
    files["README.md"] = front_page(index, repo).encode()
    gone = sorted(before.runs.keys() - index.runs.keys())
    return [
        *(CommitOperationDelete(f"{run_folder(run)}/") for run in gone),
        *(CommitOperationAdd(name, data) for name, data in files.items()),
    ]


def _json(value: Json) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _library(checkpoint: Checkpoint) -> Library:
    """What loads a checkpoint's adapter; fusions are all of the adapters library."""
    path = checkpoint.path / "adapter" / CONFIG
    config = read_json(path) if path.is_file() else {}
    return "own" if KEY in config else "peft" if "peft_type" in config else "adapters"


def _public_files(checkpoint: Checkpoint) -> dict[str, Path | bytes]:
    """A checkpoint's files by name, where they say the base's folder with its name alone."""
    path, record = checkpoint.path, checkpoint.record
    files: dict[str, Path | bytes] = {
        name: path / name for name in (*record.files, RECORD, "README.md") if (path / name).is_file()
    }
    name = public_base(record.base.name)
    if name != record.base.name:
        public = record.model_copy(update={"base": record.base.model_copy(update={"name": name})})
        files[RECORD] = _json(public.sealed())
        if "README.md" in files:
            page = _bytes(files["README.md"])
            files["README.md"] = page.replace(f"`{record.base.name}`".encode(), f"`{name}`".encode())
    return files


def _bytes(data: Path | bytes) -> bytes:
    return data if isinstance(data, bytes) else data.read_bytes()


def _index_before(api: HfApi, repo: str, info: ModelInfo) -> Index:
    names = {sibling.rfilename for sibling in info.siblings or ()}
    if INDEX in names:
        with tempfile.TemporaryDirectory() as folder:
            fetch(api, repo, str(info.sha), [INDEX], Path(folder))
            return read_index(Path(folder) / INDEX, repo)
    foreign = sorted(names - set(_EMPTY))
    if foreign:
        raise XadaptError(
            f"{repo} holds something that is not of xadapt, such as {foreign[0]}: name another repository"
        )
    return Index()
