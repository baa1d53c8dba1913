"""Fixtures: made-up results."""

from tests.made_up_results import fusion_loses, measured, measurement, result, tested_fusion

__all__ = ["fusion_loses", "measured", "measurement", "result", "tested_fusion"]
