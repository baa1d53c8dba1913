"""Rows straight from the hub, through ``datasets``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xadapt.data.files import RawTable
from xadapt.errors import XadaptError, option

if TYPE_CHECKING:
    from xadapt.tasks.task import Rows

#: Where the hub keeps what it made of data sets that are a script, which `datasets` no longer runs.
_EXPORT = "refs/convert/parquet"


def read_hub(rows: Rows, config: str, columns: list[str], note: str = "") -> RawTable:
    """Download (or take from the cache of ``datasets``) the named columns, those that are there.

    Args:
        rows: What to read.
        config: Its configuration, with the language filled in.
        columns: Column names.
        note: How to get the rows, where they are not on the hub.

    Raises:
        XadaptError: If the hub cannot be reached, or the data set or split is not there.
    """
    if not rows.on_hub:
        raise XadaptError(f"{rows.hub_id} ({config}) is not on the hub: {note}")
    from xadapt.connection import prepare_hub

    online = prepare_hub()
    import datasets

    datasets.config.HF_HUB_OFFLINE = not online
    try:
        for split in rows.splits:
            table = load_split(rows.hub_id, config, split)
            if table is not None:
                there = [column for column in columns if column in table.column_names]
                return RawTable(
                    table.select_columns(there).to_list(), table.column_names, _class_names(table.features), split
                )
    except Exception as error:
        raise XadaptError(
            f"cannot get {rows.hub_id} ({config}) from the hub ({reason(error)}): "
            f"choose {option('data', 'hub')} (online), {option('data', 'bundled')} (demonstration) or "
            f"{option('data', 'FOLDER')} (a mirror)"
        ) from None
    raise XadaptError(f"{rows.hub_id} ({config}) on the hub has no split {' or '.join(rows.splits)}")


def load_split(hub_id: str, config: str, split: str) -> Any:
    """Download a split, or take it from the cache of ``datasets``.

    Args:
        hub_id: The data set.
        config: Its configuration.
        split: Its split.

    Returns:
        A ``datasets.Dataset``; None when the data set has no such split.

    Raises:
        Exception: What `datasets` raises when it cannot be had.
    """
    import datasets

    from xadapt.libraries.datasets import quiet

    quiet()
    try:
        try:
            return datasets.load_dataset(hub_id, None if config == "default" else config, split=split)
        except RuntimeError as error:
            if not _of_script(error):
                raise
            return _exported(hub_id, config, split)
    except ValueError as error:
        if _of_split(error):
            return None
        raise


# What `datasets` raises here has no class of its own.
def _of_script(error: RuntimeError) -> bool:
    return "scripts are no longer supported" in str(error)


def _of_split(error: ValueError) -> bool:
    return "unknown split" in str(error).lower()


def _exported(hub_id: str, config: str, split: str) -> Any:
    import datasets

    try:
        return datasets.load_dataset(hub_id, data_dir=config, split=split, revision=_EXPORT)
    except FileNotFoundError:
        why = "it is a script, which `datasets` no longer runs, and the hub made no files of it"
        raise FileNotFoundError(why) from None


def reason(error: Exception) -> str:
    """Why the hub did not give something, in a few words."""
    if _is_gated(error):
        return "it is gated: accept its terms on its page of the hub, then log in with `hf auth login`"
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:90] if str(error).strip() else 'no answer'}"


def _is_gated(error: BaseException | None) -> bool:
    from huggingface_hub.errors import GatedRepoError

    # `datasets` raises an error of its own while it handles that of the hub.
    while error is not None and not isinstance(error, GatedRepoError):
        error = error.__cause__ or error.__context__
    return error is not None


def _class_names(features: Any) -> dict[str, list[str]]:
    # Imported by the caller already.
    import datasets

    inner = {column: getattr(feature, "feature", feature) for column, feature in features.items()}
    return {
        column: list(feature.names) for column, feature in inner.items() if isinstance(feature, datasets.ClassLabel)
    }
