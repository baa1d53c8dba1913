"""Rows straight from the hub, through ``datasets``."""

from __future__ import annotations

from typing import Any

from xadapt.data.files import Table
from xadapt.errors import XadaptError
from xadapt.tasks.task import Rows


def read_hub(rows: Rows, config: str, columns: list[str], note: str = "") -> Table:
    """Download (or take from the cache of ``datasets``) the named columns, those that are there.

    Args:
        rows: What to read.
        config: Its configuration, with the language filled in.
        columns: Column names.
        note: What a user must know to get the rows.

    Raises:
        XadaptError: If the hub cannot be reached, or the data set or split is not there.
    """
    from xadapt.connection import prepare_hub

    online = prepare_hub()
    import datasets

    datasets.disable_progress_bars()
    datasets.config.HF_HUB_OFFLINE = not online
    name = None if config == "default" else config
    try:
        for split in rows.splits:
            try:
                table = datasets.load_dataset(rows.hub_id, name, split=split)
            except ValueError as error:
                if "unknown split" in str(error).lower():
                    continue
                raise
            there = [column for column in columns if column in table.column_names]
            return Table(
                table.select_columns(there).to_list(), table.column_names, _class_names(table.features), split
            )
    except Exception as error:
        reason = f"{type(error).__name__}: {str(error).splitlines()[0][:90] if str(error) else 'no answer'}"
        raise XadaptError(
            f"cannot get {rows.hub_id} ({config}) from the hub ({reason}): "
            + (note or "choose --data hub (online), --data bundled (demonstration) or --data FOLDER (a mirror)")
        ) from None
    raise XadaptError(f"{rows.hub_id} ({config}) on the hub has no split {' or '.join(rows.splits)}")


def _class_names(features: Any) -> dict[str, list[str]]:
    # Imported by the caller already.
    import datasets

    inner = {column: getattr(feature, "feature", feature) for column, feature in features.items()}
    return {column: list(feature.names) for column, feature in inner.items() if isinstance(feature, datasets.ClassLabel)}
