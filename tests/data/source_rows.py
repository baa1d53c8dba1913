"""Rows of a small mirror, and mistakes in one line."""

import pytest

from xadapt.errors import XadaptError
from xadapt.tasks import get_task

XNLI = get_task("xnli")


def nli_rows(count, mark="en", label=0):
    """Rows with the columns of XNLI."""
    return [{"premise": f"{mark} {i}", "hypothesis": "h", "label": label} for i in range(count)]


def fault(call, *arguments):
    """What a call says that is refused, on one line."""
    with pytest.raises(XadaptError) as caught:
        call(*arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message
