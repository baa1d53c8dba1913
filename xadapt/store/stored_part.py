"""What parts of records are made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Stored(BaseModel):
    """A part of a record; a value of another type is an error, whatever it could be turned into."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)
