"""The checkpoints that come with xadapt give the numbers that they gave when they were stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import xadapt
from tests.test_store_of_0_1 import numbers, words
from xadapt.bases import FORMER_NAMES

EXPECTED = json.loads((Path(__file__).parent / "fixtures" / "shipped.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("asked", list(EXPECTED["predictions"]))
def test_a_shipped_checkpoint_predicts_what_it_did(tmp_path: Path, asked: str) -> None:
    setup, task = asked.split(" | ")
    model = xadapt.load(setup, task, store=tmp_path, precision="fp32", device="cpu")
    for now, before in zip(model.predict(EXPECTED["rows"][task]), EXPECTED["predictions"][asked], strict=True):
        assert numbers(now) == pytest.approx(numbers(before), abs=1e-3)
        assert words(now) == words(before)


@pytest.mark.slow
def test_the_former_name_of_the_base_is_the_same_base(tmp_path: Path) -> None:
    (former,) = FORMER_NAMES
    lab = xadapt.Session(former, store=tmp_path, data="bundled", display=False)
    assert lab.backbone.name == "e5-small"
    assert {one.fits for one in lab.info().adapters} == {True}
