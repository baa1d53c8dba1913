"""Errors as `datasets` raises them for the hub."""

from __future__ import annotations

from datasets.exceptions import DatasetNotFoundError
from huggingface_hub.errors import GatedRepoError
from requests import Response


def gated(hub_id: str) -> Exception:
    """The error for a data set whose terms were not accepted."""
    try:
        try:
            raise GatedRepoError("403 Client Error", response=Response())
        except GatedRepoError as error:
            raise DatasetNotFoundError(f"Dataset '{hub_id}' is not open.") from error
    except DatasetNotFoundError as error:
        return error
