"""A hub on this machine, a store with a setup to push, and an empty store to pull it into."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from huggingface_hub import HfApi, constants, hf_api
from huggingface_hub.utils import disable_progress_bars, enable_progress_bars, reset_sessions
from safetensors.numpy import save_file

from tests.portable.hub_server import READER, WRITER, StandIn
from xadapt.composition.grammar import parse
from xadapt.context import Context
from xadapt.data.source import Source
from xadapt.portable.hub.index import INDEX
from xadapt.portable.hub.pull import Pulled, pull
from xadapt.portable.hub.push import Pushed, push
from xadapt.store.checkpoints import write_record
from xadapt.store.records import RunRecord
from xadapt.store.seals import DIGEST, sealed
from xadapt.store.store import Store

BASE = SimpleNamespace(name="e5-small", fingerprint="ab" * 32)
REPO = "org/adapters"
TARGET = "stack(fuse(mnli, squad), xnli)"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A hub on this machine, and nobody logged in."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    disable_progress_bars()
    reset_sessions()
    stand_in = StandIn(tmp_path / "hub")
    # The library takes a commit's address for wrong unless it is at the endpoint of the environment.
    name_parts = partial(hf_api.repo_type_and_id_from_hf_id, hub_url=stand_in.endpoint)
    monkeypatch.setattr(hf_api, "repo_type_and_id_from_hf_id", lambda hf_id, hub_url: name_parts(hf_id))
    yield stand_in
    stand_in.close()
    enable_progress_bars()
    reset_sessions()


class Machine:
    """A store with the hub beside it."""

    def __init__(self, hub: StandIn, store: Store) -> None:
        self.hub, self.store = hub, store

    def make(self, setup: str, run: str, value: float = 1.0, config: str = "{}", **changes: Any) -> Path:
        """Write a checkpoint by hand."""
        folder = self.store.run_path(run * 8)
        parts = {"adapter": "adapter/adapter", "head": "heads/mnli/model_head"}
        for number, (name, path) in enumerate(parts.items()):
            file = folder / f"{path}.safetensors"
            file.parent.mkdir(parents=True)
            save_file({name: np.full(64, value + number, dtype=np.float16)}, file)
            (file.parent / f"{name}_config.json").write_text(config if name == "adapter" else "{}")
        record = {
            "run": run * 8,
            "setup": setup,
            "base": {"name": BASE.name, "fingerprint": BASE.fingerprint},
            "heads": ["mnli"],
            "seed": 42,
            "rows": {"mnli": 1200},
            "sources": {"mnli": "nyu-mll/multi_nli"},
            "members": {},
        }
        write_record(folder, RunRecord.of(record | changes, "a test"), f"# {setup}\n")
        return folder

    def push(self, setup: str, repo: str = REPO, token: Any = WRITER, backbone: Any = BASE, **options: Any) -> Pushed:
        api = HfApi(endpoint=self.hub.endpoint, token=token)
        return push(self.context(backbone), parse(setup), repo, api=api, **options)

    def pull(self, repo: str = REPO, setup: str | None = None, token: Any = READER, **options: Any) -> Pulled:
        api = HfApi(endpoint=self.hub.endpoint, token=token)
        return pull(self.context(BASE), repo, parse(setup) if setup else None, api=api, **options)

    def context(self, backbone: Any) -> Context:
        """The store with a base that is only a name and a fingerprint."""
        made = Context(Source("bundled"), self.store)
        vars(made)["backbone"] = backbone
        return made

    def runs(self) -> list[str]:
        """Runs of which anything is in the store."""
        return sorted(path.name for path in (self.store.root / "runs").glob("*"))

    def contents(self, run: str) -> dict[str, bytes]:
        """The files of a run."""
        folder = self.store.run_path(run * 8)
        return {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()}

    def change_record(self, run: str, **changes: Any) -> None:
        """Write another record of a run into the repository, with an index that vouches for it."""
        path = f"runs/{run * 8}/xadapt.json"
        record = {key: value for key, value in json.loads(self.hub.read(REPO, path)).items() if key != DIGEST}
        record = sealed({**record, **changes})
        self.hub.write(REPO, path, json.dumps(record).encode())
        self.change_index(lambda index: index["runs"][run * 8].update(record=self.hub.files(REPO)[path][0]))

    def change_index(self, change: Callable[[Any], Any]) -> None:
        """Write another index into the repository."""
        index = json.loads(self.hub.read(REPO, INDEX))
        change(index)
        self.hub.write(REPO, INDEX, json.dumps(index).encode())


@pytest.fixture
def sender(hub: StandIn, store: Store) -> Machine:
    """A store with mnli, squad, their fusion and xnli on top of it."""
    machine = Machine(hub, store)
    machine.make("mnli", "aa", 1)
    machine.make("squad", "bb", 2, sources={"squad": "rajpurkar/squad (plain_text)"})
    members = {"mnli": "aa" * 8, "squad": "bb" * 8}
    machine.make("fuse(mnli, squad)", "cc", 3, members=members)
    machine.make(TARGET, "dd", 4, members={**members, "fuse(mnli, squad)": "cc" * 8})
    return machine


@pytest.fixture
def receiver(hub: StandIn, tmp_path: Path, store: Store) -> Machine:
    """An empty store on another machine."""
    return Machine(hub, Store(tmp_path / "receiver", shipped=store.shipped))
