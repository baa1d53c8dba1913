"""What reaches into datasets."""

from __future__ import annotations


def quiet() -> None:
    """Silence bars and remarks of every file that is read.

    Test: ``tests/libraries/test_datasets.py``.
    """
    import datasets

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
