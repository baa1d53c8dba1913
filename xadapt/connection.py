"""Whether the hub can be reached, found out once and fast."""

from __future__ import annotations

import socket
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies


@cache
def prepare_hub() -> bool:
    """Find out whether the hub answers; if not, let its libraries use their caches at once.

    Left to themselves they try each file again and again for most of a minute, with a page of warnings.

    Returns:
        Whether the hub's host takes a connection (True behind a proxy, which decides that itself).
    """
    from huggingface_hub import constants

    from xadapt.libraries.huggingface_hub import quiet, stay_offline

    quiet()
    if constants.HF_HUB_OFFLINE:
        return False
    host = urlsplit(constants.ENDPOINT)
    if host.scheme in getproxies():
        return True
    try:
        port = host.port or (80 if host.scheme == "http" else 443)
        socket.create_connection((host.hostname or "", port), timeout=5).close()
    except OSError:
        stay_offline()
        return False
    return True
