"""Stored results as comparisons take them: whatever is the same goes by one name."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from xadapt.composition.grammar import parse
from xadapt.outside_text import plain
from xadapt.tasks.languages import ENGLISH

if TYPE_CHECKING:
    from xadapt.store.result_record import Result

#: English beside itself, where all languages are pairs.
ENGLISH_PAIR = f"{ENGLISH}-{ENGLISH}"


def comparable(result: Result) -> Result:
    """Bring a stored result into the form in which results are compared.

    Args:
        result: The result.

    Returns:
        The result with its setup in canonical form, its base and data without a folder's path, English beside itself
        as English, its target named, and ``sample`` set where its details say so.

    Raises:
        XadaptError: If its setup is no expression.
    """
    return result.model_copy(
        update={
            "setup": str(parse(result.setup)),
            "base": base_title(result.base),
            "data": data_title(result.data),
            "target": result.target or result.task,
            "sample": bool(result.sample or result.details.get("sample")),
            "languages": {ENGLISH if code == ENGLISH_PAIR else code: score for code, score in result.languages.items()},
        }
    )


def variant(result: Result) -> str:
    """What else tells measurements apart: layer and pooling of a retrieval, "" elsewhere."""
    details, pool = result.details, result.pool_limit
    if "pooling" not in details and "layer" not in details:
        return ""
    parts = [] if pool is None else [f"{pool:,} items to find it in"]
    if "layer" in details:
        parts.append(f"layer {details['layer']}")
    if "pooling" in details:
        parts.append(f"{details['pooling']} pooling")
    return plain(", ".join(parts))


def base_title(name: str) -> str:
    """Name a base; a hub id has one slash and stays, a folder's path says more about a machine than a reader needs."""
    path = PurePath(name)
    return plain(path.name if path.is_absolute() or len(path.parts) > 2 or name.startswith((".", "~")) else name)


def data_title(name: str) -> str:
    """Name a data source without a folder's path."""
    # A mirror's folder may well be called "hub"; it must not pass for the hub itself.
    return plain(name if name in ("hub", "bundled") or name.startswith("mirror:") else f"mirror:{PurePath(name).name}")
