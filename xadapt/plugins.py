"""Modules of a user that are to be imported wherever xadapt runs, because they register something.

An installed package names them as entry points of the group ``xadapt.plugins``. For one's own file or module there is
``$XADAPT_PLUGINS``: names of modules, or paths of Python files, separated by commas.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from xadapt.errors import XadaptError

GROUP = "xadapt.plugins"
VARIABLE = "XADAPT_PLUGINS"


def load_plugins() -> None:
    """Import what installed packages and ``$XADAPT_PLUGINS`` name, each once.

    Raises:
        XadaptError: If one cannot be imported.
    """
    _load(os.environ.get(VARIABLE, ""))


@cache
def _load(named: str) -> None:
    for entry in entry_points(group=GROUP):
        _import(entry.value.partition(":")[0], f"the entry point {entry.name} of the group {GROUP}")
    for name in filter(None, (part.strip() for part in named.split(","))):
        _import(name, f"${VARIABLE}")


def _import(name: str, where: str) -> None:
    try:
        if name.endswith(".py"):
            _import_file(Path(name).expanduser())
        else:
            importlib.import_module(name)
    except XadaptError:
        raise
    except Exception as error:
        # Whatever the module of somebody else does wrong.
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:160]
        raise XadaptError(f"{where} names {name}, which cannot be imported ({reason})") from error


def _import_file(path: Path) -> None:
    known = getattr(sys.modules.get(path.stem), "__file__", None)
    if known and Path(known).resolve() == path.resolve():
        return
    if path.stem in sys.modules:
        raise ImportError(f"there is another module {path.stem}: give the file another name")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ImportError("there is no such file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
