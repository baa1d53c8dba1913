"""Fixtures: models into which adapters are put."""

from tests.adapter_beds import bed, calls, other_bed

__all__ = ["bed", "calls", "other_bed"]
