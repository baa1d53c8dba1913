"""What limits a comparison, in words: its data, its size, languages left out, unlike seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.analysis.tested import WANTED, Untested
from xadapt.composition.expression import uses_unlabelled
from xadapt.composition.grammar import parse

if TYPE_CHECKING:
    from xadapt.analysis.comparison_rows import TaskComparison

#: Below this many rows per language, differences of a point or two are within sampling error.
SMALL = 1000


def notes(comparison: TaskComparison) -> list[str]:
    """Say what limits a comparison: its data, its size, languages left out, unlike seeds.

    Returns:
        One Markdown sentence or two per limit, the gravest first.
    """
    found = []
    if comparison.data == "bundled":
        found.append("The bundled data is a demonstration that the software works. It is never a benchmark.")
    if comparison.limit is not None:
        found.append(f"A sample: at most {comparison.limit} rows per language were scored.")
    elif comparison.sample:
        found.append("A sample: the data holds only a part of the official test sets.")
    elif comparison.data.startswith("mirror:"):
        found.append(
            "The data came from a mirror, which may hold only a part of the official test sets; N says how much."
        )
    targets = [comparison.counts[code] for code in comparison.languages]
    if targets and min(targets) < SMALL:
        span = f"{min(targets)}" if min(targets) == max(targets) else f"{min(targets)} to {max(targets)}"
        found.append(f"Small N: {span} rows per language.{_sampling_error(comparison, min(targets))}")
    found += _power(comparison)
    rows = [row for block in comparison.blocks for row in block.rows]
    informed = dict.fromkeys(row.label for row in rows if uses_unlabelled(parse(row.setup)))
    if informed:
        names = ", ".join(f"`{label}`" for label in informed)
        found.append(f"Not zero-shot, because text of target languages was learnt from without its labels: {names}.")
    for setups in dict.fromkeys(comparison.left_out.values()):
        codes = [code for code, lacking in comparison.left_out.items() if lacking == setups]
        listed = ", ".join(f"`{setup}`" for setup in setups)
        left = f"{', '.join(codes)} {'is' if len(codes) == 1 else 'are'} left out of the means"
        found.append(f"{left}: not evaluated with {listed}.")
    if comparison.uneven:
        found.append(f"Setups were scored on different numbers of rows in {', '.join(comparison.uneven)}.")
    if comparison.unlike:
        names = ", ".join(f"`{name}`" for name in comparison.unlike)
        found.append(f"Not the same checkpoint in every setup, though of one seed: {names}.")
    if len({row.seeds for block in comparison.blocks for row in block.rows}) > 1:
        found.append("Setups were trained with different seeds; setups.csv has them.")
    if any(block.reference and not block.reference.chosen for block in comparison.blocks):
        found.append(
            "No English score exists here, and target languages must not choose an adapter, "
            "so setups are compared with the mean of the single adapters."
        )
    return found


def _power(comparison: TaskComparison) -> list[str]:
    from xadapt.analysis.power import shown_by

    shown = [points for block in comparison.blocks if (points := shown_by(comparison, block)) is not None]
    rows = [row for block in comparison.blocks for row in block.rows]
    if not shown:
        one_seed = any(row.untested is Untested.ONE_SEED for row in rows)
        return ["Descriptive only: one seed shows no difference."] if one_seed else []
    found = f"a difference to the reference of {min(shown):.1f} points is found in 80 % of experiments like this one"
    return [f"Descriptive only: {found}." if min(shown) > WANTED else f"{found[0].upper()}{found[1:]}."]


def _sampling_error(comparison: TaskComparison, n: int) -> str:
    # The binomial formula fits shares of right answers only, not correlations or token F1.
    means = [row.zero_shot for block in comparison.blocks for row in block.rows if row.zero_shot is not None]
    if comparison.metric != "accuracy" or not means:
        return ""
    share = min(max(sum(means) / len(means) / 100, 0.0), 1.0)
    error = 100 * (share * (1 - share) / n) ** 0.5
    return f" The standard error of one language's score is about {error:.1f} points."
