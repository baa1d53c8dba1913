"""An explanation as the record that is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xadapt.explain.statements import statements
from xadapt.store.explanation_record import ALL, ExplanationRecord, LanguageExplanation, MemberFigures

if TYPE_CHECKING:
    from xadapt.explain.explanation import Explanation
    from xadapt.store.records import Json


def explanation_record(explanation: Explanation) -> ExplanationRecord:
    """Everything, for programs: weights from 0 to 1; the last entry of each list by layer is the mean over layers."""
    return ExplanationRecord(
        setup=explanation.setup,
        explained=explanation.explained,
        fusion=explanation.fused,
        **explanation.facts,
        members=list(explanation.members),
        layers=[*explanation.layers, ALL],
        uniform=explanation.uniform,
        statements=statements(explanation),
        mean=MemberFigures(**_figures(explanation, "")),
        languages={
            code: LanguageExplanation(
                rows=figures.rows,
                available=figures.available,
                split=figures.split,
                tokens=figures.tokens,
                **_figures(explanation, code),
            )
            for code, figures in explanation.languages.items()
        },
    )


def _figures(explanation: Explanation, language: str) -> Json:
    similarity = explanation.similarity(language)
    found = {"cka": similarity.cka, "cosine": similarity.cosine}
    if explanation.fused:
        attention = explanation.attention(language)
        found = {"weights": attention.weights, "spread": attention.spread, "entropy": attention.entropy, **found}
    return {key: _numbers(values) for key, values in found.items()}


def _numbers(values: np.ndarray) -> list[Any]:
    numbers = np.round(values, 6).astype(object)
    # JSON has no word for what is not a number.
    numbers[np.isnan(values)] = None
    return list(numbers.tolist())
