"""Whether the hub can be reached."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from huggingface_hub import constants

from xadapt import connection
from xadapt.libraries import huggingface_hub

Reach = Callable[..., bool]


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Notes that the libraries were sent to their caches, and leaves them as they are."""
    asked: list[bool] = []
    monkeypatch.setattr(huggingface_hub, "stay_offline", lambda: asked.append(True))
    monkeypatch.setattr(huggingface_hub, "quiet", lambda: None)
    return asked


@pytest.fixture
def reach(monkeypatch: pytest.MonkeyPatch, offline: list[bool]) -> Reach:
    """Look for a hub at an address, as if for the first time."""

    def looked(endpoint: str, offline: bool = False, proxies: dict[str, str] | None = None) -> bool:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        monkeypatch.setattr(constants, "ENDPOINT", endpoint)
        monkeypatch.setattr(connection, "getproxies", lambda: proxies or {})
        return connection.prepare_hub.__wrapped__()

    return looked


@pytest.fixture
def listening() -> Iterator[int]:
    """A port that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_host_that_takes_a_connection_is_reached(reach: Reach, offline: list[bool], listening: int) -> None:
    assert reach(f"http://127.0.0.1:{listening}")
    assert not offline


def test_where_nothing_answers_the_libraries_use_their_caches(reach: Reach, offline: list[bool]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not reach(f"http://127.0.0.1:{port}")
    assert offline


def test_a_user_who_is_offline_on_purpose_is_not_connected(reach: Reach, listening: int) -> None:
    assert not reach(f"http://127.0.0.1:{listening}", offline=True)


def test_a_proxy_decides_for_itself(reach: Reach, offline: list[bool]) -> None:
    assert reach("https://127.0.0.1:1", proxies={"https": "http://proxy:3128"})
    assert not offline
