"""Results become comparisons: which setup does what, per task, against the best that combines nothing."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from statistics import fmean, pstdev, stdev
from typing import TYPE_CHECKING

from xadapt.analysis.comparison_rows import (
    Block,
    Reference,
    SetupRow,
    TaskComparison,
    english_or_least,
)
from xadapt.analysis.costs import Cost, relative
from xadapt.analysis.families import Family, classify
from xadapt.analysis.reference import choose_reference, choose_single
from xadapt.analysis.results import comparable, variant
from xadapt.composition.specs import families
from xadapt.metrics import OWN_SCALES
from xadapt.tasks.languages import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from pathlib import Path

    from xadapt.store.result_record import Result

#: Label of the target's adapter alone, with no intermediate adapter under it.
TARGET_ONLY = "target only"


#: Task, base, data, whether rows were limited and to how many, and metric: what results must share to be compared.
_Measured = tuple[str, str, str, bool, int, str]


@dataclass
class _Entry:
    """The runs of one row, one a seed."""

    family: Family
    label: str
    runs: list[Result]


def compare(
    results: Iterable[Result],
    costs: Mapping[tuple[str, str], Cost] | None = None,
    examples: Path | None = None,
    by_targets: bool = False,
) -> list[TaskComparison]:
    """Group results by task, base, data and limit, and compare the setups in each group.

    Args:
        results: Results, in any order. The same run twice counts once.
        costs: What was measured of the time of an example, by base and task (see `costs_of`).
        examples: Folder of per-example scores, with which differences are tested; None tests nothing.
        by_targets: Whether the target languages' test rows choose the reference, and not English ones.

    Returns:
        One comparison per group, ordered by task, base, data and limit.

    Raises:
        XadaptError: If a result's setup is no expression, or a file of per-example scores is something else.
    """
    groups: dict[_Measured, dict[Hashable, Result]] = defaultdict(dict)
    for result in map(comparable, results):
        key = (result.task, result.base, result.data, result.limit is not None, result.limit or 0, result.metric)
        # One run can be scored on several tasks and in several ways; its hash alone does not name a result.
        groups[key][result.run, result.setup, result.head, variant(result), result.seed, result.named] = result
    alike = [list(groups[key].values()) for key in sorted(groups)]
    comparisons = [
        _compare_group(group, (costs or {}).get((group[0].base, group[0].task)), by_targets) for group in alike
    ]
    if examples is None:
        return comparisons
    from xadapt.analysis.statistics import with_tests

    return [
        replace(one, blocks=tuple(with_tests(block, one.languages, examples) for block in one.blocks))
        for one in comparisons
    ]


def _compare_group(results: list[Result], cost: Cost | None, by_targets: bool) -> TaskComparison:
    measured: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        measured[variant(result)].append(result)
    blocks = {key: _entries(alike) for key, alike in measured.items()}
    every = [entry for entries in blocks.values() for entry in entries]
    common, left_out = _common_languages(every)
    counts: dict[str, set[int]] = defaultdict(set)
    for result in results:
        for code, row in result.languages.items():
            counts[code].add(row.n)
    used: dict[tuple[str, int], set[str]] = defaultdict(set)
    for result in results:
        for member, run in result.members.items():
            used[member, result.seed].add(run)
    first, times = results[0], cost.milliseconds if cost else {}
    return TaskComparison(
        task=first.task,
        kind=first.kind,
        metric=first.metric,
        base=first.base,
        data=first.data,
        limit=first.limit,
        sample=any(result.sample for result in results),
        languages=common,
        left_out=left_out,
        counts={code: min(numbers) for code, numbers in sorted(counts.items())},
        uneven=tuple(sorted(code for code, numbers in counts.items() if len(numbers) > 1)),
        unlike=tuple(sorted({member for (member, _), runs in used.items() if len(runs) > 1})),
        splits=tuple(sorted({row.split for result in results for row in result.languages.values() if row.split})),
        blocks=tuple(_block(key, blocks[key], common, times, by_targets) for key in sorted(blocks, key=_natural)),
        timed=cost.timing if cost and any(result.setup in times for result in results) else None,
    )


def _natural(name: str) -> list[tuple[int, str]]:
    # Layer 8 before layer 12.
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def _entries(results: list[Result]) -> list[_Entry]:
    """Gather the seeds of each setup; runs that differ in more than the seed stay apart."""
    by_setup: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        by_setup[result.setup, result.named].append(result)
    entries = []
    trained = any(classify(result.setup, result.target).with_target for result in results)
    for (setup, name), runs in by_setup.items():
        family = classify(setup, runs[0].target)
        label = TARGET_ONLY if family.family == "none" and family.with_target else family.label
        label = f"{label} (continued)" if family.continued else label
        label = f"{label} (straight)" if trained and not family.with_target and label != "none" else label
        label = f"{label}, {name}" if name else label
        heads = {run.head or "" for run in runs}
        for head in sorted(heads):
            alike = [run for run in runs if (run.head or "") == head]
            named = f"{label}, head {head}" if len(heads) > 1 else label
            if len({run.seed for run in alike}) == len(alike) and _same_members(alike):
                entries.append(_Entry(family, named, sorted(alike, key=lambda run: run.seed)))
            else:
                # They differ in more than the seed, and an average would hide in what.
                entries += [_Entry(family, f"{named}, run {run.run[:8]}", [run]) for run in alike]
    shared = Counter(entry.label for entry in entries)
    for entry in entries:
        # An ensemble under the target and an ensemble of targets have one short name; then only the whole one will do.
        if shared[entry.label] > 1:
            entry.label = entry.runs[0].setup
    return entries


def _same_members(runs: list[Result]) -> bool:
    """Whether every member is one checkpoint for all seeds or another for each; all else mixes like with unlike."""
    names = set.intersection(*(set(run.members) for run in runs))
    return all(len({run.members[name] for run in runs}) in (1, len(runs)) for name in names)


def _targets(entry: _Entry) -> set[str]:
    return set.intersection(*(set(run.languages) for run in entry.runs)) - {ENGLISH}


def _common_languages(entries: Sequence[_Entry]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    # A setup scored in English alone must not leave the others without a single common language.
    having = [(entry.runs[0].setup, _targets(entry)) for entry in entries if _targets(entry)]
    if not having:
        return (), {}
    common = set.intersection(*(has for _, has in having))
    others = sorted(set.union(*(has for _, has in having)) - common)
    left_out = {code: tuple(sorted({setup for setup, has in having if code not in has})) for code in others}
    return tuple(sorted(common)), left_out


def _block(
    variant: str,
    entries: list[_Entry],
    common: tuple[str, ...],
    times: Mapping[str, tuple[float, ...]],
    by_targets: bool,
) -> Block:
    rows = [_row(entry, common, times.get(entry.runs[0].setup, ())) for entry in entries]
    reference = choose_reference(rows, common, by_targets)
    single = choose_single(rows, common, reference)
    if reference is not None:
        rows = [_against(row, reference, single, common) for row in rows]
    order = [family.name for family in families()]
    rows.sort(key=lambda row: (order.index(row.family), -english_or_least(row), row.label))
    return Block(variant, tuple(rows), reference, single)


def _row(entry: _Entry, common: tuple[str, ...], milliseconds: tuple[float, ...]) -> SetupRow:
    runs, metric = entry.runs, entry.runs[0].metric
    shared = set.intersection(*(set(run.languages) for run in runs))
    scores = {code: fmean(run.languages[code].score for run in runs) for code in sorted(shared)}
    spreads = {code: stdev(run.languages[code].score for run in runs) for code in scores if len(runs) > 1}
    scored = [code for code in common if code in scores]
    english = scores.get(ENGLISH)
    zero_shot = fmean(scores[code] for code in scored) if scored else None
    means = {run.seed: fmean(run.languages[code].score for code in scored) for run in runs if scored}
    keys = [set(run.languages[code].scores) for run in runs for code in scored]
    others = sorted(set.intersection(*keys) - {metric, *OWN_SCALES}) if keys else []
    dev_task = next(iter(sorted(set.intersection(*(set(run.dev) for run in runs)))), "")
    counted = [*scored, ENGLISH] if english is not None else scored
    return SetupRow(
        setup=runs[0].setup,
        label=entry.label,
        family=entry.family.family,
        seeds=tuple(run.seed for run in runs),
        english=english,
        zero_shot=zero_shot,
        gap=None if english is None or zero_shot is None else english - zero_shot,
        language_spread=pstdev(scores[code] for code in scored) if scored else None,
        seeds_zero_shot=means,
        seed_spread=stdev(means.values()) if len(means) > 1 else None,
        spreads=spreads,
        total=sum(min(run.languages[code].n for run in runs) for code in counted),
        difference=None,
        difference_spread=None,
        ahead=None,
        scores=scores,
        differences={},
        others={key: fmean(run.languages[code].scores[key] for run in runs for code in scored) for key in others},
        parameters=_first(run.parameters for run in runs),
        head_parameters=_first(run.head_parameters for run in runs),
        milliseconds=milliseconds,
        ratio=None,
        runs=tuple(runs),
        dev=fmean(run.dev[dev_task] for run in runs) if dev_task else None,
        dev_task=dev_task,
        with_target=entry.family.with_target,
        continued=entry.family.continued,
    )


def _first(counts: Iterable[int | None]) -> int | None:
    # Seeds do not change the size, but older results did not record it.
    return next((count for count in counts if count is not None), None)


def _against(row: SetupRow, reference: Reference, single: Reference | None, common: tuple[str, ...]) -> SetupRow:
    differences = {code: row.scores[code] - reference.scores[code] for code in row.scores if code in reference.scores}
    ratio = relative(row.milliseconds, reference.row.milliseconds) if reference.row else None
    row = replace(row, differences=differences, ratio=ratio)
    if row.zero_shot is None or reference.zero_shot is None:
        return row
    ahead = sum(differences[code] > 0 for code in common if code in differences)
    spread = _difference_spread(row, reference.row) if reference.row else None
    to_single = row.zero_shot - single.zero_shot if single and single.zero_shot is not None else None
    return replace(
        row,
        difference=row.zero_shot - reference.zero_shot,
        difference_spread=spread,
        ahead=ahead,
        single_difference=to_single,
    )


def _difference_spread(row: SetupRow, best: SetupRow) -> float | None:
    mine, others = row.seeds_zero_shot, best.seeds_zero_shot
    if row.label == best.label or mine.keys() != others.keys() or len(mine) < 2:
        return None
    return stdev(mine[seed] - others[seed] for seed in mine)
