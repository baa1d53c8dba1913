"""How numbers are printed, in every table alike."""

from __future__ import annotations

import math

NOTHING = "–"


def plain(value: float | None, digits: int = 1) -> str:
    """Print a number, a score with one decimal; a dash for None or NaN."""
    if value is None or math.isnan(value):
        return NOTHING
    return f"{round(float(value), digits) + 0.0:.{digits}f}".replace("-", "−")


def percent(share: float) -> str:
    """Print a share as a percentage with one decimal."""
    return plain(100 * share)


def signed(value: float | None, digits: int = 1) -> str:
    """Print a difference with its sign, a dash for None; what rounds to nothing has no sign."""
    if value is None:
        return NOTHING
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}".replace("-", "−") if rounded else f"{0.0:.{digits}f}"


def count(value: int | None) -> str:
    """Print a whole number with a comma between thousands, a dash for None."""
    return NOTHING if value is None else f"{value:,}"


def after_spread(deviation: float | None) -> str:
    """What follows a number with this standard deviation, "" for None."""
    return "" if deviation is None else f" ± {plain(deviation)}"


def spread(value: str, deviation: float | None) -> str:
    """Add a standard deviation to a printed number, nothing for None."""
    return value + after_spread(deviation)


def interval(low: float, high: float) -> str:
    """Print the ends of an interval of differences."""
    return f"{signed(low)} to {signed(high)}"


def p_value(value: float | None) -> str:
    """Print a p-value with three decimals, a dash for None."""
    if value is None:
        return NOTHING
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def megabytes(size: int | None) -> str:
    """Print a number of bytes in millions, a dash for None."""
    return NOTHING if size is None else f"{size / 1e6:.2f}"


def room(size: int) -> str:
    """Print a number of bytes with the unit that fits it, such as ``1.2 GB``."""
    value, units = float(size), iter(("bytes", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while value >= 999.5 and unit != "TB":
        value, unit = value / 1000, next(units)
    return f"{value:.0f} {unit}" if unit == "bytes" or value >= 99.5 else f"{value:.1f} {unit}"


def age(seconds: float) -> str:
    """Print how long ago something was, in the largest unit that it fills."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f"{count} {unit}" + ("" if count == 1 else "s")
    return "now"
