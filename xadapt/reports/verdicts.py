"""What a comparison allows to be said, in words: who wins, by how much, and how little that may mean."""

from __future__ import annotations

from collections.abc import Sequence

from xadapt.analysis.comparison_rows import (
    FEW_SEEDS,
    Block,
    Reference,
    Row,
    TaskComparison,
    Tested,
    best_in_english,
    english_or_least,
)
from xadapt.reports.numbers import interval, p_value, plain, signed, spread

#: Below this many rows per language, differences of a point or two are within sampling error.
SMALL = 1000
#: Closer than this, and two scores print the same.
TIE = 0.05
#: Why there is no test where nothing was stored to test with.
NO_EXAMPLES = "no per-example scores (evaluate again with the same data to make them)"


def block_title(block: Block) -> str:
    """Say what the setups of a block have in common."""
    learnt = next((run.target for row in block.rows for run in row.runs if run.target != run.task), None)
    rows = f"English rows of {learnt}, not of the target" if learnt else "the target's English rows"
    title = f"Trained on {rows}" if block.with_target else "Not trained on the target"
    if block.variant:
        # Retrieval has no target rows to speak of, unless someone brought some.
        return f"{title}, {block.variant}" if block.with_target else block.variant.capitalize()
    return title


def compositions(block: Block) -> list[Row]:
    """The setups that put adapters together and can be compared with the reference."""
    return [row for row in block.rows if row.family not in ("none", "single") and row.difference is not None]


def judged(block: Block) -> Row | None:
    """Pick the setup a verdict is about: the best fusion by English dev or test score, never by target languages.

    Returns:
        The fusion's row; without a fusion, that of the best other composition; where there is no English score, the
        first by name; None if there is no composition that can be compared.
    """
    composed = compositions(block)
    fusions = [row for row in composed if row.family == "fuse"]
    if fusions:
        return best_in_english(fusions)
    # Dev scores are not of one kind here: an ensemble's is the mean of its members'.
    return min(composed, key=lambda row: (-english_or_least(row), row.label), default=None)


def chosen_by(block: Block) -> str:
    """Say on which rows the best single adapter was chosen; "" where none was, or there was no choice."""
    reference = block.reference
    if reference is None or reference.row is None or not reference.chosen:
        return ""
    row = reference.row
    if reference.by_targets:
        return (
            f"{block_title(block)}: **as asked, the target languages' own test rows chose** the best single adapter, "
            f"`{row.label}`, by {plain(row.zero_shot)}; such a choice has seen the answers and flatters the adapter."
        )
    rows, score = (f"dev rows of {row.dev_task}", row.dev) if reference.by_dev else ("test rows", row.english)
    return f"{block_title(block)}: the best single adapter is `{row.label}`, by {plain(score)} on English {rows}."


def headline(block: Block) -> str:
    """Say in a few words whether fusion beats the best single adapter or loses to it, and by how much."""
    row = judged(block)
    if block.reference is None:
        return "No verdict: there is no single adapter here to compare with"
    if row is None or row.difference is None:
        if all(row.family in ("none", "single") for row in block.rows):
            return "No verdict: there is no composition here to compare with the single adapters"
        return "No verdict: no target language was scored by every setup"
    who = "Fusion" if row.family == "fuse" else f"`{row.label}`"
    if row.tested is not None:
        return _tested_headline(who, row.tested, _against(block))
    if abs(row.difference) < TIE:
        return f"{who} and {_against(block)} {'tie' if row.family == 'fuse' else 'are level'}"
    how = f"{'beats' if row.difference > 0 else 'loses to'} {_against(block)}"
    by = spread(f"{abs(row.difference):.1f}", row.difference_spread)
    within = row.difference_spread is not None and abs(row.difference) <= row.difference_spread
    return f"{who} {how} by {by}{', no more than it varies over seeds' if within else ''}"


def verdict(comparison: TaskComparison, block: Block) -> str:
    """Say whether fusion beats the best single adapter or loses to it, by how much, and how sure that is.

    Args:
        comparison: The comparison.
        block: One of its blocks.

    Returns:
        A paragraph in Markdown.
    """
    row, reference = judged(block), block.reference
    if row is None or reference is None:
        return f"**{headline(block)}.**"
    where = "on the target languages" if reference.by_targets else "in English"
    chosen = f"`{reference.label}`, the best single adapter {'on English dev rows' if reference.by_dev else where},"
    who = chosen if reference.chosen else reference.label
    total = sum(code in row.differences for code in comparison.languages)
    sentences = [
        f"**{headline(block)}.**",
        f"`{row.label}`{_choice(block, row)} reaches {plain(row.zero_shot)} zero-shot; {who} reaches "
        f"{plain(reference.zero_shot)}. The {_noun(row)} is ahead in {row.ahead} of {total} languages.",
        _above(block, row),
        _baseline(block),
        _certainty(block, row, reference),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def survey(block: Block) -> str:
    """Say which of several compositions stand above the reference, and where the best of them in English stands.

    Returns:
        A paragraph in Markdown; "" if there are not several.
    """
    composed = compositions(block)
    if len(composed) < 2:
        return ""
    above = [row for row in composed if row.difference is not None and row.difference >= TIE]
    listed = ", ".join(_placed(row) for row in sorted(above, key=lambda row: (-(row.difference or 0.0), row.label)))
    stand = "stands" if len(above) == 1 else "stand"
    first = (
        f"Of {len(composed)} compositions {len(above)} {stand} above {_against(block)}: {listed}."
        if above
        else f"None of the {len(composed)} compositions stands above {_against(block)}."
    )
    first += _significant(composed)
    best = min(composed, key=lambda row: (-english_or_least(row), row.label))
    if best.english is None or best == judged(block):
        return first
    return f"{first} Chosen by English among them: {_placed(best)}."


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


def _sampling_error(comparison: TaskComparison, n: int) -> str:
    # The binomial formula fits shares of right answers only, not correlations or token F1.
    means = [row.zero_shot for block in comparison.blocks for row in block.rows if row.zero_shot is not None]
    if comparison.metric != "accuracy" or not means:
        return ""
    share = min(max(sum(means) / len(means) / 100, 0.0), 1.0)
    error = 100 * (share * (1 - share) / n) ** 0.5
    return f" The standard error of one language's score is about {error:.1f} points."


def _against(block: Block) -> str:
    if block.reference is not None and block.reference.chosen:
        return "the best single adapter"
    singles = sum(row.family == "single" for row in block.rows)
    return "the average single adapter" if singles > 1 else "the only single adapter"


def _noun(row: Row) -> str:
    return "fusion" if row.family == "fuse" else "composition"


def _significant(composed: Sequence[Row]) -> str:
    tests = [row.tested for row in composed if row.tested is not None]
    if not tests:
        return ""
    found = [test for test in tests if test.significant]
    above = sum(test.difference > 0 for test in found)
    of = "" if len(tests) == len(composed) else f" of the {len(tests)} tested"
    return f" Significantly above it: {above or 'none'}{of}; significantly below: {len(found) - above or 'none'}."


def _placed(row: Row) -> str:
    return f"`{row.label}` ({spread(signed(row.difference), row.difference_spread)})"


def _choice(block: Block, row: Row) -> str:
    alike = sum((other.family == "fuse") == (row.family == "fuse") for other in compositions(block))
    if alike == 1:
        return ""
    how = "the first by name" if row.english is None else "the best in English"
    return f" ({how} of {alike} {_noun(row)}s)"


def _above(block: Block, row: Row) -> str:
    # Hindsight, so it decides nothing; but a reader must not take the best in English for the best of all.
    assert row.zero_shot is not None
    above = [
        other
        for other in block.rows
        if other.family == "single" and other.zero_shot is not None and other.zero_shot > row.zero_shot
    ]
    others = [other for other in above if block.reference is None or other.label != block.reference.label]
    if not others:
        return ""
    listed = ", ".join(f"`{other.label}` ({plain(other.zero_shot)})" for other in others)
    return f"In hindsight {listed} {'stands' if len(others) == 1 else 'stand'} above it."


def _baseline(block: Block) -> str:
    bare = next((row for row in block.rows if row.family == "none" and row.zero_shot is not None), None)
    if bare is None:
        return ""
    what = "The target's adapter alone" if block.with_target else "The base without any adapter"
    return f"{what} reaches {plain(bare.zero_shot)}."


def _certainty(block: Block, row: Row, reference: Reference) -> str:
    if row.tested is not None:
        setups = sum(other.tested is not None for other in block.rows)
        return f"{_levels(row.tested, setups)} {_by_language(row)}".rstrip()
    why = row.untested or NO_EXAMPLES
    if reference.row is None:
        why = "the single adapters have no English score that would choose one of them"
    seeds = len(row.seeds), reference.seeds
    if seeds == (1, 1):
        return f"Not tested: {why}. With one seed no significance is claimed."
    if 1 in seeds:
        return f"Not tested: {why}. One of the two has one seed only, so no significance is claimed."
    spreads = f"the zero-shot mean varies over seeds by {plain(row.seed_spread)} for the {_noun(row)}"
    if reference.row is not None:
        spreads += f" and {plain(reference.row.seed_spread)} for the single adapter"
    return f"Not tested: {why}. No significance is claimed; {spreads} ({seeds[0]} and {seeds[1]} seeds)."


def _tested_headline(who: str, tested: Tested, against: str) -> str:
    said = f"95 % interval {interval(tested.low, tested.high)}, p = {p_value(tested.adjusted)}".replace("= <", "< ")
    if tested.significant:
        how = "beats" if tested.difference > 0 else "loses to"
        return f"{who} significantly {how} {against}, by {abs(tested.difference):.1f} ({said})"
    if abs(tested.difference) < TIE:
        return f"{who} and {against} are level ({said}: not significant)"
    place = "above" if tested.difference > 0 else "below"
    return f"{who} is {place} {against} by {abs(tested.difference):.1f}, not significantly ({said})"


def _levels(tested: Tested, setups: int) -> str:
    family = f", p adjusted by Holm over the {setups} setups tested" if setups > 1 else ""
    if tested.seeds == 1:
        return (
            f"Tested by a paired bootstrap over {tested.examples:,} examples{family}. There is one seed, so only "
            "examples were resampled: nothing is said about other seeds."
        )
    text = f"Tested by a paired bootstrap over {tested.seeds} seeds and {tested.examples:,} examples{family}."
    alone = f"; by the seeds alone p = {p_value(tested.seed_p_value)}".replace("= <", "< ")
    alone = alone if tested.seed_p_value is not None else ""
    if tested.seeds < FEW_SEEDS:
        return f"{text} {tested.seeds} seeds are few: others may differ more than the interval says{alone}."
    return f"{text[:-1]}{alone}."


def _by_language(row: Row) -> str:
    tally = row.tally
    if tally is None:
        return ""
    return (
        f"By language it is significantly above in {tally.significantly_better} and below in "
        f"{tally.significantly_worse} (Holm over the languages)."
    )
