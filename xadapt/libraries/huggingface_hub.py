"""What reaches into huggingface_hub."""

from __future__ import annotations

from typing import Any

from huggingface_hub.utils import tqdm


def quiet() -> None:
    """Silence the library's remarks on tries that it makes again.

    Test: ``tests/libraries/test_huggingface_hub.py``, quiet.
    """
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()


def stay_offline() -> None:
    """Let the library use its cache alone from now on, though it read the environment when it was imported.

    Left to itself it tries each file of a hub that does not answer for most of a minute.

    Test: ``tests/libraries/test_huggingface_hub.py``, staying offline.
    """
    from huggingface_hub import configure_http_backend, constants

    constants.HF_HUB_OFFLINE = True
    # Sessions that are there already would go on asking.
    configure_http_backend()


class NoBar(tqdm):
    """A progress bar that is not shown; the library has one switch for all bars of a process only.

    Test: ``tests/libraries/test_huggingface_hub.py``, a bar that is not shown.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take what the library gives, and show nothing."""
        super().__init__(*arguments, **{**options, "disable": True})
