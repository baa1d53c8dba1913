"""An explanation in words, and as Markdown, CSV and JSON with its pictures."""

from __future__ import annotations

import csv
import io
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xadapt.analysis.results import ENGLISH
from xadapt.reports.explanation_tables import (
    ALL,
    MEASURES,
    Grid,
    attention_grid,
    language_grid,
    largest_difference,
    markdown_grid,
    matrix_grid,
    pair_grid,
    pair_name,
    percent,
    two,
)
from xadapt.reports.numbers import count, plain
from xadapt.store.files import atomic_write_bytes, atomic_write_json

if TYPE_CHECKING:
    from xadapt.explain.explanation import Explanation

#: A fusion prefers a member where that has this many times the uniform weight and that of the next member.
PREFERS = 1.2
#: A layer is close to uniform where no member is that far above uniform and tokens are as undecided as this entropy.
UNDECIDED = 0.9
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


def statements(explanation: Explanation) -> list[str]:
    """What the figures say, a sentence or two a line."""
    said = [_instead(explanation)] if not explanation.fused else [_overall(explanation), _by_layer(explanation)]
    if explanation.fused and ENGLISH in explanation.languages and len(explanation.languages) > 1:
        said.append(_by_language(explanation))
    return [*said, _alike(explanation)]


def _instead(explanation: Explanation) -> str:
    text = (
        f"No fusion: explained instead is how alike the members of {explanation.explained} are, each reading the bare "
        "base's own hidden states."
    )
    if "fuse(" in explanation.explained:
        text += " A member that holds a fusion can be explained by itself."
    return text


def _overall(explanation: Explanation) -> str:
    weights = explanation.attention().weights[-1]
    first, *others = (int(number) for number in np.argsort(-weights, kind="stable"))
    rest = ", ".join(f"{explanation.members[number]} {percent(weights[number])} %" for number in others)
    return (
        f"Over all layers most weight goes to {explanation.members[first]}: {percent(weights[first])} % "
        f"({rest}; uniform would be {percent(explanation.uniform)} %)."
    )


def _by_layer(explanation: Explanation) -> str:
    attention = explanation.attention()
    preferred: dict[str, list[int]] = {}
    split, uniform = [], []
    for layer, (weights, entropy) in enumerate(zip(attention.weights[:-1], attention.entropy[:-1], strict=True)):
        second, first = np.sort(weights)[-2:]
        high = first >= PREFERS * explanation.uniform
        if high and first >= PREFERS * second:
            preferred.setdefault(explanation.members[weights.argmax()], []).append(layer)
        elif high or entropy < UNDECIDED:
            split.append(layer)
        else:
            uniform.append(layer)
    named = sorted(preferred.items(), key=lambda item: -len(item[1]))
    parts = [f"{'' if number else 'prefers '}{m} in {_runs(explanation, at)}" for number, (m, at) in enumerate(named)]
    parts += [f"is split between members in {_runs(explanation, split)}"] if split else []
    if uniform:
        parts.append(f"is close to uniform {'elsewhere' if parts else 'in all layers'}")
    *before, last = parts
    return f"The fusion {'; '.join(before)}{'; and ' if before else ''}{last}."


def _runs(explanation: Explanation, chosen: list[int]) -> str:
    if len(chosen) == len(explanation.layers):
        return "all layers"
    groups: list[list[str]] = []
    for place, number in enumerate(chosen):
        if place and number == chosen[place - 1] + 1:
            groups[-1].append(explanation.layers[number])
        else:
            groups.append([explanation.layers[number]])
    shown = [group[0] if len(group) == 1 else f"{group[0]}–{group[-1]}" for group in groups]
    return f"{'layer' if len(chosen) == 1 else 'layers'} {', '.join(shown)}"


def _by_language(explanation: Explanation) -> str:
    others = [code for code in explanation.languages if code != ENGLISH]
    largest = {code: largest_difference(explanation, code) for code in others}
    language = max(others, key=lambda code: abs(largest[code][2]))
    layer, member, difference = largest[language]
    english = explanation.attention(ENGLISH).weights
    over_all = max(np.abs(explanation.attention(code).weights[-1] - english[-1]).max() for code in others)
    here = english[layer, member] + difference
    return (
        f"The largest difference to {ENGLISH} is in layer {explanation.layers[layer]}: {explanation.members[member]} "
        f"has {percent(here)} % in {language} and {percent(english[layer, member])} % in {ENGLISH}. Over all layers no "
        f"weight differs from {ENGLISH} by more than {plain(100 * over_all)} points."
    )


def _alike(explanation: Explanation) -> str:
    mean = explanation.similarity()
    pairs = [pair for pair in combinations(range(len(explanation.members)), 2) if not np.isnan(mean.cka[-1][pair])]
    if not pairs:
        return "Nothing can be said of similarity: members add the same to every token."
    ordered = sorted(pairs, key=lambda pair: -mean.cka[-1][pair])

    def told(pair: tuple[int, int]) -> str:
        return f"{pair_name(explanation, *pair)} (CKA {two(mean.cka[-1][pair])}, cosine {two(mean.cosine[-1][pair])})"

    where = explanation.layers[int(np.nanargmax(mean.cka[:-1, ordered[0][0], ordered[0][1]]))]
    if len(ordered) == 1:
        return f"Alike in what they add: {told(ordered[0])}, most in layer {where}."
    return f"Most alike in what they add: {told(ordered[0])}, most in layer {where}; least: {told(ordered[-1])}."


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
    rest = [f"{key.replace('_', ' ')} {facts[key]}" for key in ("base", "data", "seed", "max_length", "precision")]
    return ", ".join([f"{facts['task']} in {' '.join(explanation.languages)}: {counted}", *rest, *sample])


def tables(explanation: Explanation, spreads: bool = True) -> list[Grid]:
    """The tables that a person reads at once: by layer, by language, and how alike the members are.

    Args:
        explanation: The explanation.
        spreads: Whether weights are shown with their spread.
    """
    grids = [attention_grid(explanation, spreads=spreads)] if explanation.fused else []
    grids += [language_grid(explanation)] if len(explanation.languages) > 1 else []
    return [*grids, *(matrix_grid(explanation, measure) for measure in MEASURES)]


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
    grids = [*tables(explanation), *(pair_grid(explanation, measure) for measure in MEASURES)]
    if len(explanation.languages) > 1 and explanation.fused:
        grids += [attention_grid(explanation, language) for language in explanation.languages]
    for grid in grids:
        parts += [f"## {grid.title[0].upper()}{grid.title[1:]}", markdown_grid(grid)]
    parts += ["## How to read this", *(NOTES if explanation.fused else NOTES[1:])]
    return "\n\n".join(parts) + "\n"


_COLUMNS = ("task", "setup", "explained", "base", "data", "seed", "language", "rows", "tokens")
_VALUES = ("layer", "measure", "member", "other", "value", "spread")


def explanation_csv(explanation: Explanation) -> str:
    """Write every figure of every language as CSV, unrounded, one a line.

    ``measure`` is ``weight`` (of a member, 0 to 1), ``entropy``, ``cka`` or ``cosine`` (of a member and another);
    ``layer`` is ``all`` for the mean over layers.
    """
    facts, text = explanation.facts, io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, *_VALUES])
    names = [facts["task"], explanation.setup, explanation.explained, facts["base"], facts["data"], facts["seed"]]
    for code, figures in explanation.languages.items():
        fixed = [*names, code, figures.rows, figures.tokens]
        for layer, label in enumerate([*explanation.layers, ALL]):
            if figures.attention:
                attention = figures.attention
                for member, weight, spread in zip(
                    explanation.members, attention.weights[layer], attention.spread[layer], strict=True
                ):
                    writer.writerow([*fixed, label, "weight", member, "", weight, spread])
                writer.writerow([*fixed, label, "entropy", "", "", attention.entropy[layer], ""])
            for measure in MEASURES:
                matrix = getattr(figures.similarity, measure)[layer]
                for i, j in combinations(range(len(explanation.members)), 2):
                    value = "" if np.isnan(matrix[i, j]) else matrix[i, j]
                    writer.writerow([*fixed, label, measure, explanation.members[i], explanation.members[j], value, ""])
    return text.getvalue()


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Everything, for programs: weights from 0 to 1; the last entry of each list by layer is the mean over layers."""
    languages = {
        code: {
            "rows": figures.rows,
            "available": figures.available,
            "split": figures.split,
            "tokens": figures.tokens,
            **_figures(explanation, code),
        }
        for code, figures in explanation.languages.items()
    }
    return {
        "setup": explanation.setup,
        "explained": explanation.explained,
        "fusion": explanation.fused,
        **explanation.facts,
        "members": list(explanation.members),
        "layers": [*explanation.layers, ALL],
        "uniform": explanation.uniform,
        "statements": statements(explanation),
        "mean": _figures(explanation, ""),
        "languages": languages,
    }


def _figures(explanation: Explanation, language: str) -> dict[str, Any]:
    similarity = explanation.similarity(language)
    found = {"cka": similarity.cka, "cosine": similarity.cosine}
    if explanation.fused:
        attention = explanation.attention(language)
        found = {"weights": attention.weights, "spread": attention.spread, "entropy": attention.entropy, **found}
    return {key: _numbers(values) for key, values in found.items()}


def _numbers(values: np.ndarray) -> Any:
    numbers = np.round(values, 6).astype(object)
    # JSON has no word for what is not a number.
    numbers[np.isnan(values)] = None
    return numbers.tolist()


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
    atomic_write_json(to / "explanation.json", explanation_json(explanation))
    atomic_write_bytes(to / "explanation.md", explanation_markdown(explanation, list(pictures)).encode())
    return [to / name for name in (*pictures, "explanation.csv", "explanation.json", "explanation.md")]
