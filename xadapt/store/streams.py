"""Files that are too long to be written in one piece, and yet appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from xadapt.errors import XadaptError
from xadapt.store.files import _make_folder


@contextmanager
def atomic_stream(path: Path) -> Iterator[IO[bytes]]:
    """Yield a binary stream whose content takes the place of ``path`` when the block ends without an error.

    Raises:
        XadaptError: If ``path`` is a folder, or nothing can be written beside it.
    """
    if path.is_dir():
        raise XadaptError(f"{path} is a folder: name a file")
    _make_folder(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
