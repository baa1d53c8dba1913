"""A run's hash holds the revision of its kind, and nothing that changes no number."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any, NoReturn

import pytest
import torch

from tests.revisions.inputs import KEPT, MAX_LENGTH, TASKS
from tests.revisions.pinned import Measured, revised_kinds
from tests.revisions.training_numbers import RUNS, context_of
from tests.tiny_lab import SpyDisplay
from xadapt.backbone.base import load_backbone
from xadapt.cli.main import main
from xadapt.composition.answering import answer_with
from xadapt.composition.expression import Node
from xadapt.composition.grammar import parse
from xadapt.composition.kept_answers import answers_space
from xadapt.context import Context
from xadapt.evaluation.evaluate import EvalSettings, evaluate
from xadapt.experiments.fusion_explanations import fusions_explained
from xadapt.experiments.recipe import Recipe
from xadapt.experiments.steps import Replicate
from xadapt.problems import problem_revisions
from xadapt.session import Session
from xadapt.store.checkpoints import Checkpoint
from xadapt.store.store import Store
from xadapt.tasks.specs import spec_named
from xadapt.training import run_kinds
from xadapt.training.settings import make_settings
from xadapt.training.train import train

FUSED = "fuse(mnli, stsb)"
EVALUATED = {f"evaluate {task.kind.name}": task for task in reversed(TASKS.values())}


class Asked(Exception):
    """A run was looked for that is not there; holds its hash."""


class AskedStore(Store):
    """A store in which nothing is made: it tells under which hash a run is looked for."""

    def finished(self, run: str) -> Checkpoint:
        """A training run."""
        return super().finished(run) or self._asked(run)

    def result_path(self, run: str) -> NoReturn:
        """An evaluation."""
        self._asked(run)

    def explanation_path(self, run: str) -> NoReturn:
        """An explanation."""
        self._asked(run)

    def _asked(self, run: str) -> NoReturn:
        raise Asked(run)


def changed(context: Context, **changes: Any) -> Context:
    """The context with other fields, and with other base or device as they are and not as they are named."""
    held = {name: changes.pop(name, getattr(context, name)) for name in ("backbone", "device")}
    other = replace(context, **changes)
    vars(other).update(held)
    return other


@pytest.fixture
def context(measured: Measured) -> Context:
    """The adapters of all kinds of problem beside the kept checkpoints, in a store in which nothing is made."""
    _ = measured["adapter"]
    made = measured.checkpoints["adapter"][0]
    return changed(made, store=AskedStore(made.store.root, shipped=made.store.shipped))


@pytest.fixture(scope="module")
def renamed_base(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same base in a folder of another name, as fields of a context."""
    folder = tmp_path_factory.mktemp("bases") / "the-same"
    shutil.copytree(KEPT / "base", folder)
    return {"base": str(folder), "backbone": load_backbone(str(folder))}


def hash_of(context: Context, name: str) -> str:
    """The hash under which a run of a kind is looked for."""
    try:
        if name == "explain":
            _explain(context)
        elif name in EVALUATED:
            evaluate(context, setup_for(name), EVALUATED[name], settings=EvalSettings(max_length=MAX_LENGTH))
        else:
            plan, settings = RUNS[name][0]
            here = changed(context, pins=context_of(plan, context).pins)
            return train(here, plan, make_settings(**settings)).run
    except Asked as asked:
        return str(asked)
    raise AssertionError(f"{name} was not looked for in the store")


def _explain(context: Context) -> None:
    targets: Any = {"xnli": {"explain": 2, "languages": "en,de", "setups": [FUSED]}}
    recipe = Recipe(name="r", title="R", setups=["mnli", FUSED], ready=[FUSED], targets=targets)
    fused = context.store.find(FUSED, context.backbone.fingerprint)
    assert fused
    fusions_explained(context, recipe, {(Replicate(42), FUSED): fused})


def setup_for(name: str) -> Node:
    """A setup that answers the task of a kind."""
    task = EVALUATED[name]
    return parse(task.name if task.kind.trainable else "none")


def raise_revision(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise the revision of a kind by one."""
    if name == "explain":
        from xadapt.experiments import fusion_explanations

        monkeypatch.setattr(fusion_explanations, "REVISION", fusion_explanations.REVISION + 1)
    elif name in EVALUATED:
        problem = spec_named(name.removeprefix("evaluate ")).problem
        monkeypatch.setattr(problem, "revision", problem.revision + 1)
    else:
        kind = run_kinds.run_kind(name)
        monkeypatch.setitem(run_kinds._KINDS, name, replace(kind, revision=kind.revision + 1))


@pytest.mark.parametrize("name", revised_kinds())
def test_a_raised_revision_makes_another_run(context: Context, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before = hash_of(context, name)
    assert hash_of(context, name) == before
    raise_revision(name, monkeypatch)
    assert hash_of(context, name) != before


@pytest.mark.parametrize("name", revised_kinds())
def test_another_version_of_xadapt_device_display_or_folder_makes_no_other_run(
    context: Context, renamed_base: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = hash_of(context, name)
    for module in ("training.job", "store.versions"):
        monkeypatch.setattr(f"xadapt.{module}.__version__", "99.0")
    other = changed(context, **renamed_base, display=SpyDisplay(), device_name="cuda", device=torch.device("cuda:1"))
    assert other.backbone.name != context.backbone.name
    assert hash_of(other, name) == before


@pytest.mark.parametrize("name", revised_kinds())
def test_other_libraries_make_another_run(context: Context, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before = hash_of(context, name)
    module = {"explain": "experiments.fusion_explanations"}.get(
        name, "evaluation.evaluate" if name in EVALUATED else "training.job"
    )
    monkeypatch.setattr(f"xadapt.{module}.library_versions", lambda: {"torch": "99.0"})
    assert hash_of(context, name) != before


@pytest.mark.parametrize("name", EVALUATED)
def test_the_revision_of_a_problem_is_its_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = problem_revisions()
    raise_revision(name, monkeypatch)
    kind = name.removeprefix("evaluate ")
    assert problem_revisions() == {**before, kind: before[kind] + 1}


def training_hash(context: Context, kind: str) -> str:
    """The hash of training an adapter on the task of a kind."""
    plan, settings = next(run for run in RUNS["adapter"] if run[0].tasks[0].kind.name == kind)
    try:
        return train(context, plan, make_settings(**settings)).run
    except Asked as asked:
        return str(asked)


def test_a_raised_problem_makes_other_trainings_of_its_kind_alone(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = ("pair-regression", "pair-classification")
    before = [training_hash(context, kind) for kind in kinds]
    raise_revision("evaluate pair-regression", monkeypatch)
    after = [training_hash(context, kind) for kind in kinds]
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True]


@pytest.mark.parametrize("name", EVALUATED)
def test_what_a_model_read_is_kept_apart_by_revision(
    context: Context, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    answerer = answer_with(context, setup_for(name), EVALUATED[name], max_length=MAX_LENGTH)

    def space() -> str:
        return answers_space(answerer.parts[0], answerer.assemblies[0], answerer.head, answerer.problem, "fp32")

    before = space()
    raise_revision(name, monkeypatch)
    assert space() != before


def test_info_shows_the_revision_of_every_kind(measured: Measured, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = {name: kind.revision for name, kind in revised_kinds().items()}
    shown = Session.of(measured.context).info().revisions
    assert {name: shown.get(name) for name in wanted} == wanted
    where = ["--base", measured.context.base, "--data", "bundled", "--store", str(measured.context.store.root)]
    with pytest.raises(SystemExit) as caught:
        main(["info", *where])
    assert not caught.value.code
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("revisions: ")]
    listed = line.removeprefix("revisions: ").split(", ")
    assert {f"{name} {number}" for name, number in wanted.items()} <= {*listed}
