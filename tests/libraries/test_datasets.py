"""What reaches into datasets, beside what it does by itself."""

from __future__ import annotations

import datasets

from xadapt.libraries.datasets import quiet


def test_quiet_silences_bars_and_remarks_and_not_errors() -> None:
    before, bars = datasets.logging.get_verbosity(), datasets.are_progress_bars_disabled()
    datasets.enable_progress_bars()
    datasets.logging.set_verbosity_warning()
    try:
        quiet()
        assert datasets.are_progress_bars_disabled()
        assert datasets.logging.get_verbosity() == datasets.logging.ERROR
    finally:
        datasets.logging.set_verbosity(before)
        if not bars:
            datasets.enable_progress_bars()
