"""Versions of what decides a result."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from xadapt import __version__

_LIBRARIES = ("adapters", "torch", "transformers", "tokenizers")


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    # A local build tag such as +cpu or +cu126 names the same release.
    return tuple((name, version(name).split("+")[0]) for name in _LIBRARIES)


def library_versions() -> dict[str, str]:
    """Versions of the libraries that compute, by name: what decides a result beside the revision of its kind of run."""
    return dict(_versions())


def versions() -> dict[str, str]:
    """Version of xadapt and of the libraries that compute, by name."""
    return {"xadapt": __version__, **library_versions()}
