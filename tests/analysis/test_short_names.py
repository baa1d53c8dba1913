"""Labels of a comparison with a recipe's short names in them."""

from __future__ import annotations

from typing import Any

from xadapt.analysis.comparison import compare
from xadapt.analysis.short_names import with_short_names

WHOLE = "ensemble(continue(mnli, xnli), stack(stsb, xnli), xnli)"
NAMES = {"all": "ensemble(continue(mnli, target), stack(stsb, target), target)", "one": "continue(mnli, target)"}


def test_names_stand_for_setups_of_any_target_and_the_longest_first(result: Any) -> None:
    setups = {"stack(mnli, xnli)": 60.0, WHOLE: 62.0, f"distill({WHOLE})@xnli": 63.0}
    (found,) = compare([result(setup, {"en": score, "de": score}) for setup, score in setups.items()])
    named = with_short_names(found, NAMES)
    assert {row.label: row.zero_shot for row in named.blocks[0].rows} == {
        "mnli": 60.0,
        "all": 62.0,
        "distill(all)@target": 63.0,
    }
    assert named.blocks[0].reference.label == "mnli"
    assert with_short_names(found, {}) == found
