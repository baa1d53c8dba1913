"""Fixtures: made-up results."""

import pytest

from tests.made_up_results import fusion_loses, measured, measurement, result, tested_fusion
from tests.reports.blocks import with_tests
from xadapt.analysis.comparison import compare
from xadapt.analysis.tested import Tested

__all__ = ["fusion_loses", "loses", "measured", "measurement", "result", "tested_fusion"]


@pytest.fixture
def loses(fusion_loses):
    """The fusion's mean is tested and found worse, with one language significant on either side."""
    worse = Tested(-1.0, -1.9, -0.2, 0.01, 0.03, None, 4000, 1)
    better = Tested(1.0, 0.3, 1.8, 0.0001, 0.0002, None, 2000, 1)
    unsure = Tested(-3.0, -6.2, 0.4, 0.05, 0.05, None, 2000, 1)
    return with_tests(compare(fusion_loses)[0], "fuse(mnli, stsb)", worse, de=better, sw=unsure)
