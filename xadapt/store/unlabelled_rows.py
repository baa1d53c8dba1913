"""What a record says of rows without labels that a run learnt from."""

from __future__ import annotations

from xadapt.store.names import Digest, Name, Plain
from xadapt.store.stored_part import Stored


class UnlabelledRows(Stored):
    """Rows without labels that a run learnt from, of one target language.

    Attributes:
        task: The target.
        language: The language.
        split: The split that they came from.
        rows: How many.
        available: How many the split has.
        measured: Whether the same split is measured, of which these are the last by the fixed shuffle of a limit.
        english: Whether the teacher answered the English versions.
        fingerprint: SHA-256 of their contents.
    """

    task: Name
    language: Name
    split: Plain
    rows: int
    available: int
    measured: bool
    english: bool
    fingerprint: Digest

    @property
    def fair_limit(self) -> int | None:
        """The largest limit of an evaluation that measures none of them; None where any will do."""
        return self.available - self.rows if self.measured else None
