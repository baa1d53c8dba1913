"""What a user should know of the texts of own rows that are read as they are: empty, or damaged on their way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xadapt.errors import quoted
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xadapt.tasks import Kind, Row

#: UTF-8 that was read as Windows-1252 or Latin-1, without what stands so in texts, as ``Ã»`` behind a Portuguese word.
_MISREAD = re.compile(
    "Ã[\xa1-\xaa\xac-\xba\xbc-\xbf]|Â[\xa0-\xaa\xac-\xba\xbc-\xbf]|â€[\u0153\u2122\u201c\u201d\u02dc\xa2\xa6]"
    "|(?:[ÐÑ][\x80-\xbf\u2018-\u2122]){2}"
)
#: Stands for what a decoder could not read.
_LOST = "\ufffd"


def odd_texts(rows: Sequence[tuple[int, Row]], kind: Kind, where: str) -> Iterator[str]:
    """Notes on texts that are empty or were read in another encoding than they were written in.

    Args:
        rows: Usable rows with their numbers.
        kind: Their kind.
        where: What notes name.
    """
    spec = spec_of(kind)
    fields = [name for name in (*kind.fields, *kind.optional) if spec.field_of(name).asked]
    for field in fields:
        empty = [number for number, row in rows if isinstance(row.get(field), str) and not row[field].strip()]
        if empty:
            yield f"{where}: {len(empty):,} of {len(rows):,} rows have no text in {field} (the first is row {empty[0]})"
    damaged = [(number, found) for number, row in rows if (found := _damage([row.get(field) for field in fields]))]
    if damaged:
        number, found = damaged[0]
        yield (
            f"{where}: {len(damaged):,} of {len(rows):,} rows were written in another encoding than they were read in "
            f"(the first is row {number}: {quoted(found)}): make the file again from its source"
        )


def _damage(values: Sequence[Any]) -> str:
    """A piece of damaged text, "" where there is none."""
    for value in values:
        text = " ".join(map(str, value)) if isinstance(value, list) else value
        # Most texts of other scripts have no such character, and are not searched.
        if not isinstance(text, str) or text.isascii():
            continue
        match = _MISREAD.search(text)
        at = match.start() if match else text.find(_LOST)
        if at >= 0:
            return text[max(0, at - 10) : at + 10]
    return ""
