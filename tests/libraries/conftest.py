"""Fixtures: models into which adapters are put."""

from tests.adapter_hosts import calls, host, other_host

__all__ = ["calls", "host", "other_host"]
