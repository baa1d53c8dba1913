"""Rows straight from the hub, through ``datasets``."""

from __future__ import annotations

from typing import Any

from xadapt.errors import XadaptError
from xadapt.tasks.task import Rows


def read_hub(rows: Rows, config: str, columns: list[str]) -> tuple[list[dict[str, Any]], str]:
    """Download (or take from the cache of ``datasets``) the named columns.

    Returns:
        The rows and the split they came from.

    Raises:
        XadaptError: If the hub cannot be reached, or the data set, split or column is not there.
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
            missing = [column for column in columns if column not in table.column_names]
            if missing:
                raise XadaptError(f"{rows.hub_id} on the hub has no column {missing[0]!r}")
            return table.select_columns(columns).to_list(), split
    except XadaptError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {str(error).splitlines()[0][:90] if str(error) else 'no answer'}"
        raise XadaptError(
            f"cannot get {rows.hub_id} ({config}) from the hub ({reason}): "
            "choose --data hub (online), --data bundled (demonstration) or --data FOLDER (a mirror)"
        ) from None
    raise XadaptError(f"{rows.hub_id} ({config}) on the hub has no split {' or '.join(rows.splits)}")
