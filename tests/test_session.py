"""A session: what a user holds, and all that can be done with it."""

from __future__ import annotations

import doctest
import inspect
import pydoc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import xadapt
from tests.conftest import QUICK
from tests.error_checks import refused
from tests.tiny_lab import SpyDisplay
from xadapt import model
from xadapt.errors import RunFailed, XadaptError
from xadapt.session import Session
from xadapt.store.store import Store

RECIPE = """\
name: small
title: A small experiment
setups: [mnli]
targets:
  xnli:
    train: {epochs: 1, batch_size: 8, limit: 16, dev_limit: 6, max_length: 48}
    limit: 6
"""


@pytest.fixture
def lab(trained: Any) -> Session:
    """A session as a user opens it, on the tiny base with the trained store."""
    given = {"device": "cpu", "precision": "fp32", "display": False}
    return xadapt.Session(trained.backbone.name, str(trained.mirror), trained.store, **given)


@pytest.mark.parametrize("example", [Session, xadapt.load])
def test_the_example_works(example: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = doctest.DocTestFinder(recurse=False).find(example, example.__name__)
    assert doctest.DocTestRunner().run(found) == doctest.TestResults(failed=0, attempted=len(found.examples))


def test_it_trains_fuses_and_evaluates(lab: Session, tmp_path: Path) -> None:
    fresh = lab.replace(store=tmp_path / "fresh")
    quick = {**QUICK, "limit": 16}
    made = [
        fresh.train("mnli", **quick),
        fresh.train("stsb", **quick),
        fresh.fuse("stsb", "mnli", on="xnli", **quick),
        fresh.gate("stsb", "mnli", on="xnli", **quick),
        fresh.multitask("stsb", "mnli", **quick),
        fresh.soup("mnli", "multitask(mnli, stsb)", on="mnli", **quick),
        fresh.train("xnli", on="mnli", **quick),
        fresh.train("xnli", on="mnli", mode="continue", **quick),
        fresh.ensemble("stack(mnli, xnli)", "mnli", on="xnli", **quick),
        fresh.distill("ensemble(mnli, stack(mnli, xnli))", on="xnli", **quick),
    ]
    assert [checkpoint.setup for checkpoint in made] == [
        "mnli",
        "stsb",
        "fuse(mnli, stsb)@xnli",
        "gate(mnli, stsb)@xnli",
        "multitask(mnli, stsb)",
        "greedy_soup(mnli, multitask(mnli, stsb))@mnli",
        "stack(mnli, xnli)",
        "continue(mnli, xnli)",
        "greedy_ensemble(mnli, stack(mnli, xnli))@xnli",
        "distill(ensemble(mnli, stack(mnli, xnli)))@xnli",
    ]
    assert made[0].scores["mnli"].keys() == {"accuracy"}
    result = fresh.evaluate("stack(mnli, xnli)", "xnli", max_length=48)
    assert result.mean == pytest.approx(sum(result[code].score for code in ("de", "en")) / 2)


def test_an_ensemble_gets_a_checkpoint_for_each_of_its_members(lab: Session) -> None:
    setup = "ensemble(mnli, stsb)"
    quick = {**QUICK, "limit": 8}
    made = lab.train_each("xnli", on=setup, **quick)
    assert [checkpoint.setup for checkpoint in made] == ["stack(mnli, xnli)", "stack(stsb, xnli)"]
    with refused(setup, advice="train_each"):
        lab.train("xnli", on=setup, **quick)


def test_a_result_has_scores_by_language_and_a_table(lab: Session) -> None:
    result = lab.evaluate("mnli", "xnli", limit=4)
    assert result.languages.keys() == {"en", "de"}
    assert result["de"].n == 4
    assert 0 <= result["de"].score <= 100
    table = result.to_dataframe()
    assert list(table["language"]) == ["en", "de"]
    assert list(table["accuracy"]) == [result["en"].score, result["de"].score]


@pytest.mark.parametrize("languages", ["de,en", ["de", "en"], ("de", "en")])
def test_languages_are_a_list_or_a_text(lab: Session, languages: Any) -> None:
    assert list(lab.evaluate("mnli", "xnli", languages, limit=4).languages) == ["de", "en"]
    assert list(lab.evaluate("mnli", "xnli", iter(["de"]), limit=4).languages) == ["de"]


def test_rows_of_ones_own_are_predicted_and_a_file_is_too(lab: Session, tmp_path: Path) -> None:
    rows = [{"premise": "Sie liest ein Buch.", "hypothesis": "Jemand liest."}] * 3
    results = lab.predict("mnli", "xnli", rows)
    assert len(results) == 3
    assert results == lab.load("mnli", "xnli").predict(rows)
    file, to = tmp_path / "rows.csv", tmp_path / "out" / "answers.jsonl"
    file.write_text("premise,hypothesis\na,b\nc,d\n")
    done = lab.predict_file("mnli", "xnli", file, to)
    assert (done.setup, done.task, done.rows) == ("mnli", "xnli", 2)
    assert to.read_text().count("\n") == 2


def test_a_recipe_runs_to_a_report(lab: Session, tmp_path: Path) -> None:
    recipe = tmp_path / "small.yaml"
    recipe.write_text(RECIPE)
    ahead = lab.plan(recipe)
    assert [step.done for step in ahead] == [False, False]
    done = lab.run(recipe)
    assert [result.setup for result in done.results] == ["stack(mnli, xnli)"]
    assert done.left == 0
    assert [step.done for step in lab.plan(recipe)] == [True, True]
    report = done.report(tmp_path / "report")
    assert report.path.read_text().startswith("# A small experiment")
    assert (tmp_path / "report" / "report.html").is_file()
    assert [task.task for task in report.comparisons] == ["xnli"]
    # A recipe that was read runs as its file does, and what is done is not done again.
    assert [result.run for result in lab.run(lab.recipe(recipe)).results] == [done.results[0].run]
    again = lab.report(to=tmp_path / "again")
    assert [result.run for result in again.results] == [done.results[0].run]


def test_a_recipes_base_and_data_are_used_unless_the_session_has_its_own(lab: Session, tmp_path: Path) -> None:
    recipe = tmp_path / "small.yaml"
    recipe.write_text(f"{RECIPE}base: {lab.context.base}\ndata: bundled\n")
    assert lab.run(recipe).results[0].data == lab.source.name
    free = Session(store=tmp_path / "free", device="cpu", precision="fp32", display=False)
    recipe.write_text(recipe.read_text().replace("[mnli]", "[none]"))
    (result,) = free.run(recipe).results
    assert (result.data, result.base) == ("bundled", lab.context.base_name)


def test_it_cannot_be_changed(lab: Session) -> None:
    with pytest.raises(AttributeError, match="replace"):
        lab.seed = 43  # type: ignore[misc]
    with pytest.raises(AttributeError):
        lab.something = 1  # type: ignore[attr-defined]
    assert lab.seed == 42


def test_another_one_has_some_arguments_changed(lab: Session, mirror: Path, tmp_path: Path) -> None:
    other = lab.replace(seed=43)
    assert (lab.seed, other.seed) == (42, 43)
    assert other.source is lab.source
    assert other.store is lab.store
    assert (other.context.base, other.precision, str(other.device)) == (lab.context.base, "fp32", "cpu")
    assert other.replace(seed=42, data="bundled").source.name == "bundled"
    assert other.replace(store=tmp_path / "else").store.root == tmp_path / "else"
    assert other.replace(base="e5-small").context.base_name == "e5-small"
    with pytest.raises(TypeError, match="sead"):
        lab.replace(sead=43)


def test_another_one_does_not_look_at_the_environment_again(
    lab: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XADAPT_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setenv("XADAPT_STORE", str(tmp_path / "elsewhere"))
    other = lab.replace(seed=43)
    assert (other.source.name, other.store.root) == (lab.source.name, lab.store.root)


def test_another_one_may_have_another_cache(lab: Session) -> None:
    with refused("'much'", advice="8GB"):
        lab.replace(cache_size="much")
    other = lab.replace(cache_size="1GB")
    assert (other.store.root, other.store.shipped) == (lab.store.root, lab.store.shipped)
    assert other.store.cache.size == 10**9


def test_a_store_has_its_own_size_of_cache(lab: Session, tmp_path: Path) -> None:
    assert Session(store=str(tmp_path), cache_size="2GB").store.cache.size == 2 * 10**9
    for open_it in (Session, lab.replace):
        with refused("cache_size=2GB", advice="Store"):
            open_it(store=Store(tmp_path), cache_size="2GB")


def test_help_shows_every_verb_with_its_arguments() -> None:
    shown = pydoc.plain(pydoc.render_doc(Session))
    verbs = ["train", "fuse", "gate", "evaluate", "predict_file", "explain", "run", "report", "export", "push", "pull"]
    for name in verbs:
        verb = getattr(Session, name)
        assert f" {name}(session: " in shown
        assert {f"{argument}:" for argument in inspect.signature(verb).parameters} <= set(verb.__doc__.split())


def test_it_says_what_it_is_without_looking_at_the_base(tmp_path: Path) -> None:
    made = Session("nowhere/at-all", "bundled", tmp_path / "runs", seed=7, display=False)
    assert repr(made) == f"Session(base='nowhere/at-all', data='bundled', store='{tmp_path / 'runs'}', seed=7)"
    assert not (tmp_path / "runs").exists()


def test_a_session_on_a_context_is_the_same_session(lab: Session) -> None:
    assert Session.of(lab.context).context is lab.context
    assert Session.of(lab.context).replace(seed=1).source is lab.source


def test_a_task_of_ones_own_is_known_to_the_sessions_of_its_store_alone(lab: Session, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("a,b,label\nx,y,neutral\n")
    declared = tmp_path / "mine.yaml"
    declared.write_text(
        "name: my-nli\nproblem: pair-classification\nlabels: [entailment, neutral, contradiction]\n"
        "columns: {first: a, second: b}\ntest: test.csv\n"
    )
    assert lab.evaluate("mnli", str(declared)).task == "my-nli"
    assert lab.task("my-nli") is lab.tasks["my-nli"]
    assert "my-nli" in lab.replace(seed=43).tasks
    assert "my-nli" not in lab.replace(store=tmp_path / "else").tasks


@pytest.mark.parametrize(
    ("call", "subject", "advice"),
    [
        (lambda lab: lab.train("mnli", batch_size=0), "batch_size", "equal to 1"),
        (lambda lab: lab.train("mnli", max_length=4096), "max_length=4096", "128"),
        (lambda lab: lab.train("mnli", batchsize=8), "batchsize", ""),
        (lambda lab: lab.train("mnli", adapter_config="seq_bm"), "adapter_config", ""),
        (lambda lab: lab.train("mnli", adapter_layers="5"), "adapter_layers=5", ""),
        (lambda lab: lab.train("mnli", report_to="tensorbord"), "report_to", "'tensorboard'"),
        (lambda lab: lab.train("xnli", on="mnli", mode="pile"), "mode", "stack"),
        (lambda lab: lab.evaluate("mnli", "xnli", limit=0), "limit", "greater"),
        (lambda lab: lab.evaluate("mnli", "xnli", pool_limit=9), "pool_limit", "pool"),
        (lambda lab: lab.evaluate("mnli", "xnli", layer=1), "layer", "retrieval"),
        (lambda lab: lab.evaluate("mnli", "xnli", []), "languages", "all"),
        (lambda lab: lab.evaluate("mnli", "xnli", ["dee"]), "'dee'", "'de'"),
        (lambda lab: lab.predict_file("mnli", "xnli", "a.csv", "b.xml"), "to=b.xml", ".jsonl or .csv"),
        (lambda lab: lab.replace(seed=-1), "seed=-1", "from 0"),
        (lambda lab: lab.replace(data="nowhere"), "data", "bundled"),
        (lambda lab: lab.replace(precision="bf17").precision, "precision", "'bf16'"),
        (lambda lab: lab.replace(device="tpu").device, "'tpu'", "cuda"),
        (lambda lab: lab.replace(store=__file__), "store=", "folder"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_argument_of_python(
    lab: Session, call: Any, subject: str, advice: str
) -> None:
    with refused(subject, advice=advice) as refusal:
        call(lab)
    assert "--" not in refusal.text


def test_a_display_that_is_switched_off_prints_nothing(
    lab: Session, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "small.yaml"
    recipe.write_text(RECIPE)
    lab.train("mnli", **{**QUICK, "limit": 8})
    lab.evaluate("mnli", "xnli")
    lab.run(recipe).report(tmp_path / "report")
    assert capfd.readouterr() == ("", "")


def test_the_usual_display_is_lines_on_standard_error(lab: Session, capsys: pytest.CaptureFixture[str]) -> None:
    lab.replace(display=True).evaluate("mnli", "xnli")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "uses mnli: run " in shown.err
    assert "xnli mnli: de, " in shown.err


def test_a_display_of_ones_own_is_called(lab: Session) -> None:
    lines: list[str] = []
    parts: list[str] = []
    display = SpyDisplay(say=lines.append, start=lambda part, rows: parts.append(part))
    lab.replace(display=display).evaluate("mnli", "xnli", "de,en")
    assert [line.partition(":")[0] for line in lines] == ["uses mnli"]
    assert parts == ["de", "en"]


def test_what_is_installed_is_listed(lab: Session) -> None:
    facts = lab.info()
    assert facts.base.fingerprint == lab.backbone.fingerprint
    assert {one.setup for one in facts.adapters} >= {"mnli", "squad", "fuse(mnli, stsb)"}
    assert facts.as_json()["store"] == str(lab.store.root)


def test_the_environment_names_store_and_data(monkeypatch: pytest.MonkeyPatch, mirror: Path, tmp_path: Path) -> None:
    monkeypatch.setenv("XADAPT_STORE", str(tmp_path / "mine"))
    monkeypatch.setenv("XADAPT_DATA", str(mirror))
    made = Session()
    assert (made.store.root, made.source.root) == (tmp_path / "mine", mirror)
    assert Session(store=Store(tmp_path / "other"), data="bundled").store.root == tmp_path / "other"


def test_importing_xadapt_imports_no_model_code() -> None:
    code = "import sys, xadapt; sys.exit(bool({'torch', 'xadapt.session', 'xadapt.model'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_opening_a_session_loads_no_model_library() -> None:
    code = (
        "import sys, xadapt; xadapt.Session(data='bundled'); "
        "sys.exit(bool({'torch', 'transformers', 'adapters', 'datasets'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_xadapt_has_no_other_lazy_name() -> None:
    assert (xadapt.Session, xadapt.load) == (Session, model.load)
    assert (xadapt.XadaptError, xadapt.RunFailed) == (XadaptError, RunFailed)
    with pytest.raises(AttributeError, match="laod"):
        xadapt.laod  # noqa: B018
