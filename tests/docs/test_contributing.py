"""What CONTRIBUTING and README show to be added is added as it stands, and works."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.mirror_rows import write_parquet
from xadapt import plugins
from xadapt.composition import specs as compositions
from xadapt.composition.grammar import parse
from xadapt.data.mirror_check import check_mirror
from xadapt.methods import registration
from xadapt.metrics import compute, scoring
from xadapt.metrics.examples import make_examples
from xadapt.tasks import catalogue
from xadapt.tasks import specs as kinds
from xadapt.training import run_kinds
from xadapt.training.plan import plan_setup, plan_task

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REGISTRIES = (
    (kinds, "_SPECS"),
    (compositions, "_COMPOSITIONS"),
    (run_kinds, "_KINDS"),
    (registration, "_METHODS"),
    (scoring, "_METRICS"),
)

Add = Callable[[str], ModuleType]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Write the file of a page under its name and import it; what it registers is gone afterwards."""
    kinds.all_specs()
    compositions.compositions()
    run_kinds.revisions()
    for registry, name in REGISTRIES:
        monkeypatch.setattr(registry, name, dict(getattr(registry, name)))
    files = {
        name: text
        for page in ("CONTRIBUTING.md", "README.md")
        for name, text in BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    }

    def written(name: str) -> ModuleType:
        path = tmp_path / Path(name).name
        path.write_text(files[name], encoding="utf-8")
        module = name.removesuffix(".py").replace("/", ".")
        spec = importlib.util.spec_from_file_location(module, path)
        assert spec is not None
        assert spec.loader is not None
        made = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, module, made)
        spec.loader.exec_module(made)
        return made

    return written


def test_the_task_is_checked_trained_and_measured(
    add: Add, lab: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    task = add("weather_task.py").WEATHER
    for config, split in (("en", "train"), ("en", "validation"), ("de", "test"), ("sw", "test")):
        rows = [
            {
                "premise": f"It rains {number} hours.",
                "hypothesis": "It rains.",
                "gold": ("yes", "maybe", "no")[number % 3],
            }
            for number in range(9)
        ]
        write_parquet(lab.mirror / f"someone/weather/{config}/{split}.parquet", rows)
    monkeypatch.setitem(catalogue.SHIPPED, task.name, task)
    assert not check_mirror(lab.mirror, [task]).faults
    made = lab.train(plan_task("weather"))
    result = lab.evaluate("weather", "weather")
    assert (made.setup, list(result.languages), result["sw"].n) == ("weather", ["de", "sw"], 9)


def test_a_task_of_the_kind_is_declared_trained_measured_and_asked(add: Add, lab: Any, tmp_path: Path) -> None:
    add("text_regression.py")
    for name in ("rows", "others"):
        rows = [{"first": f"{number % 5} of 5 {name}", "score": 1 + number % 5} for number in range(15)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    declared = tmp_path / "stars.yaml"
    declared.write_text(
        "name: stars\nproblem: text-regression\nlow: 1\nhigh: 5\ntrain: rows.jsonl\ndev: others.jsonl\n"
        "test: others.jsonl\nlanguages: [de]\n"
    )
    task = lab.task(str(declared))
    assert (task.kind.low, task.kind.high, task.metric) == (1, 5, "correlation")
    lab.train(plan_task("stars", lab.tasks))
    assert lab.evaluate("stars", "stars")["de"].n == 15
    (answer,) = lab.load("stars", "stars").predict([{"first": "2 of 5"}])
    assert isinstance(answer["prediction"], float)


def test_the_metric_scores_and_is_taken_apart(add: Add) -> None:
    add("xadapt/metrics/whole_sentences.py")
    line = re.search(r'"whole_sentences": (_Entry\(.*?\))', (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert line is not None
    scoring._METRICS["whole_sentences"] = eval(line.group(1), {"_Entry": scoring._Entry})
    given, gold = [["A", "B"], ["A", "A"]], [["A", "B"], ["A", "B"]]
    assert compute("whole_sentences", given, gold) == {"whole": 50.0}
    assert make_examples("whole_sentences", given, gold).score() == 50.0


def test_the_composition_is_evaluated(add: Add, trained: Any) -> None:
    add("median.py")
    single = trained.evaluate("mnli", "xnli", "de")
    result = trained.evaluate("median(mnli, squad, stsb)", "xnli", "de")
    assert result.parameters == single.parameters
    assert result["de"].n == single["de"].n


def test_the_kind_of_run_makes_a_checkpoint(add: Add, trained: Any) -> None:
    add("best.py")
    made = trained.train(plan_setup(parse("best(mnli, squad)@xnli")))
    assert (made.record.trains, made.record.heads) == ("best", ["xnli"])
    assert trained.evaluate("best(mnli, squad)@xnli", "xnli", "de")["de"].n > 0


def test_the_adapter_method_is_trained(add: Add, lab: Any) -> None:
    add("scaled.py")
    made = lab.train(plan_task("mnli"), adapter_config="scaled[size=4]", adapter_layers="1")
    assert made.record.settings["adapter_config"] == "scaled[size=4]@1"
    assert lab.evaluate("mnli", "xnli", "de").parameters == 32 * 4 + 4 + 4 * 32 + 32


def test_the_files_that_the_page_names_are_there() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+\.py)`", page))
    assert len(named) > 30
    assert {name for name in named if not ((ROOT / name).is_file() or (ROOT / "xadapt" / name).is_file())} == set()


def test_the_floors_are_those_that_are_held() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = page.split("## The floors")[1].split("```")[1].strip().splitlines()
    held = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("layers = [")[1].split("]")[0]
    floors = [set(re.findall(r"\w+", line)) for line in held.strip().splitlines()]
    assert [set(re.split(r" {3,}", line)[0].split()) for line in drawn] == floors


def test_files_that_a_variable_names_are_imported_when_compositions_and_runs_are_looked_up(
    add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = [add(name).__file__ for name in ("median.py", "best.py")]
    for registry, name in REGISTRIES:
        for own in ("median", "best"):
            getattr(registry, name).pop(own, None)
    for module in ("median", "best"):
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setenv("XADAPT_PLUGINS", ",".join(map(str, named)))
    plugins._load.cache_clear()
    assert str(parse("median(a1, b1, c1)")) == "median(a1, b1, c1)"
    assert run_kinds.run_kind("best").revision == 1
    plugins._load.cache_clear()
