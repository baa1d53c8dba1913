"""A recipe may give setups short names, write others with them, and add setups of a target to those of all."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.error_checks import refused
from tests.experiments.test_complete import TRAIN, lines, recipe
from tests.experiments.test_foresight import TEXT, look

NAMES = {"both": "ensemble(continue(mnli, target), continue(stsb, target))", "pupil": "distill(both)@target"}
WHOLE = "ensemble(continue(mnli, target), continue(stsb, target))"


def test_names_stand_for_their_setups_wherever_setups_are_written() -> None:
    targets = {"xnli": {"train": TRAIN, "also": ["pupil"], "straight": ["average(mnli, stsb)"]}}
    named = recipe("target", "both", targets=targets, names=NAMES)
    targets["xnli"]["also"] = [f"distill({WHOLE})@target"]
    assert lines(named) == lines(recipe("target", WHOLE, targets=targets))
    assert named.names["pupil"] == f"distill({WHOLE})@target"


def test_a_target_has_its_own_setups_beside_the_recipe_s_or_beside_those_in_their_place() -> None:
    beside = recipe("target", targets={"xnli": {"train": TRAIN, "also": ["stack(mnli, target)", "target"]}})
    assert [line for line in lines(beside) if line.startswith("evaluate")] == [
        "evaluate xnli on xnli",
        "evaluate stack(mnli, xnli) on xnli",
    ]
    targets = {"xnli": {"train": TRAIN, "setups": ["continue(mnli, target)"], "also": ["stack(mnli, target)"]}}
    assert [line for line in lines(recipe("target", targets=targets)) if line.startswith("evaluate")] == [
        "evaluate continue(mnli, xnli) on xnli",
        "evaluate stack(mnli, xnli) on xnli",
    ]


@pytest.mark.parametrize("name", ["xnli", "target", "none", "ensemble", "two words", "7up"])
def test_a_name_that_is_another_thing_s_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        recipe("target", names={name: WHOLE})


def test_a_mistake_in_what_was_named_has_its_line(lab: Any, tmp_path: Any) -> None:
    text = TEXT.replace("setups:\n", "names:\n  both: average(mnli, squad)\nsetups:\n  - stack(both, stsb)\n", 1)
    with refused("recipe.yaml:9: ", "squad"):
        look(lab, tmp_path, text)
    with refused("recipe.yaml:7: ", "averaje"):
        look(lab, tmp_path, text.replace("average", "averaje"))
