"""Stored results, read from their dictionaries and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError

FORMAT = 1
ENGLISH = "en"
_NEEDED = ("run", "task", "kind", "metric", "setup", "base", "seed", "data", "languages")

_NO_SCORES = ("n", "available", "seconds")


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


def read_result(stored: Mapping[str, Any]) -> Result:
    """Read a result as it is stored.

    Args:
        stored: The dictionary of one result file.

    Returns:
        The result, its setup in canonical form and its data and base without a folder's path.

    Raises:
        XadaptError: If the format is unknown, a field is missing, or a language lacks the score that ranks.
    """
    run = str(stored.get("run", "?"))
    if stored.get("format") != FORMAT:
        raise XadaptError(f"result {run}: format {stored.get('format')!r} is not {FORMAT}: evaluate it again")
    missing = [key for key in _NEEDED if key not in stored]
    if missing:
        raise XadaptError(f"result {run}: {', '.join(missing)} missing: evaluate it again")
    details = stored.get("details") or {}
    return Result(
        run=run,
        task=stored["task"],
        kind=stored["kind"],
        metric=stored["metric"],
        setup=str(parse(stored["setup"])),
        base=base_name(stored["base"]),
        seed=int(stored["seed"]),
        data=_data_name(stored["data"]),
        limit=stored.get("limit"),
        head=stored.get("head") or "",
        variant=_variant(details, (stored.get("decides") or {}).get("pool_limit")),
        languages=_languages(stored, run),
        members=(stored.get("decides") or {}).get("members", {}),
        named=stored.get("named", ""),
        target=stored.get("target") or stored["task"],
        parameters=stored.get("parameters"),
        head_parameters=stored.get("head_parameters"),
        sample=bool(stored.get("sample") or details.get("sample")),
        dev=stored.get("dev") or {},
    )


def _languages(stored: Mapping[str, Any], run: str) -> dict[str, LanguageResult]:
    languages = {}
    for code, row in stored["languages"].items():
        scores = {key: float(value) for key, value in row.items() if key not in _NO_SCORES and _is_number(value)}
        if stored["metric"] not in scores or not _is_number(row.get("n")):
            raise XadaptError(f"result {run}: {code} has no n or no {stored['metric']}: evaluate it again")
        # Where all languages are pairs, English beside itself is English.
        name = ENGLISH if code == f"{ENGLISH}-{ENGLISH}" else code
        languages[name] = LanguageResult(int(row["n"]), row.get("split") or "", scores, row.get("rows") or "", code)
    return languages


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
