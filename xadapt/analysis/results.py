"""Stored results, read from their dictionaries and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from xadapt.composition.grammar import parse
from xadapt.store.records import Result as StoredResult

ENGLISH = "en"


@dataclass(frozen=True)
class LanguageResult:
    """The scores of one language.

    Attributes:
        n: Number of rows scored.
        split: The split they came from, "" if not recorded.
        scores: Every score by name, 0-100.
        rows: Fingerprint of the rows, "" if not recorded.
        code: The language's code as it is stored.
    """

    n: int
    split: str
    scores: Mapping[str, float]
    rows: str = ""
    code: str = ""


@dataclass(frozen=True)
class Result:
    """One evaluated run.

    Attributes:
        run: The run's hash.
        task: Task that was evaluated.
        kind: The task's kind.
        metric: The score that ranks.
        setup: The setup's canonical expression.
        base: The frozen encoder.
        seed: Random seed of training.
        data: "hub", "bundled" or "mirror:" and the name of the mirror's folder.
        limit: Most rows per language, None for all.
        head: Head that was used, "" if not recorded.
        variant: What else tells measurements apart: layer and pooling of a retrieval, "" elsewhere.
        languages: Scores by language code.
        named: What a recipe calls this way of doing it, such as other layers or another method; "" for the only way.
        target: The task whose adapter on top is the target adapter: the task itself unless a recipe says otherwise.
        members: Run hash of every checkpoint in use, by expression.
        parameters: Parameters of the adapters and fusions in use, None if not recorded.
        head_parameters: Parameters of the heads that answered, None if not recorded.
        sample: Whether the result itself says that its rows are a sample.
        dev: Score on English dev rows by their task, empty if not recorded.
    """

    run: str
    task: str
    kind: str
    metric: str
    setup: str
    base: str
    seed: int
    data: str
    limit: int | None
    head: str
    variant: str
    languages: Mapping[str, LanguageResult]
    members: Mapping[str, str]
    named: str
    target: str
    parameters: int | None
    head_parameters: int | None
    sample: bool
    dev: Mapping[str, float] = field(default_factory=dict)


def read_result(stored: StoredResult) -> Result:
    """Read a result as it is stored.

    Args:
        stored: The dictionary of one result file.

    Returns:
        The result, its setup in canonical form and its data and base without a folder's path.

    Raises:
        XadaptError: If the format is unknown, a field is missing, or a language lacks the score that ranks.
    """
    details = stored.details
    return Result(
        run=stored.run,
        task=stored.task,
        kind=stored.kind,
        metric=stored.metric,
        setup=str(parse(stored.setup)),
        base=base_name(stored.base),
        seed=stored.seed,
        data=_data_name(stored.data),
        limit=stored.limit,
        head=stored.head or "",
        variant=_variant(details, stored.pool_limit),
        languages=_languages(stored),
        members=stored.decides.get("members", {}),
        named=stored.named,
        target=stored.target or stored.task,
        parameters=stored.parameters,
        head_parameters=stored.head_parameters,
        sample=bool(stored.sample or details.get("sample")),
        dev=stored.dev,
    )


def _languages(stored: StoredResult) -> dict[str, LanguageResult]:
    languages = {}
    for code, row in stored.languages.items():
        # Where all languages are pairs, English beside itself is English.
        name = ENGLISH if code == f"{ENGLISH}-{ENGLISH}" else code
        languages[name] = LanguageResult(row.n, row.split, row.scores, row.rows, code)
    return languages


def _variant(details: Mapping[str, Any], pool_limit: int | None) -> str:
    if "pooling" not in details and "layer" not in details:
        return ""
    parts = [] if pool_limit is None else [f"{pool_limit:,} items to find it in"]
    if "layer" in details:
        parts.append(f"layer {details['layer']}")
    if "pooling" in details:
        parts.append(f"{details['pooling']} pooling")
    return ", ".join(parts)


def base_name(name: str) -> str:
    """Name a base; a hub id has one slash and stays, a folder's path says more about a machine than a reader needs."""
    path = PurePath(name)
    return path.name if path.is_absolute() or len(path.parts) > 2 or name.startswith((".", "~")) else name


def _data_name(name: str) -> str:
    # A mirror's folder may well be called "hub"; it must not pass for the hub itself.
    return name if name in ("hub", "bundled") or name.startswith("mirror:") else f"mirror:{PurePath(name).name}"
