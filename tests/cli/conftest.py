"""A command as if in a process of its own, and what commands work with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xadapt.cli.main import main
from xadapt.store import store as stores

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Cli:
    """Run a command in this process: gives exit code, output and errors."""
    monkeypatch.delenv("XADAPT_DEBUG", raising=False)
    monkeypatch.setattr(stores, "shipped_folder", lambda: None)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        code = exit_.value.code
        assert isinstance(code, int)
        return code, captured.out, captured.err

    return run


@pytest.fixture
def lab_options(trained: Any) -> list[str]:
    """Options that name the tiny base, the mirror and the trained store."""
    return ["--base", trained.backbone.name, "--data", str(trained.mirror), "--store", str(trained.store.root)]
