"""An explanation as tables, and what a report's page shows of a stored one."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from xadapt.store.explanation_record import ALL, ExplanationRecord
from xadapt.tables import Cell, Column, Mark, Table, depth, numbers, words
from xadapt.tables.numbers import percent, signed
from xadapt.tasks.languages import ENGLISH, language_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.explain.explanation import Explanation

MEASURES = {"cka": "CKA", "cosine": "cosine"}
#: Beyond this many members a terminal has no room for spreads.
SPREAD_MEMBERS = 4


def attention_table(explanation: Explanation, language: str = "", spreads: bool = True) -> Table:
    """Weights by layer and member, with their spread or without, in a language or as the mean over all."""
    attention = explanation.attention(language)
    lines = []
    for label, weights, spread, entropy in zip(
        [*explanation.layers, ALL], attention.weights, attention.spread, attention.entropy, strict=True
    ):
        shares = [
            Cell(f"{percent(weight)} ±{percent(wide)}" if spreads else percent(weight), marks=_best(highest))
            for weight, wide, highest in zip(weights, spread, _highest(weights), strict=True)
        ]
        lines.append([Cell(label), *shares, Cell(entropy, 2)])
    uniform = [Cell("uniform"), *[Cell(percent(explanation.uniform))] * len(explanation.members), Cell(1.0, 2)]
    return Table(
        f"attention weights by layer, %: {language or _every(explanation)}",
        _columns("layer", *explanation.members, "entropy"),
        lines[:-1],
        below=[lines[-1], uniform],
    )


def language_table(explanation: Explanation) -> Table:
    """One line per language: rows, tokens, the weights over all layers and where it is most unlike English."""
    compared = explanation.fused and ENGLISH in explanation.languages
    head = ["language", "rows", "tokens"]
    head += [*explanation.members, "entropy"] if explanation.fused else list(MEASURES.values())
    head += [f"most unlike {ENGLISH}"] if compared else []
    lines = []
    for code, figures in explanation.languages.items():
        line = [Cell(code), Cell(figures.rows), Cell(figures.tokens)]
        if figures.attention:
            weights = figures.attention.weights[-1]
            line += [
                Cell(percent(weight), marks=_best(highest))
                for weight, highest in zip(weights, _highest(weights), strict=True)
            ]
            line.append(Cell(figures.attention.entropy[-1], 2))
        else:
            line += [Cell(_mean_pair(getattr(figures.similarity, measure)[-1]), 2) for measure in MEASURES]
        if compared:
            line.append(Cell(None if code == ENGLISH else _unlike(explanation, code)))
        lines.append(line)
    shown = "attention weights over all layers, %" if explanation.fused else "mean similarity of two members"
    return Table(f"{shown}: by language", _columns(*head), lines)


def matrix_table(explanation: Explanation, measure: str) -> Table:
    """Members by members: a measure's mean over layers and languages; the most alike pair is bold."""
    matrix = getattr(explanation.similarity(), measure)[-1]
    apart = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
    highest = None if np.isnan(apart).all() else np.nanmax(apart)
    lines = [
        [Cell(name), *(Cell(value, 2, marks=_best(value == highest and i != j)) for j, value in enumerate(row))]
        for i, (name, row) in enumerate(zip(explanation.members, matrix, strict=True))
    ]
    return Table(
        f"{MEASURES[measure]} of what members add, mean over layers", _columns("", *explanation.members), lines
    )


def pair_table(explanation: Explanation, measure: str, language: str = "") -> Table:
    """Pairs of members by layer; the layer where a pair is most alike is bold."""
    values = getattr(explanation.similarity(language), measure)
    lines = []
    for i, j in combinations(range(len(explanation.members)), 2):
        pair = values[:, i, j]
        highest = None if np.isnan(pair[:-1]).all() else np.nanmax(pair[:-1])
        shown = [
            Cell(value, 2, marks=_best(value == highest and layer < len(pair) - 1)) for layer, value in enumerate(pair)
        ]
        lines.append([Cell(explanation.pair_name(i, j)), *shown])
    title = f"{MEASURES[measure]} by layer: {language or _every(explanation)}"
    return Table(title, _columns("members", *explanation.layers, ALL), lines)


def page_attention(explanation: ExplanationRecord) -> list[Table]:
    """Lay out a stored fusion's attention: layer by member, and its mean weights by language.

    Returns:
        Two tables of percentages, coloured by their distance from uniform; none if the setup is no fusion.
    """
    weights = explanation.mean.weights
    if not explanation.fusion or weights is None:
        return []
    members, uniform = explanation.members, explanation.uniform
    names = [name if name != ALL else "all layers" for name in explanation.layers]
    note = f"Uniform is {percent(uniform)} %; blue is above it, orange below."
    by_layer = _shares(list(zip(names, weights, strict=True)), uniform)
    tables = [Table("Attention by layer, %", [*words("layer"), *numbers(*members)], by_layer, caption=note)]
    languages = [(language_name(code), one.weights[-1]) for code, one in explanation.languages.items() if one.weights]
    if len(languages) > 1:
        columns = [*words("language"), *numbers(*members)]
        shares = _shares(languages, uniform)
        tables.append(Table("Attention by language, mean over layers, %", columns, shares, caption=note))
    return tables


def _shares(lines: Sequence[tuple[str, Sequence[float | None]]], uniform: float) -> list[list[Cell]]:
    # Twice uniform has all of the colour, as nothing has none of the weight.
    return [
        [
            Cell(name),
            *(Cell(100 * (share or 0.0), 1, depth=depth((share or 0.0) - uniform, uniform)) for share in shares),
        ]
        for name, shares in lines
    ]


def _columns(first: str, *others: str) -> list[Column]:
    return [*words(first, width=8, wraps=True), *numbers(*others, wraps=True)]


def _every(explanation: Explanation) -> str:
    codes = list(explanation.languages)
    return codes[0] if len(codes) == 1 else f"mean over {len(codes)} languages"


def _unlike(explanation: Explanation, language: str) -> str:
    layer, member, difference = explanation.unlike_english(language)
    return f"layer {explanation.layers[layer]}: {explanation.members[member]} {signed(100 * difference)}"


def _highest(weights: np.ndarray) -> list[bool]:
    return [index == weights.argmax() for index in range(len(weights))]


def _best(highest: bool) -> frozenset[Mark]:
    return frozenset({Mark.BEST} if highest else ())


def _mean_pair(matrix: np.ndarray) -> float:
    return float(matrix[np.triu_indices(len(matrix), 1)].mean())
