"""An explanation in words, and as Markdown, CSV and JSON with its pictures."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from xadapt.explain.record import explanation_record
from xadapt.explain.statements import PREFERS, UNDECIDED, statements
from xadapt.reports.explanation_tables import (
    MEASURES,
    attention_table,
    language_table,
    matrix_table,
    pair_table,
)
from xadapt.store.explanation_record import ALL
from xadapt.store.files import atomic_write_bytes
from xadapt.tables import Table, cells, csv_text, markdown_table, words
from xadapt.tables.numbers import count

if TYPE_CHECKING:
    from xadapt.explain.explanation import Explanation

NOTES = (
    "Weights are means over the tokens of a row (special tokens included, padding not), then over rows, so that every "
    "row weighs the same; ± is the standard deviation over rows. Entropy is the mean of the tokens', relative to "
    "uniform weights: 1 where each token attends to all members alike, 0 where to one. A member is called preferred "
    f"where its mean weight is at least {PREFERS:g} times uniform and {PREFERS:g} times that of the next; close to "
    f"uniform is a layer where none is that high and the entropy is at least {UNDECIDED:g}; what is neither is split. "
    "A weight says what is attended to, not how much it changes.",
    "Similarity is that of what members add to the residual stream. CKA: linear, unbiased, over minibatches of tokens "
    "that weigh the same (Kornblith et al., arXiv 1905.00414); 1 where two members add the same up to rotation and "
    "scale, 0 where there is no linear relation. Cosine: mean over tokens, then "
    "rows; unlike CKA it counts what a member adds to every token alike.",
)


def headline(explanation: Explanation) -> str:
    """What is explained."""
    inside = "" if explanation.setup == explanation.explained else f" in {explanation.setup}"
    return f"{explanation.facts['task']}: {explanation.explained}{inside}"


def facts_line(explanation: Explanation) -> str:
    """What decided the figures, in one line."""
    facts, every = explanation.facts, explanation.languages.values()
    counted = f"{count(sum(f.rows for f in every))} rows, {count(sum(f.tokens for f in every))} tokens"
    cut = any(figures.available > figures.rows for figures in every)
    sample = [f"a sample: at most {facts['limit']} rows a language"] if cut else []
    rest = [f"base {facts['base']}", f"data {facts['data']}", f"seed {facts['seed']}"]
    rest += [f"max length {facts['max_length']}", f"precision {facts['precision']}"]
    return ", ".join([f"{facts['task']} in {' '.join(explanation.languages)}: {counted}", *rest, *sample])


def tables(explanation: Explanation, spreads: bool = True) -> list[Table]:
    """The tables that a person reads at once: by layer, by language, and how alike the members are.

    Args:
        explanation: The explanation.
        spreads: Whether weights are shown with their spread.
    """
    found = [attention_table(explanation, spreads=spreads)] if explanation.fused else []
    found += [language_table(explanation)] if len(explanation.languages) > 1 else []
    return [*found, *(matrix_table(explanation, measure) for measure in MEASURES)]


def explanation_markdown(explanation: Explanation, pictures: list[str]) -> str:
    """Lay an explanation out as a Markdown page.

    Args:
        explanation: The explanation.
        pictures: File names of its pictures.
    """
    parts = [f"# {headline(explanation)}"]
    parts.append("\n".join(f"* {line}" for line in statements(explanation)))
    parts.append(f"{facts_line(explanation)}.")
    parts += [f"![{Path(name).stem}]({name})" for name in pictures]
    found = [*tables(explanation), *(pair_table(explanation, measure) for measure in MEASURES)]
    if len(explanation.languages) > 1 and explanation.fused:
        found += [attention_table(explanation, language) for language in explanation.languages]
    for table in found:
        parts += [f"## {table.title[0].upper()}{table.title[1:]}", markdown_table(table)]
    parts += ["## How to read this", *(NOTES if explanation.fused else NOTES[1:])]
    return "\n\n".join(parts) + "\n"


_COLUMNS = ("task", "setup", "explained", "base", "data", "seed", "language", "rows", "tokens")
_VALUES = ("layer", "measure", "member", "other", "value", "spread")


def explanation_csv(explanation: Explanation) -> str:
    """Write every figure of every language as CSV, unrounded, one a line.

    ``measure`` is ``weight`` (of a member, 0 to 1), ``entropy``, ``cka`` or ``cosine`` (of a member and another);
    ``layer`` is ``all`` for the mean over layers.
    """
    facts, members, lines = explanation.facts, explanation.members, []
    names = [facts["task"], explanation.setup, explanation.explained, facts["base"], facts["data"], facts["seed"]]
    for code, figures in explanation.languages.items():
        fixed = [*names, code, figures.rows, figures.tokens]
        for layer, label in enumerate([*explanation.layers, ALL]):
            attention = figures.attention
            if attention:
                for member, weight, spread in zip(
                    members, attention.weights[layer], attention.spread[layer], strict=True
                ):
                    lines.append([*fixed, label, "weight", member, "", weight, spread])
                lines.append([*fixed, label, "entropy", "", "", attention.entropy[layer], ""])
            for measure in MEASURES:
                matrix = getattr(figures.similarity, measure)[layer]
                for i, j in combinations(range(len(members)), 2):
                    value = None if np.isnan(matrix[i, j]) else matrix[i, j]
                    lines.append([*fixed, label, measure, members[i], members[j], value, ""])
    return csv_text(Table("explanation", words(*_COLUMNS, *_VALUES), list(map(cells, lines))))


def write_explanation(explanation: Explanation, to: Path) -> list[Path]:
    """Write ``explanation.md``, ``.csv`` and ``.json`` and the pictures into a folder.

    Returns:
        The files. ``explanation.md`` is written last, so one that exists has its pictures.
    """
    from xadapt.reports.explanation_plots import attention_png, similarity_png

    pictures = {"attention.png": attention_png(explanation)} if explanation.fused else {}
    pictures["similarity.png"] = similarity_png(explanation)
    for name, picture in pictures.items():
        atomic_write_bytes(to / name, picture)
    atomic_write_bytes(to / "explanation.csv", explanation_csv(explanation).encode())
    explanation_record(explanation).write(to / "explanation.json")
    atomic_write_bytes(to / "explanation.md", explanation_markdown(explanation, list(pictures)).encode())
    return [to / name for name in (*pictures, "explanation.csv", "explanation.json", "explanation.md")]
