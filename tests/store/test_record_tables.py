"""Records read well where a person looks at them."""

from __future__ import annotations

from pathlib import Path

from xadapt.store.checkpoints import Checkpoint
from xadapt.store.records import RunRecord
from xadapt.store.result_record import Result

RESULT = Result.of(
    {
        "format": 2,
        "run": "abc" * 5 + "a",
        "task": "xnli",
        "kind": "pair-classification",
        "metric": "accuracy",
        "setup": "stack(mnli, xnli)",
        "base": "e5-small",
        "seed": 42,
        "data": "bundled",
        "limit": 10,
        "languages": {
            "en": {"n": 10, "split": "test", "scores": {"accuracy": 70.0}},
            "de": {"n": 1200, "split": "test", "scores": {"accuracy": 60.04, "f1": 50.0}},
        },
        "means": {"accuracy": 65.02},
    },
    "made up",
)

CHECKPOINT = Checkpoint(
    Path("runs/abc"),
    RunRecord.of(
        {
            "run": "abc" * 5 + "a",
            "setup": "mnli",
            "heads": ["mnli"],
            "base": {"name": "e5-small", "fingerprint": "f" * 64},
            "seed": 42,
            "data": "hub",
            "rows": {"mnli": 4000},
            "figures": {"dev": {"mnli": {"accuracy": 61.25}}, "parameters": 123456},
            "files": {"a": "b" * 64},
        },
        "made up",
    ),
)


def test_a_result_is_a_table_of_its_languages_with_the_mean() -> None:
    lines = [line.split() for line in repr(RESULT).splitlines()]
    assert ["en", "10", "test", "70.0", "–"] in lines
    assert ["de", "1,200", "test", "60.0", "50.0"] in lines
    assert ["mean", "1,210", "65.0", "–"] in lines
    assert "stack(mnli, xnli) on xnli" in str(RESULT)
    assert "base e5-small, data bundled, seed 42, at most 10 rows a language; run abc" in repr(RESULT)


def test_a_language_is_one_line() -> None:
    assert repr(RESULT["de"]) == "accuracy 60.0, f1 50.0 (1,200 rows of test)"


def test_a_checkpoint_says_what_it_is_made_of_and_where_it_is() -> None:
    text = repr(CHECKPOINT)
    for expected in ("mnli (adapter)", "mnli 4,000 (hub)", "mnli: accuracy 61.2", "123,456", str(Path("runs/abc"))):
        assert expected in text


def test_notebooks_show_html_tables() -> None:
    assert RESULT._repr_html_().startswith("<table>")
    assert "<td>60.0</td>" in RESULT._repr_html_()
    assert "123,456" in CHECKPOINT._repr_html_()
