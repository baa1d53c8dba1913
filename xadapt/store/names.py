"""What the names in a record may be: a record may be a stranger's, and its names become paths, code and commands.

Whether a setup is one says its grammar (:mod:`xadapt.composition.grammar`); here its characters are held to those
that setups are written with, none of which means anything to a shell, to Python or to a page.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator

from xadapt.errors import XadaptError

#: As the grammar of setups has names.
_NAME = re.compile(r"[A-Za-z0-9][\w-]*")
_WORDS = re.compile(r"\w[\w@.-]*( [\w@.-]+)*")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f-\x9f<>`|\[\]\\]*")
_FOLDER = re.compile(r"[\w-]+(\+[\w-]+)*")
_SETUP = re.compile(r"[\w(-][\w ,()@+*=.-]*")
_RUN_NAME = re.compile(r"\w[\w-]*")
_RUN = re.compile(r"[0-9a-f]{16}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: What ends a name in some system, or leads elsewhere in one.
_NO_FILE = frozenset('\\:*?"<>|')
#: No file system takes a longer name.
_LONGEST = 255


def _held(pattern: re.Pattern[str], what: str, longest: int | None = _LONGEST) -> AfterValidator:
    def check(text: str) -> str:
        if not pattern.fullmatch(text) or (longest is not None and len(text.encode(errors="replace")) > longest):
            raise ValueError(f"{text[:80]!r} is {what}")
        return text

    return AfterValidator(check)


def file_fault(name: str) -> str | None:
    """What is wrong with the name of a file that is to lie in a folder, None when nothing is.

    Args:
        name: Its path in the folder, with ``/`` between folders.
    """
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or _NO_FILE & set(name) or PurePosixPath(name).is_absolute():
        return f"{name[:80]!r} leads out of its folder"
    if not name.isprintable() or any(len(part.encode(errors="replace")) > _LONGEST for part in parts):
        return f"{name[:80]!r} is no name of a file"
    return None


def path_part(name: str) -> str:
    """A name, if it may be one part of a path in a store.

    Raises:
        XadaptError: If it may not.
    """
    if "/" in name or file_fault(name):
        raise XadaptError(f"{name[:80]!r} names nothing in a store: letters, digits, - and _ do")
    return name


def _file(name: str) -> str:
    fault = file_fault(name)
    if fault:
        raise ValueError(fault)
    return name


#: A task, and what is called by it: an adapter, a head.
Name = Annotated[str, _held(_NAME, "no name of a task: letters, digits, - and _")]
#: A kind of run or of problem, a metric, a way of doing something.
Words = Annotated[str, _held(_WORDS, "no name: letters, digits, -, _, @ and full stops")]
#: What is shown in titles and sentences.
Plain = Annotated[str, _held(_PLAIN, "no name: it has signs that mean something to a page or a terminal")]
#: A folder that an export gives to an adapter or a fusion.
FolderName = Annotated[str, _held(_FOLDER, "no name of a folder: letters, digits, -, _ and +")]
#: An expression, by its characters.
SetupText = Annotated[str, _held(_SETUP, "no setup", None)]
#: A run, by the name of its folder, which is its hash.
RunName = Annotated[str, _held(_RUN_NAME, "no name of a run: letters, digits, - and _")]
#: The hash of a run, and that of its weights.
RunHash = Annotated[str, _held(_RUN, "no hash of a run: 16 hexadecimal digits")]
#: SHA-256.
Digest = Annotated[str, _held(_DIGEST, "no SHA-256: 64 hexadecimal digits")]
#: A file by its path in the folder of the record.
FileName = Annotated[str, AfterValidator(_file)]
