"""An explanation in words, tables, files and pictures."""

from __future__ import annotations

import csv
import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from xadapt.explain.attention import Attention
from xadapt.explain.explanation import Explanation, LanguageFigures
from xadapt.explain.record import explanation_record
from xadapt.explain.similarity import Similarity
from xadapt.explain.statements import statements
from xadapt.reports.explanation import (
    explanation_csv,
    explanation_markdown,
    facts_line,
    headline,
    tables,
    write_explanation,
)
from xadapt.reports.explanation_plots import draw_attention, draw_similarity
from xadapt.reports.explanation_tables import attention_table, language_table, matrix_table, pair_table
from xadapt.tables import Mark, terminal_table

MEMBERS = ("mnli", "squad", "stsb")
EVEN = [1 / 3, 1 / 3, 1 / 3]
#: The first two layers prefer mnli and squad, the third is even, the fourth split.
WEIGHTS = [[0.6, 0.2, 0.2], [0.2, 0.7, 0.1], EVEN, [0.45, 0.45, 0.1]]
ENTROPY = [0.8, 0.7, 0.99, 0.8]


def with_mean(values: Any) -> np.ndarray:
    array = np.array(values, dtype=float)
    return np.concatenate((array, array.mean(axis=0, keepdims=True)))


def figures(weights: Any = None, entropy: Any = None, cka: Any = None, rows: int = 50) -> LanguageFigures:
    layers = len(WEIGHTS)
    attention = weights and Attention(with_mean(weights), np.full((layers + 1, 3), 0.05), with_mean(entropy))
    matrix = np.array([[1, 0.2, 0.6], [0.2, 1, -0.1], [0.6, -0.1, 1]]) if cka is None else cka
    similarity = Similarity(with_mean([matrix] * layers), with_mean([matrix / 2] * layers))
    return LanguageFigures(rows, 2490, "test", rows * 40, attention, similarity)


def explanation(languages: dict[str, LanguageFigures], **changes: Any) -> Explanation:
    facts = {"task": "xnli", "base": "e5-small", "data": "hub", "seed": 42, "limit": 50, "max_length": 128}
    given: dict[str, Any] = {
        "setup": "stack(fuse(mnli, squad, stsb), xnli)",
        "explained": "fuse(mnli, squad, stsb)",
        "fused": True,
        "members": MEMBERS,
        "layers": tuple(str(n + 1) for n in range(len(WEIGHTS))),
        "languages": languages,
        "facts": {**facts, "precision": "fp32", "checkpoints": {}},
    }
    return Explanation(**{**given, **changes})


@pytest.fixture
def fused() -> Explanation:
    """English and Swahili, which differ in the second layer."""
    swahili = [WEIGHTS[0], [0.27, 0.62, 0.11], *WEIGHTS[2:]]
    return explanation({"en": figures(WEIGHTS, ENTROPY), "sw": figures(swahili, ENTROPY)})


@pytest.fixture
def averaged() -> Explanation:
    """No fusion."""
    return explanation(
        {"en": figures()}, setup="average(mnli, squad, stsb)", explained="average(mnli, squad, stsb)", fused=False
    )


def test_the_statements_say_what_is_preferred_where(fused: Explanation) -> None:
    overall, by_layer, by_language, alike = statements(fused)
    assert overall == (
        "Over all layers most weight goes to squad: 41.1 % (mnli 40.5 %, stsb 18.5 %; uniform would be 33.3 %)."
    )
    assert by_layer == (
        "The fusion prefers mnli in layer 1; squad in layer 2; is split between members in layer 4; and is close to "
        "uniform elsewhere."
    )
    assert by_language == (
        "The largest difference to en is in layer 2: squad has 62.0 % in sw and 70.0 % in en. Over all layers no "
        "weight differs from en by more than 2.0 points."
    )
    assert alike == (
        "Most alike in what they add: mnli – stsb (CKA 0.60, cosine 0.30), most in layer 1; least: squad – stsb "
        "(CKA −0.10, cosine −0.05)."
    )


def test_a_uniform_fusion_is_called_uniform() -> None:
    found = explanation({"sw": figures([EVEN] * 4, [1.0] * 4)})
    assert statements(found)[1] == "The fusion is close to uniform in all layers."


def test_tokens_that_choose_differently_are_not_called_uniform() -> None:
    found = explanation({"sw": figures([EVEN] * 4, [0.3] * 4)})
    assert statements(found)[1] == "The fusion is split between members in all layers."


def test_neighbouring_layers_are_named_as_a_range() -> None:
    found = explanation({"sw": figures([WEIGHTS[1], WEIGHTS[1], EVEN, WEIGHTS[1]], [1.0] * 4)})
    assert statements(found)[1] == "The fusion prefers squad in layers 1–2, 4; and is close to uniform elsewhere."


def test_without_english_nothing_is_compared_with_it() -> None:
    found = explanation({"sw": figures(WEIGHTS, ENTROPY), "zh": figures(WEIGHTS, ENTROPY)})
    assert len(statements(found)) == 3
    assert language_table(found).headings[-1] == "entropy"


def test_without_a_fusion_one_line_says_what_is_explained_instead(averaged: Explanation) -> None:
    instead, alike = statements(averaged)
    assert instead == (
        "No fusion: explained instead is how alike the members of average(mnli, squad, stsb) are, each reading the "
        "bare base's own hidden states."
    )
    assert alike.startswith("Most alike")
    assert [table.title[:3] for table in tables(averaged)] == ["CKA", "cos"]


def test_an_ensemble_with_a_fusion_says_how_that_is_explained() -> None:
    named = "ensemble(fuse(mnli, squad), stsb)"
    found = explanation({"en": figures()}, setup=named, explained=named, fused=False)
    assert statements(found)[0].endswith("A member that holds a fusion can be explained by itself.")


def test_what_cannot_be_compared_is_a_dash_and_no_statement() -> None:
    nothing = np.full((3, 3), np.nan)
    found = explanation({"en": figures(WEIGHTS, ENTROPY, nothing)})
    assert statements(found)[-1].startswith("Nothing can be said of similarity")
    assert [cell.text for cell in matrix_table(found, "cka").rows[0]] == ["mnli", "–", "–", "–"]
    assert explanation_record(found).stored()["mean"]["cka"][0] == [[None] * 3] * 3
    draw_similarity(found)


def test_the_highest_of_a_layer_is_bold(fused: Explanation) -> None:
    table = attention_table(fused)
    assert [[Mark.BEST in cell.marks for cell in line[1:4]] for line in table.rows[:2]] == [
        [True, False, False],
        [False, True, False],
    ]
    assert [cell.text for cell in table.rows[0]] == ["1", "60.0 ±5.0", "20.0 ±5.0", "20.0 ±5.0", "0.80"]
    # Languages differ, so rows of both lie further from the mean than those of one.
    assert table.rows[1][1].text == "23.5 ±6.1"
    assert [line[0].text for line in table.below] == ["all", "uniform"]
    assert [cell.text for cell in attention_table(fused, "sw").rows[1]][1] == "27.0 ±5.0"


def test_languages_are_compared_with_english(fused: Explanation) -> None:
    table = language_table(fused)
    assert [line[0].text for line in table.rows] == ["en", "sw"]
    assert [line[-1].text for line in table.rows] == ["–", "layer 2: squad −8.0"]


def test_the_most_alike_pair_is_bold_and_no_member_with_itself(fused: Explanation) -> None:
    bold = [[Mark.BEST in cell.marks for cell in line[1:]] for line in matrix_table(fused, "cka").rows]
    assert bold == [[False, False, True], [False] * 3, [True, False, False]]
    assert [line[0].text for line in pair_table(fused, "cka").rows] == ["mnli – squad", "mnli – stsb", "squad – stsb"]


def test_terminal_tables_show_every_number_in_80_columns(fused: Explanation) -> None:
    for table in tables(fused):
        console = Console(width=80, file=io.StringIO(), force_terminal=False)
        console.print(terminal_table(table))
        shown = console.file.getvalue()  # type: ignore[attr-defined]
        assert all(cell.text in shown for line in table.rows for cell in line), table.title
        assert "…" not in shown


def test_spreads_can_be_left_out_for_a_narrow_terminal(fused: Explanation) -> None:
    assert [cell.text for cell in tables(fused, spreads=False)[0].rows[0]] == ["1", "60.0", "20.0", "20.0", "0.80"]


def test_names_with_brackets_are_printed_as_they_are(fused: Explanation) -> None:
    named = explanation(fused.languages, members=("average(mnli, squad)", "[x]", "stsb"))
    console = Console(width=120, file=io.StringIO())
    console.print(terminal_table(attention_table(named)))
    assert "[x]" in console.file.getvalue()  # type: ignore[attr-defined]


def test_facts_say_rows_tokens_languages_and_that_it_is_a_sample(fused: Explanation) -> None:
    assert facts_line(fused) == (
        "xnli in en sw: 100 rows, 4,000 tokens, base e5-small, data hub, seed 42, max length 128, precision fp32, "
        "a sample: at most 50 rows a language"
    )
    assert headline(fused) == "xnli: fuse(mnli, squad, stsb) in stack(fuse(mnli, squad, stsb), xnli)"


def test_csv_has_every_figure_of_every_language(fused: Explanation) -> None:
    rows = list(csv.DictReader(io.StringIO(explanation_csv(fused))))
    # Five layers with their mean: three weights, an entropy and three pairs by two measures.
    assert len(rows) == 2 * 5 * (3 + 1 + 6)
    (row,) = [
        row
        for row in rows
        if (row["language"], row["layer"], row["measure"], row["member"]) == ("sw", "2", "weight", "mnli")
    ]
    assert (float(row["value"]), float(row["spread"]), row["rows"]) == (0.27, 0.05, "50")
    assert {row["layer"] for row in rows} == {"1", "2", "3", "4", "all"}


def test_json_has_the_same_arrays_for_the_mean_and_each_language(fused: Explanation) -> None:
    found = json.loads(json.dumps(explanation_record(fused).stored()))
    assert found["layers"] == ["1", "2", "3", "4", "all"]
    assert found["uniform"] == pytest.approx(1 / 3)
    assert found["languages"]["sw"]["weights"][1] == [0.27, 0.62, 0.11]
    assert found["mean"]["weights"][1] == [0.235, 0.66, 0.105]
    assert found["mean"]["cosine"][4][0][2] == 0.3
    assert (found["task"], found["base"], found["seed"]) == ("xnli", "e5-small", 42)


def test_json_of_a_setup_without_fusion_has_no_weights(averaged: Explanation) -> None:
    assert explanation_record(averaged).stored()["mean"].keys() == {"cka", "cosine"}


def test_markdown_has_each_languages_layers_and_says_how_to_read_them(fused: Explanation) -> None:
    text = explanation_markdown(fused, ["attention.png"])
    for expected in ("## Attention weights by layer, %: sw", "| 2 | 27.0 ±5.0 |", "![attention](attention.png)"):
        assert expected in text
    assert "special tokens included" in text
    assert "unbiased" in text


def test_files_are_written(fused: Explanation, averaged: Explanation, tmp_path: Path) -> None:
    names = ["attention.png", "similarity.png", "explanation.csv", "explanation.json", "explanation.md"]
    assert [path.name for path in write_explanation(fused, tmp_path / "fused")] == names
    assert sorted(path.name for path in (tmp_path / "fused").iterdir()) == sorted(names)
    for name in names[:2]:
        picture = (tmp_path / "fused" / name).read_bytes()
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert min(struct.unpack(">II", picture[16:24])) > 300
    assert [path.name for path in write_explanation(averaged, tmp_path / "averaged")] == names[1:]


def test_heat_maps_show_the_weights_of_the_mean_and_each_language(fused: Explanation) -> None:
    maps = draw_attention(fused).axes
    assert [axes.get_title(loc="left") for axes in maps] == [
        "mean over 2 languages, 100 rows",
        "en, 50 rows",
        "sw, 50 rows",
    ]
    np.testing.assert_allclose(maps[2].images[0].get_array(), fused.attention("sw").weights.T)
    assert [label.get_text() for label in maps[0].get_yticklabels()] == list(MEMBERS)
    assert [label.get_text() for label in maps[0].get_xticklabels()] == ["1", "2", "3", "4", "all"]
    # Uniform is white.
    assert maps[0].images[0].norm(1 / 3) == pytest.approx(0.5)


def test_many_languages_are_in_two_columns(fused: Explanation) -> None:
    many = explanation({f"l{number}": fused.languages["sw"] for number in range(15)})
    width, height = draw_attention(many).get_size_inches()
    assert len(draw_attention(many).axes) == 16
    assert width > 1.5 * draw_attention(fused).get_size_inches()[0]
    assert height < 20


def test_similarity_maps_are_members_by_members_and_pairs_by_layer(fused: Explanation) -> None:
    maps = [axes.images[0].get_array() for axes in draw_similarity(fused).axes]
    assert [array.shape for array in maps] == [(3, 3), (3, 5), (3, 3), (3, 5)]
    np.testing.assert_allclose(maps[0], fused.similarity().cka[-1])
