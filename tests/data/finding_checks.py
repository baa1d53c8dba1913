"""How a test holds a finding about a file: what it names and counts, whatever the wording."""

from __future__ import annotations

from xadapt.data.file_findings import Finding


def check_finding(
    finding: Finding, *subjects: object, fault: bool = True, count: int | None = None, row: int | None = None
) -> None:
    """Check what a finding is about.

    Args:
        finding: The finding.
        subjects: What its line must name: a column, a value, what to do.
        fault: Whether it is a fault and no warning.
        count: How many rows it is about, None to leave that open.
        row: The first of them, None to leave that open.
    """
    assert len(finding.what.splitlines()) == 1
    for subject in map(str, subjects):
        assert subject in finding.what, f"{subject!r} is not in {finding.what!r}"
    assert finding.fault is fault
    assert count is None or finding.count == count
    assert row is None or finding.row == row
