"""What a comparison shows, in words: who wins, by how much, and how little that may mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.analysis.comparison_rows import Block, Reference, SetupRow, TaskComparison, english_or_least
from xadapt.analysis.tested import Tested, Untested
from xadapt.analysis.verdict import TIE, Outcome, Verdict, candidates, compositions, decide, judged
from xadapt.tables.numbers import interval, p_value, plain, signed, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xadapt.analysis.costs import Timing

_WHY_UNTESTED = {
    Untested.NO_EXAMPLES: "no per-example scores (evaluate again with the same data to make them)",
    Untested.DAMAGED: "its per-example scores are damaged (`xadapt store check --repair`, then evaluate again)",
    Untested.NO_PAIRS: "its runs have no seed in common with those of the reference",
    Untested.NO_CHOICE: "there are no English rows to choose a reference by",
    Untested.ONE_SEED: "there is one seed, which says nothing of others (train with two more)",
    Untested.OTHER_ROWS: "it was not scored on the same rows as the reference",
    Untested.FEW_ROWS: "a language has fewer than two rows",
}
_NO_VERDICT = {
    Outcome.NO_SINGLE: "there is no single adapter here to compare with",
    Outcome.NO_COMPOSITION: "there is no composition here to compare with the single adapters",
    Outcome.NO_LANGUAGE: "no target language was scored by every setup",
}


def why_untested(reason: Untested | None) -> str:
    """Say why there is no test, "" where there is one or none was tried."""
    return _WHY_UNTESTED[reason] if reason else ""


def how_timed(timing: Timing | None) -> str:
    """Say how the time of an example was measured, "" if it was not."""
    if timing is None:
        return ""
    record, measured = timing.record, timing.measured
    threads = f"{record.threads} thread{'s' if record.threads > 1 else ''}"
    share = f", running {measured.processor_share:.0%} of the time" if record.device == "cpu" else ""
    return (
        f"{measured.rows} rows of {measured.language} ({record.data}), of {measured.tokens:.0f} tokens on average, "
        f"{record.precision} on {record.hardware}, {threads}{share}; every setup once in each of {record.repeats} "
        "repeats, in random order"
    )


def block_title(block: Block) -> str:
    """Say what the setups of a block have in common."""
    learnt = next((run.target for row in block.rows for run in row.runs if run.target != run.task), None)
    rows = f"English rows of {learnt}, not of the target" if learnt else "the target's English rows"
    title = f"Trained on {rows}" if block.with_target else "Not trained on the target"
    if block.with_target and not all(row.with_target for row in block.rows):
        title += ", or straight"
    if block.variant:
        # Retrieval has no target rows to speak of, unless someone brought some.
        return f"{title}, {block.variant}" if block.with_target else block.variant.capitalize()
    return title


def chosen_by(block: Block) -> str:
    """Say which setup is the reference, and on which rows it was chosen; "" where none was, or there was no choice."""
    reference = block.reference
    if reference is None or reference.row is None or not reference.chosen:
        return ""
    row = reference.row
    if reference.by_targets:
        return (
            f"{block_title(block)}: **as asked, the target languages' own test rows chose** {_against(block)}, "
            f"`{row.label}`, by {plain(row.zero_shot)}; such a choice has seen the answers and flatters what it takes."
        )
    rows, score = (f"dev rows of {row.dev_task}", row.dev) if reference.by_dev else ("test rows", row.english)
    what = (
        "the reference, the best of none and the single adapters," if reference.with_none else "the best single adapter"
    )
    return f"{block_title(block)}: {what} is `{row.label}`, by {plain(score)} on English {rows}."


def headline(block: Block) -> str:
    """Say in a few words whether fusion beats the reference or loses to it, and by how much."""
    found = decide(block)
    if found.outcome in _NO_VERDICT:
        return f"No verdict: {_NO_VERDICT[found.outcome]}"
    return _headline(found, _against(block))


def _headline(found: Verdict, against: str) -> str:
    assert found.row is not None
    assert found.difference is not None
    fused = found.row.family == "fuse"
    who = "Fusion" if fused else f"`{found.row.label}`"
    if found.tested is not None:
        return _tested_headline(who, found, found.tested, against)
    if found.outcome is Outcome.LEVEL:
        return f"{who} and {against} {'tie' if fused else 'are level'}"
    how = f"{'beats' if found.outcome is Outcome.ABOVE else 'loses to'} {against}"
    by = spread(f"{abs(found.difference):.1f}", found.spread)
    return f"{who} {how} by {by}{', no more than it varies over seeds' if found.within_seeds else ''}"


def _tested_headline(who: str, found: Verdict, tested: Tested, against: str) -> str:
    numbers = f"95 % interval {interval(tested.low, tested.high)}, p = {p_value(tested.adjusted)}".replace("= <", "< ")
    if found.significant:
        how = "beats" if tested.difference > 0 else "loses to"
        return f"{who} significantly {how} {against}, by {abs(tested.difference):.1f} ({numbers})"
    if found.outcome is Outcome.LEVEL:
        return f"{who} and {against} are level ({numbers}: not significant)"
    where = "above" if found.outcome is Outcome.ABOVE else "below"
    return f"{who} is {where} {against} by {abs(tested.difference):.1f}, not significantly ({numbers})"


def verdict(comparison: TaskComparison, block: Block) -> str:
    """Say whether fusion beats the reference or loses to it, by how much, and how sure that is.

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
    chosen = f"`{reference.label}`, {_against(block)} {'on English dev rows' if reference.by_dev else where},"
    who = chosen if reference.chosen else reference.label
    total = sum(code in row.differences for code in comparison.languages)
    sentences = [
        f"**{headline(block)}.**",
        f"`{row.label}`{_choice(block, row)} reaches {plain(row.zero_shot)} zero-shot; {who} reaches "
        f"{plain(reference.zero_shot)}. The {_noun(row)} is ahead in {row.ahead} of {total} languages.",
        _above(block, row),
        _to_single(block, row),
        _baseline(block),
        _certainty(block, row, reference),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def survey(block: Block) -> str:
    """Name those of several compositions that are above the reference, and where the best of them in English is.

    Returns:
        A paragraph in Markdown; "" if there are not several.
    """
    composed = compositions(block)
    if len(composed) < 2:
        return ""
    above = [row for row in composed if row.difference is not None and row.difference >= TIE]
    listed = ", ".join(
        _with_difference(row) for row in sorted(above, key=lambda row: (-(row.difference or 0.0), row.label))
    )
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
    return f"{first} Chosen by English among them: {_with_difference(best)}."


def _against(block: Block) -> str:
    if block.reference is not None and block.reference.chosen:
        return "the reference" if block.reference.with_none else "the best single adapter"
    singles = sum(row.family == "single" for row in block.rows)
    return "the average single adapter" if singles > 1 else "the only single adapter"


def _noun(row: SetupRow) -> str:
    return "fusion" if row.family == "fuse" else "composition"


def _significant(composed: Sequence[SetupRow]) -> str:
    tests = [row.tested for row in composed if row.tested is not None]
    if not tests:
        return ""
    found = [test for test in tests if test.significant]
    above = sum(test.difference > 0 for test in found)
    of = "" if len(tests) == len(composed) else f" of the {len(tests)} tested"
    return f" Significantly above it: {above or 'none'}{of}; significantly below: {len(found) - above or 'none'}."


def _with_difference(row: SetupRow) -> str:
    return f"`{row.label}` ({spread(signed(row.difference), row.difference_spread)})"


def _choice(block: Block, row: SetupRow) -> str:
    among = len(candidates(block))
    if among == 1:
        return ""
    how = "the first by name" if row.english is None else "the best in English"
    return f" ({how} of {among} compositions)"


def _above(block: Block, row: SetupRow) -> str:
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


def _to_single(block: Block, row: SetupRow) -> str:
    if block.single is None or row.single_difference is None:
        return ""
    test = row.single_tested
    how = f"95 % interval {interval(test.low, test.high)}, p = {p_value(test.adjusted)}" if test else "not tested"
    how = how.replace("= <", "< ")
    return f"To the best single adapter, `{block.single.label}`, it is {signed(row.single_difference)} ({how})."


def _baseline(block: Block) -> str:
    bare = next((row for row in block.rows if row.family == "none" and row.zero_shot is not None), None)
    if bare is None or block.is_reference(bare):
        return ""
    what = "The target's adapter alone" if bare.with_target else "The base without any adapter"
    return f"{what} reaches {plain(bare.zero_shot)}."


def _certainty(block: Block, row: SetupRow, reference: Reference) -> str:
    if row.tested is not None:
        setups = sum(other.tested is not None for other in block.rows)
        return f"{_levels(row.tested, setups)} {_by_language(row)}".rstrip()
    why = why_untested(row.untested or Untested.NO_EXAMPLES)
    if reference.row is None:
        why = "there is no English score that would choose one of the single adapters"
    seeds = len(row.seeds), reference.seeds
    if seeds == (1, 1):
        return f"Not tested: {why}. With one seed no significance is claimed."
    if 1 in seeds:
        return f"Not tested: {why}. One of the two has one seed only, so no significance is claimed."
    spreads = f"the zero-shot mean varies over seeds by {plain(row.seed_spread)} for the {_noun(row)}"
    if reference.row is not None:
        spreads += f" and {plain(reference.row.seed_spread)} for what it is compared with"
    return f"Not tested: {why}. No significance is claimed; {spreads} ({seeds[0]} and {seeds[1]} seeds)."


def _levels(tested: Tested, setups: int) -> str:
    family = f", p adjusted by Holm over the {setups} setups tested" if setups > 1 else ""
    text = f"Tested over {tested.seeds} seeds and {tested.examples:,} rows{family}"
    if tested.seed_p_value is not None:
        text += f"; by the seeds alone p = {p_value(tested.seed_p_value)}".replace("= <", "< ")
    return f"{text}."


def _by_language(row: SetupRow) -> str:
    tally = row.tally
    if tally is None:
        return ""
    return (
        f"By language it is significantly above in {tally.significantly_better} and below in "
        f"{tally.significantly_worse} (Holm over the languages)."
    )
