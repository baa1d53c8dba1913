"""However a store is damaged: a line and no traceback, nothing silently other than before, and a way to make it whole.

``XADAPT_FUZZ=500`` damages so many stores in the slow test, from the seed ``XADAPT_FUZZ_SEED`` on.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.data.own_files import DECLARED, sentiment, write_csv, write_jsonl
from tests.reliability.damage import KINDS, Damage, damage
from xadapt.cli.main import main
from xadapt.explain.record import explanation_record
from xadapt.store import store as stores
from xadapt.store.cost_record import CostRecord
from xadapt.store.store import Store
from xadapt.training.plan import plan_fusion, plan_target, plan_task

MANY = int(os.environ.get("XADAPT_FUZZ", "120"))
FIRST = int(os.environ.get("XADAPT_FUZZ_SEED", "0"))
PLANS = (
    plan_task("mnli"),
    plan_task("squad"),
    plan_task("stsb"),
    plan_fusion(["mnli", "stsb"]),
    plan_target("xnli", "mnli"),
)
EVALUATED = ("stack(mnli, xnli)", "mnli", "fuse(mnli, stsb)")
RECIPE = """\
name: small
title: A small one
setups: [none, mnli]
targets:
  xnli: {train: {epochs: 1, batch_size: 8, limit: 16, dev_limit: 6, max_length: 48}, limit: 6}
"""
#: What says when something was, how long it took, or how large it is.
TIMES = {"seconds", "changed", "bytes", "left_out"}
#: Characters of an error's line at most.
LONGEST = 1100


@dataclass
class Ground:
    """A whole store, what commands say of it, and the place where it is damaged.

    Attributes:
        lab: A session on the place.
        whole: The whole store.
        place: Where its copies are damaged.
        before: What each command printed for the whole store.
    """

    lab: Any
    whole: Path
    place: Path
    before: dict[str, Any]

    def commands(self) -> dict[str, list[str]]:
        """Commands that read a store, by name."""
        base, store = ["--base", self.lab.backbone.name], ["--store", str(self.place)]
        rows = ["--data", str(self.lab.mirror)]
        recipe = str(self.place.parent / "small.yaml")
        evaluate = ["evaluate", "xnli", "--setup", EVALUATED[0], "--max-length", "48", "--json"]
        return {
            "info": ["info", "--json", *base, *rows, *store],
            "run": ["run", recipe, "--dry-run", *base, *rows, *store],
            "report": ["report", "--json", *store],
            "tested": ["report", *store],
            "list": ["store", "list", "--json", *store],
            "size": ["store", "size", "--json", *store],
            "evaluate": [*evaluate, *base, *rows, *store, "--precision", "fp32", "--device", "cpu"],
        }

    def fresh(self) -> None:
        """Put a whole store in place."""
        if self.place.exists():
            for path in (self.place, *self.place.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755)
            shutil.rmtree(self.place)
        shutil.copytree(self.whole, self.place, copy_function=shutil.copy2)

    def check(self, *options: str) -> tuple[int, Any]:
        """Check the store."""
        code, out, err = run("store", "check", "--json", *options, "--store", str(self.place))
        assert code in (0, 1), err
        return code, json.loads(out)

    def snapshot(self) -> dict[str, Any]:
        """All bits that runs made, by path."""
        store = Store(self.place, self.lab.store.shipped)
        found: dict[str, Any] = {checkpoint.run: checkpoint.record.files for checkpoint in store.checkpoints()}
        found |= {result.run: timeless(result.stored()) for result in store.results()}
        for name in ("predictions", "examples", "tasks"):
            for path in (self.place / name).rglob("*"):
                if path.is_file():
                    found[path.relative_to(self.place).as_posix()] = path.read_bytes()
        return found

    def make_again(self) -> None:
        """What a user would do: the same commands."""
        lab = self.lab.with_store(Store(self.place, self.lab.store.shipped))
        for plan in PLANS:
            lab.train(plan)
        for setup in EVALUATED:
            lab.evaluate(setup, "xnli")
        lab.task(str(self.place.parent / "reviews.yaml"))


def timeless(value: Any) -> Any:
    """JSON without times."""
    if isinstance(value, dict):
        return {key: timeless(inner) for key, inner in value.items() if key not in TIMES}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def built(trained_once: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A session on a store with checkpoints, results, an explanation, times and a declaration."""
    folder = tmp_path_factory.mktemp("ground")
    shutil.copytree(trained_once.store.root, folder / "store", copy_function=shutil.copy2)
    (folder / "small.yaml").write_text(RECIPE)
    (folder / "reviews.yaml").write_text(DECLARED)
    rows = sentiment(18)
    write_csv(folder / "train.csv", rows[:12])
    write_csv(folder / "dev.csv", rows[12:])
    for code in ("xq", "de"):
        write_jsonl(folder / f"test-{code}.jsonl", sentiment(6))
    lab = trained_once.with_store(Store(folder / "store", trained_once.store.shipped))
    for setup in EVALUATED:
        lab.evaluate(setup, "xnli")
    lab.task(str(folder / "reviews.yaml"))
    explained = explanation_record(lab.explain("fuse(mnli, stsb)", "xnli", limit=4, max_length=48))
    explained.model_copy(update={"run": "e" * 16}).write(lab.store.explanation_path("e" * 16))
    facts = {"base": "x", "data": "x", "device": "cpu", "hardware": "x", "threads": 1, "precision": "fp32"}
    CostRecord.of({**facts, "repeats": 1, "tasks": {}}, "made up").write(lab.store.root / "cost.json")
    (folder / "store").rename(folder / "whole")
    return lab


def run(*arguments: str) -> tuple[int, str, str]:
    """Run a command; gives exit code, output and errors."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err, pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    assert isinstance(exit_.value.code, int)
    return exit_.value.code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def ground(built: Any) -> Iterator[Ground]:
    """A whole store to be damaged."""
    place: Path = built.store.root
    made = Ground(built, place.with_name("whole"), place, {})
    made.fresh()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("XADAPT_DEBUG", raising=False)
        patch.setattr(stores, "shipped_folder", lambda: None)
        for name, command in made.commands().items():
            code, out, err = run(*command)
            assert code == 0, err
            made.before[name] = read(name, out)
        yield made


def read(name: str, out: str) -> Any:
    """What a command printed, without times."""
    return timeless(json.loads(out)) if name in ("info", "report", "list", "size", "evaluate") else out


def see_commands(ground: Ground, done: Damage) -> Counter[str]:
    """Run all commands on a damaged store; gives how often each thing happened."""
    seen: Counter[str] = Counter()
    for name, command in ground.commands().items():
        code, out, err = run(*command)
        told = (name, code, err)
        if code:
            lines = err.strip().splitlines()
            assert code in (1, 2), told
            assert [line for line in lines if line.startswith("error: ")] == lines[-1:], told
            assert len(lines[-1]) < LONGEST, told
            assert lines[-1].isprintable(), told
            seen["refused"] += 1
        elif name in ("tested", "run", "size") or read(name, out) == ground.before[name]:
            seen["unchanged"] += 1
        elif "left out" in err:
            seen["noted"] += 1
        else:
            assert done.gone, (told, out)
            seen["gone"] += 1
    return seen


def see(ground: Ground, kind: str, seed: int) -> Counter[str]:
    """Damage a store, look at it, repair it and make again what is gone; gives what happened."""
    ground.fresh()
    bits = ground.snapshot()
    done = damage(ground.place, kind, random.Random(seed))
    # What was found first is what was damaged; commands may mend it.
    code, checked = ground.check()
    if done.found:
        places = [finding["path"] for finding in checked["findings"] if finding["sort"] == "damaged"]
        assert code == 1, checked
        assert any(done.path.startswith(place) or place.startswith(done.path) for place in places), checked
    seen = see_commands(ground, done)
    seen["found" if code else "not found"] += 1
    ground.check("--repair")
    code, checked = ground.check()
    assert code == 0, checked
    ground.make_again()
    again = ground.snapshot()
    assert {path: again.get(path) for path in bits} == bits
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_store_is_refused_or_noted_and_made_whole(ground: Ground, kind: str) -> None:
    for seed in range(3):
        try:
            see(ground, kind, seed)
        except Exception as error:
            raise AssertionError(f"{kind}, seed {seed}") from error


@pytest.mark.slow
def test_many_damaged_stores(ground: Ground) -> None:
    seen: Counter[str] = Counter()
    kinds = list(KINDS)
    for seed in range(FIRST, FIRST + MANY):
        kind = kinds[seed % len(kinds)]
        try:
            seen += see(ground, kind, seed)
        except Exception as error:
            raise AssertionError(f"{kind}, seed {seed}") from error
    print(f"{MANY} damaged stores, seeds from {FIRST}: {dict(seen)}")
