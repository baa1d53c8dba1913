"""Modules of a user that are imported wherever xadapt runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.error_checks import refused
from xadapt import plugins
from xadapt.errors import XadaptError


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing is loaded before or after a test."""
    before = set(sys.modules)
    plugins._load.cache_clear()
    yield
    plugins._load.cache_clear()
    for name in set(sys.modules) - before:
        if name.startswith("plugin_"):
            del sys.modules[name]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a plugin and load it, by its path or by the name of its module."""

    def loaded(name: str, code: str, by_path: bool = True) -> Path:
        path = tmp_path / f"{name}.py"
        path.write_text(code, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv(plugins.VARIABLE, str(path) if by_path else name)
        plugins.load_plugins()
        return path

    return loaded


@pytest.mark.parametrize("by_path", [True, False])
def test_a_module_is_imported_once_by_its_path_or_its_name(load: Callable[..., Path], by_path: bool) -> None:
    load("plugin_counted", "import sys\nsys.counted = getattr(sys, 'counted', 0) + 1\n", by_path)
    plugins._load.cache_clear()
    plugins.load_plugins()
    assert sys.counted == 1
    del sys.counted


def test_several_are_separated_by_commas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("plugin_one", "plugin_two"):
        (tmp_path / f"{name}.py").write_text("")
    monkeypatch.setenv(plugins.VARIABLE, f" {tmp_path / 'plugin_one.py'} ,, {tmp_path / 'plugin_two.py'}")
    plugins.load_plugins()
    assert {"plugin_one", "plugin_two"} <= set(sys.modules)


@pytest.mark.parametrize("name", ["plugin_nowhere", "no/such/plugin_nowhere.py"])
def test_a_module_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(plugins.VARIABLE, name)
    with refused("$XADAPT_PLUGINS", name):
        plugins.load_plugins()


@pytest.mark.parametrize("by_path", [True, False])
def test_a_module_that_fails_is_one_line_with_its_reason(load: Callable[..., Path], by_path: bool) -> None:
    with refused("$XADAPT_PLUGINS", "plugin_broken", "ZeroDivisionError"):
        load("plugin_broken", "1 / 0\n", by_path)
    assert "plugin_broken" not in sys.modules


def test_a_refusal_of_xadapt_inside_a_module_comes_as_it_is(load: Callable[..., Path]) -> None:
    with pytest.raises(XadaptError) as caught:
        load("plugin_refused", "from xadapt.errors import XadaptError\nraise XadaptError('a name is taken')\n")
    assert str(caught.value) == "a name is taken"


def test_a_file_with_the_name_of_another_module_is_refused(load: Callable[..., Path]) -> None:
    sys.modules["plugin_taken"] = sys
    with refused("$XADAPT_PLUGINS", "plugin_taken.py", advice="another name"):
        load("plugin_taken", "")


def test_an_entry_point_of_an_installed_package_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plugin_installed.py").write_text("")
    folder = tmp_path / "plugin_installed-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-installed\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(f"[{plugins.GROUP}]\nmine = plugin_installed\ngone = plugin_gone\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv(plugins.VARIABLE, raising=False)
    with refused("entry point gone", plugins.GROUP, "plugin_gone"):
        plugins.load_plugins()
    assert "plugin_installed" in sys.modules
