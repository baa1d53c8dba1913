"""Stored predictions in the layout that XTREME's evaluator reads: ``FOLDER/<task>/test-<language>.<suffix>``.

==================== ======== ==========================================================================
task                 suffix   content
==================== ======== ==========================================================================
xnli, pawsx          tsv      a label a line: words for XNLI, 0 or 1 for PAWS-X
xcopa                jsonl    ``{"label": 0}`` a line
udpos, panx          tsv      a tag a line, an empty line between sentences
xquad, mlqa, tydiqa  json     ``{question id: answer}``
tatoeba              tsv      a line for each English sentence *in the order of the sorted English side*: the
                              index of its translation in the other language's own order
bucc2018             tsv      source id, tab, English id; the pairs that score the best threshold or more
mewslix              json     ``{mention id: [entity id, …]}``, the first 20
lareqa               json     ``{"ID_de": ["de_1_0", …]}``, the first 20; a candidate is a language, its
                              paragraph counted from 1 and its sentence counted from 0
==================== ======== ==========================================================================

Rows are in the order of the data source, which must be that of the official files. The evaluator has no reader for
LAReQA, and so no official file: this one follows Mewsli-X's, with the ids of the official LAReQA code.

Source: XTREME's evaluator, its preparation of Tatoeba and its example of a submission
(https://github.com/google-research/xtreme).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from xadapt.bases import base_name
from xadapt.errors import XadaptError, option
from xadapt.evaluation.run_suite import candidates
from xadapt.problems import problem_class
from xadapt.store.files import atomic_folder, atomic_write_bytes, atomic_write_json
from xadapt.store.result_record import PredictionsRecord
from xadapt.tasks.specs import spec_of
from xadapt.tasks.submission_files import Predicted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xadapt.composition.expression import Node
    from xadapt.context import Context
    from xadapt.data.source import Source
    from xadapt.store.records import Json
    from xadapt.store.result_record import LanguageScore, Result
    from xadapt.tasks import Row, Task
    from xadapt.tasks.suites import Suite

#: What the evaluator calls a task, where it is not its name here.
FOLDERS = {"wikiann": "panx", "bucc": "bucc2018"}
#: Says what a folder is; the evaluator looks at folders only.
RECORD = "submission.json"


class SubmittedTask(TypedDict):
    """What the files of a task are from, as ``submission.json`` has it; ``rows`` is N by language."""

    setup: str
    run: str
    seed: int
    sample: bool
    details: Json
    rows: dict[str, int]


@dataclass(frozen=True)
class Submission:
    """What was written.

    Attributes:
        suite: The suite.
        path: The folder.
        tasks: By task, what its files are from.
        missing: What is not there and why, a line each.
    """

    suite: Suite
    path: Path
    tasks: Mapping[str, SubmittedTask]
    missing: tuple[str, ...]

    def lines(self) -> list[str]:
        """What was written and what is missing, a line each."""
        written = []
        for name, task in self.tasks.items():
            rows, details = task["rows"], task["details"]
            facts = "".join(f", {key} {details[key]}" for key in ("layer", "pooling") if key in details)
            facts += ", a sample" if task["sample"] else ""
            languages = f"{len(rows)}/{len(self.suite.languages[name])} languages"
            written.append(f"{name}: {task['setup']}, {languages}, N {sum(rows.values()):,}{facts}")
        return [*written, *(f"missing {line}" for line in self.missing)]


def write_submission(context: Context, suite: Suite, node: Node, to: Path, allow_sample: bool = False) -> Submission:
    """Write a setup's stored predictions on a suite as a submission.

    Of several results of a task those of the preferred setup are taken (see
    :func:`xadapt.evaluation.run_suite.candidates`), whole ones before samples, the seed before others, the newest.

    Args:
        context: The base, by its name alone; where the rows came from, since some files need more of them than the
            predictions hold; the store that has results and predictions; the seed that is preferred.
        suite: The suite.
        node: The setup.
        to: The folder; it may be new, empty or an earlier submission, whose contents are replaced.
        allow_sample: Whether predictions on a part of the rows may be written.

    Raises:
        XadaptError: If nothing is there, a result is of a sample, or the folder holds something else.
    """
    base, source, store = base_name(context.base), context.source, context.store
    if to.exists() and (not to.is_dir() or (any(to.iterdir()) and not (to / RECORD).is_file())):
        raise XadaptError(f"{to} is not empty and no submission: name another folder")
    stored = [result for result in store.results() if _comparable(result, base, source)]
    found = {name: _pick(context.tasks[name], node, suite, stored, context) for name in suite.tasks}
    sampled = [name for name, result in found.items() if result and _is_sample(result)]
    if sampled and not allow_sample:
        raise XadaptError(
            f"{', '.join(sampled)}: not all rows were evaluated, and a submission needs all: "
            f"evaluate without {option('limit')}, or give {option('allow_sample')}"
        )
    if not any(found.values()):
        raise XadaptError(
            f"no predictions of {node} on {suite.name} with {base} and {source.name}: "
            f'make them with `xadapt evaluate {suite.name} --setup "{node}"`'
        )
    written: dict[str, SubmittedTask] = {}
    missing: list[str] = []
    with atomic_folder(to) as folder:
        for name, result in found.items():
            if result is None:
                missing.append(f"{name}: not evaluated")
                continue
            rows = _write_task(context, context.tasks[name], suite, result, folder, missing)
            written[name] = {
                "setup": result.setup,
                "run": result.run,
                "seed": result.seed,
                "sample": _is_sample(result),
                "details": result.details,
                "rows": rows,
            }
        if not any(task["rows"] for task in written.values()):
            raise XadaptError(f"nothing to submit; {'; '.join(missing)}")
        facts = {"suite": suite.name, "setup": str(node), "base": base, "data": source.name}
        atomic_write_json(folder / RECORD, {**facts, "tasks": written, "missing": missing})
    return Submission(suite, to, written, tuple(missing))


def _comparable(result: Result, base: str, source: Source) -> bool:
    return result.base == base and result.data == source.name


def _is_sample(result: Result) -> bool:
    fewer = any(one.available is not None and one.available > one.n for one in result.languages.values())
    return bool(result.limit) or result.data == "bundled" or fewer


def _pick(task: Task, node: Node, suite: Suite, stored: list[Result], context: Context) -> Result | None:
    wanted = suite.languages[task.name]
    for setup in (*candidates(node, task), node):
        here = [result for result in stored if (result.task, result.setup) == (task.name, str(setup))]
        here = [result for result in here if any(code in result.languages for code in wanted)]
        if here:
            return min(
                here,
                key=lambda result: (
                    _is_sample(result),
                    result.seed != context.seed,
                    -context.store.result_path(result.run).stat().st_mtime,
                ),
            )
    return None


def _write_task(
    context: Context, task: Task, suite: Suite, result: Result, to: Path, missing: list[str]
) -> dict[str, int]:
    """Write the files of a task; returns N by language and adds to what is missing."""
    rows: dict[str, int] = {}
    wanted = suite.languages[task.name]
    absent = [language for language in sorted(wanted) if language not in result.languages]
    if absent:
        missing.append(f"{task.name}: not evaluated in {' '.join(absent)}")
    for language in wanted:
        if language in absent:
            continue
        entry = result.languages[language]
        try:
            predictions = PredictionsRecord.read(context.store.predictions_path(result.run, language)).values
            text = _content(task, language, predictions, context.source, entry, result.limit)
        except XadaptError as error:
            missing.append(f"{task.name} {language}: {error}")
            continue
        atomic_write_bytes(to / file_name(task, language), text.encode())
        rows[language] = entry.n
    return rows


def file_name(task: Task, language: str) -> str:
    """The file of a task's predictions in a language, inside the submission's folder."""
    return f"{FOLDERS.get(task.name, task.name)}/test-{language}.{spec_of(task.kind).submission.suffix}"


def _content(
    task: Task, language: str, predictions: list[Any], source: Source, entry: LanguageScore, limit: int | None
) -> str:
    given = Predicted(
        task,
        language,
        predictions,
        rows=lambda: source.test(task, language, limit).rows,
        same_rows=lambda: _rows(task, language, len(predictions), source, entry, limit),
        gold=lambda: source.gold(task, language),
    )
    return spec_of(task.kind).submission.text(given)


def _rows(task: Task, language: str, count: int, source: Source, entry: LanguageScore, limit: int | None) -> list[Row]:
    """The rows that were predicted."""
    found = source.test(task, language, limit)
    # What identifies the rows of kinds with a pool covers the pool too.
    changed = not problem_class(task).pooled and found.fingerprint[:16] != entry.rows
    if changed or len(found.rows) != count:
        raise XadaptError(f"the rows in {source.name} are not those that were evaluated: evaluate them again")
    return found.rows
