"""What a comparison allows to be said, in words: who wins, by how much, and how little that may mean."""

from __future__ import annotations

from xadapt.reports.numbers import plain
from xadapt.reports.structures import Block, Reference, Row, TaskComparison, english_or_least

#: Below this many rows per language, differences of a point or two are within sampling error.
SMALL = 1000
#: Closer than this, and two scores print the same.
TIE = 0.05


def block_title(block: Block) -> str:
    """Say what the setups of a block have in common."""
    title = "With the target's own adapter" if block.with_target else "Without the target's own adapter"
    if block.variant:
        # Retrieval has no target adapter to speak of, unless someone brought one.
        return f"{title}, {block.variant}" if block.with_target else block.variant.capitalize()
    return title


def judged_fusion(block: Block) -> Row | None:
    """Pick the fusion a verdict is about: the best one by English score, never by target languages.

    Returns:
        The fusion's row; where there is no English score, the first by name; None if no fusion can be compared.
    """
    fusions = [row for row in block.rows if row.family == "fuse" and row.difference is not None]
    return min(fusions, key=lambda row: (-english_or_least(row), row.label), default=None)


def headline(block: Block) -> str:
    """Say in a few words whether fusion beats the best single adapter or loses to it, and by how much."""
    fusion = judged_fusion(block)
    if block.reference is None:
        return "No verdict: there is no single adapter here to compare with"
    if fusion is None and any(row.family == "fuse" for row in block.rows):
        return "No verdict: no target language was scored by every setup"
    if fusion is None or fusion.difference is None:
        return "No verdict: there is no fusion here to compare with the single adapters"
    singles = sum(row.family == "single" for row in block.rows)
    unchosen = "the average single adapter" if singles > 1 else "the only single adapter"
    against = "the best single adapter" if block.reference.chosen else unchosen
    if abs(fusion.difference) < TIE:
        return f"Fusion and {against} tie"
    return f"Fusion {'beats' if fusion.difference > 0 else 'loses to'} {against} by {abs(fusion.difference):.1f}"


def verdict(comparison: TaskComparison, block: Block) -> str:
    """Say whether fusion beats the best single adapter or loses to it, by how much, and how sure that is.

    Args:
        comparison: The comparison.
        block: One of its blocks.

    Returns:
        A paragraph in Markdown.
    """
    fusion, reference = judged_fusion(block), block.reference
    if fusion is None or reference is None:
        return f"**{headline(block)}.**"
    who = f"`{reference.label}`, the best single adapter in English," if reference.chosen else reference.label
    total = sum(code in fusion.differences for code in comparison.languages)
    sentences = [
        f"**{headline(block)}.**",
        f"`{fusion.label}`{_choice(block, fusion)} reaches {plain(fusion.zero_shot)} zero-shot; {who} reaches "
        f"{plain(reference.zero_shot)}. The fusion is ahead in {fusion.ahead} of {total} languages.",
        _above(block, fusion),
        _baseline(block),
        _certainty(fusion, reference),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


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
    for code, setups in comparison.left_out.items():
        lacking = ", ".join(f"`{setup}`" for setup in setups)
        found.append(f"{code} is left out of the means: not evaluated with {lacking}.")
    if comparison.uneven:
        found.append(f"Setups were scored on different numbers of rows in {', '.join(comparison.uneven)}.")
    if len({row.seeds for block in comparison.blocks for row in block.rows}) > 1:
        found.append("Setups were trained with different seeds; see the column.")
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


def _choice(block: Block, fusion: Row) -> str:
    fusions = sum(row.family == "fuse" for row in block.rows)
    if fusions == 1:
        return ""
    how = "the first by name" if fusion.english is None else "the best in English"
    return f" ({how} of {fusions} fusions)"


def _above(block: Block, fusion: Row) -> str:
    # Hindsight, so it decides nothing; but a reader must not take the best in English for the best of all.
    assert fusion.zero_shot is not None
    above = [
        row
        for row in block.rows
        if row.family == "single" and row.zero_shot is not None and row.zero_shot > fusion.zero_shot
    ]
    others = [row for row in above if block.reference is None or row.label != block.reference.label]
    if not others:
        return ""
    listed = ", ".join(f"`{row.label}` ({plain(row.zero_shot)})" for row in others)
    return f"In hindsight {listed} {'stands' if len(others) == 1 else 'stand'} above it."


def _baseline(block: Block) -> str:
    bare = next((row for row in block.rows if row.family == "none" and row.zero_shot is not None), None)
    if bare is None:
        return ""
    what = "The target's adapter alone" if block.with_target else "The base without any adapter"
    return f"{what} reaches {plain(bare.zero_shot)}."


def _certainty(fusion: Row, reference: Reference) -> str:
    seeds = len(fusion.seeds), reference.seeds
    if seeds == (1, 1):
        return "With one seed no significance is claimed."
    if 1 in seeds:
        return "One of the two has one seed only, so no significance is claimed."
    spreads = f"the zero-shot mean varies over seeds by {plain(fusion.seed_spread)} for the fusion"
    if reference.seed_spread is not None:
        spreads += f" and {plain(reference.seed_spread)} for the single adapter"
    return f"No significance is tested or claimed; {spreads} ({seeds[0]} and {seeds[1]} seeds)."
