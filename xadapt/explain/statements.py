"""What an explanation says, in sentences."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from xadapt.tables.numbers import percent, plain
from xadapt.tasks.languages import ENGLISH

if TYPE_CHECKING:
    from xadapt.explain.explanation import Explanation

#: A fusion prefers a member where that has this many times the uniform weight and that of the next member.
PREFERS = 1.2
#: A layer is close to uniform where no member is that far above uniform and tokens are as undecided as this entropy.
UNDECIDED = 0.9


def statements(explanation: Explanation) -> list[str]:
    """What the figures say, a sentence or two a line."""
    lines = [_instead(explanation)] if not explanation.fused else [_overall(explanation), _by_layer(explanation)]
    if explanation.fused and ENGLISH in explanation.languages and len(explanation.languages) > 1:
        lines.append(_by_language(explanation))
    return [*lines, _alike(explanation)]


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
    for index, number in enumerate(chosen):
        if index and number == chosen[index - 1] + 1:
            groups[-1].append(explanation.layers[number])
        else:
            groups.append([explanation.layers[number]])
    shown = [group[0] if len(group) == 1 else f"{group[0]}–{group[-1]}" for group in groups]
    return f"{'layer' if len(chosen) == 1 else 'layers'} {', '.join(shown)}"


def _by_language(explanation: Explanation) -> str:
    others = [code for code in explanation.languages if code != ENGLISH]
    largest = {code: explanation.unlike_english(code) for code in others}
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

    def described(pair: tuple[int, int]) -> str:
        cka, cosine = plain(mean.cka[-1][pair], 2), plain(mean.cosine[-1][pair], 2)
        return f"{explanation.pair_name(*pair)} (CKA {cka}, cosine {cosine})"

    where = explanation.layers[int(np.nanargmax(mean.cka[:-1, ordered[0][0], ordered[0][1]]))]
    if len(ordered) == 1:
        return f"Alike in what they add: {described(ordered[0])}, most in layer {where}."
    return (
        f"Most alike in what they add: {described(ordered[0])}, most in layer {where}; least: {described(ordered[-1])}."
    )
