"""What reaches into huggingface_hub, beside what it does by itself."""

from __future__ import annotations

import io

import pytest
from huggingface_hub import constants, utils
from huggingface_hub.errors import OfflineModeIsEnabled
from huggingface_hub.utils import get_session, tqdm
from huggingface_hub.utils import logging as library_logging

from xadapt.libraries import huggingface_hub


def test_quiet_silences_remarks_and_not_errors() -> None:
    before = library_logging.get_verbosity()
    library_logging.set_verbosity_warning()
    try:
        huggingface_hub.quiet()
        assert library_logging.get_verbosity() == library_logging.ERROR
    finally:
        library_logging.set_verbosity(before)


def test_staying_offline_holds_for_sessions_that_are_there_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    utils.configure_http_backend()
    get_session()
    huggingface_hub.stay_offline()
    with pytest.raises(OfflineModeIsEnabled):
        get_session().get("http://127.0.0.1:9")


def test_a_bar_that_is_not_shown_writes_nothing_where_the_library_s_does() -> None:
    for kind, shown in ((tqdm, True), (huggingface_hub.NoBar, False)):
        written = io.StringIO()
        list(kind(range(3), file=written, disable=False))
        assert bool(written.getvalue()) is shown
