"""A user's own tagged files, from training to predictions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from xadapt.training.plan import plan_task

#: Every token has one tag; the spaces are tokens of treebanks.
KNOWN = {"lo": "O", "zama": "U-GOOD", "krel": "B-BAD", "mip": "L-BAD", "\u200b": "O", "\u3000": "O"}
SENTENCE = ["lo", "zama", "zama", "\u200b", "krel", "mip", "\u3000"]


@pytest.fixture
def learnt(tmp_path: Path, lab: Any) -> Any:
    """A session that learnt the tags of above, and measured itself on dev."""
    for name, sentence in (("train", SENTENCE), ("dev", [*SENTENCE[3:], *SENTENCE[:3]])):
        lines = "".join(f"{token}\t{KNOWN[token]}\n" for token in sentence)
        (tmp_path / f"{name}.conll").write_text("\n".join([f"# id {name}\n{lines}"] * (16 if name == "train" else 4)))
    (tmp_path / "mine.yaml").write_text("name: mine\nproblem: tagging\ntrain: train.conll\ndev: dev.conll\n")
    lab.task(str(tmp_path / "mine.yaml"))
    lab.train(plan_task("mine", lab.tasks), epochs=8, lr=0.05)
    return lab


def test_tags_are_learnt_scored_by_their_scheme_and_predicted_for_a_token_a_line(learnt: Any, tmp_path: Path) -> None:
    result = learnt.evaluate("mine", "mine")
    assert result.details["entities"] == "strict BILOU"
    assert result.means["f1"] > 80

    (tmp_path / "tokens.conll").write_text("\n".join([*SENTENCE, "", "zama", "lo"]), encoding="utf-8")
    learnt.predict_file("mine", "mine", tmp_path / "tokens.conll", tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["tokens"] for row in rows] == [SENTENCE, ["zama", "lo"]]
    assert rows[0]["prediction"][:3] == ["O", "U-GOOD", "U-GOOD"]
    assert [len(row["prediction"]) for row in rows] == [7, 2]


def test_tokens_of_another_column_are_predicted_too(learnt: Any, tmp_path: Path) -> None:
    (tmp_path / "rows.conllu").write_text(
        "".join(f"{n}\t{token}\t" + "_\t" * 7 + "_\n" for n, token in enumerate(SENTENCE, 1))
    )
    learnt.predict_file("mine", "mine", tmp_path / "rows.conllu", tmp_path / "out.jsonl")
    (row,) = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert row["tokens"] == SENTENCE
