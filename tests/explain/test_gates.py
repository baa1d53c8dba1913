"""What is said of gates: nothing is run, and everything is written that a person or a program asks for."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file

from xadapt.composition.grammar import parse
from xadapt.explain.explanation import explained_part
from xadapt.explain.gates import GateExplanation, explain_gates
from xadapt.reports.gates import gates_table
from xadapt.store.gate_record import GateRecord
from xadapt.tables import Mark
from xadapt.training.plan import plan_gate, plan_task

SETUP = "gate(mnli, stsb)@xnli"


def made_up(gates: list[list[float]], **changes: Any) -> GateExplanation:
    facts: dict[str, Any] = {"layers": ("1", "2"), "base": "tiny", "seed": 42, **changes}
    return GateExplanation(SETUP, SETUP, ("mnli", "stsb"), gates=np.array(gates), **facts)


def test_gates_are_read_without_running_a_model(trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = trained.train(plan_gate(["mnli", "stsb"], "xnli"))
    monkeypatch.setattr("xadapt.composition.builder.bare_model", lambda backbone: pytest.fail("a model was made"))
    found = trained.explain(SETUP, "xnli", "en")
    stored = load_file(made.path / "gates.safetensors")
    assert found.layers == ("1", "2")
    assert found.gates.tolist() == [stored[f"{layer}.output_adapter"].tolist() for layer in (0, 1)]
    assert found.checkpoints[SETUP] == made.run
    assert found.started == made.record.figures.gated.start


def test_places_are_named_from_below_where_a_layer_has_two(trained: Any) -> None:
    for name in ("mnli", "stsb"):
        trained.train(plan_task(name), adapter_config="double_seq_bn", seed=7)
    made = trained.train(plan_gate(["mnli", "stsb"], "xnli"), seed=7)
    found = explain_gates(trained.replace(seed=7).context, parse(SETUP), parse(SETUP))
    assert found.layers == ("1 attention", "1 output", "2 attention", "2 output")
    assert found.gates[0].tolist() == load_file(made.path / "gates.safetensors")["0.mh_adapter"].tolist()


def test_the_member_that_is_used_most_is_that_of_the_largest_gates_of_either_sign() -> None:
    found = made_up([[0.1, -0.9], [0.4, 0.3]], started="none")
    first, second = found.statements
    assert first.startswith("stsb is used most")
    assert "0.60 (mnli 0.25)" in first
    assert "at 1 of 2" in first
    assert "closed" in second
    assert made_up([[0.1, -0.9], [0.4, 0.3]], started="mnli").statements[1].startswith("The gates started at mnli")


def test_the_largest_gate_of_each_layer_is_marked() -> None:
    table = gates_table(made_up([[0.1, -0.9], [0.4, 0.3]]))
    marked = [[Mark.BEST in cell.marks for cell in row[1:]] for row in (*table.rows, *table.below)]
    assert marked == [[False, True], [True, False], [False, True]]


def test_files_hold_every_gate(trained: Any, tmp_path: Path) -> None:
    trained.train(plan_gate(["mnli", "stsb"], "xnli"))
    found = trained.explain(SETUP, "xnli", to=tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "explanation.md",
        "explanation.csv",
        "explanation.json",
        "gates.png",
    }
    record = GateRecord.read(tmp_path / "out/explanation.json")
    assert record.gates == np.round(found.gates, 6).tolist()
    lines = list(csv.DictReader((tmp_path / "out/explanation.csv").read_text().splitlines()))
    assert [(line["layer"], line["member"]) for line in lines] == [(a, b) for a in "12" for b in ("mnli", "stsb")]
    assert [float(line["gate"]) for line in lines] == pytest.approx(found.gates.ravel().tolist())
    assert "![gates](gates.png)" in (tmp_path / "out/explanation.md").read_text()
    assert json.loads(json.dumps(record.stored()))["members"] == ["mnli", "stsb"]


@pytest.mark.parametrize(
    ("setup", "part"),
    [
        ("gate(average(a, b), c)@xnli", "gate(average(a, b), c)@xnli"),
        ("stack(gate(a, b)@xnli, stsb)", "gate(a, b)@xnli"),
        ("stack(average(a, b), fuse(c, d))", "fuse(c, d)"),
    ],
)
def test_gates_are_explained_wherever_they_stand(setup: str, part: str) -> None:
    assert str(explained_part(parse(setup))) == part
