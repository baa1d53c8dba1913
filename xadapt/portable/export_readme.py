"""The front page of an export: the code that loads it, how it was checked, and what a reader needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.bases import DEFAULT_BASE, split_name
from xadapt.tables import markdown_code, markdown_text
from xadapt.tasks.portable_heads import HeadForm
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xadapt.portable.export_check import Written
    from xadapt.portable.export_record import ExportRecord
    from xadapt.tasks import Catalogue

_LICENCES = (
    "The weights of multilingual-e5-small, the base `e5-small`, are under the MIT licence. The terms of the makers of "
    "the training data apply to what you may do with a model trained on them."
)


def readme(record: ExportRecord, written: Written, library: str, with_base: bool, tasks: Catalogue) -> str:
    """Write the page, Markdown with the front matter that model hubs read.

    Args:
        record: The export's record.
        written: What was written.
        library: The library that loads it.
        with_base: Whether the base is in the folder too.
        tasks: The catalogue of tasks.
    """
    base = record.base
    # No model on the hub is the packed base, or some layers of another.
    packed = base.name == DEFAULT_BASE or split_name(base.name)[1] is not None
    merged = record.form == "merged"
    folder = "." if merged else "base" if with_base or packed else base.name
    lines = [
        "---",
        f"library_name: {library}",
        "tags: [xadapt, cross-lingual, xlm-roberta]",
        "---",
        f"# {record.setup}",
        "",
        f"Written by xadapt {record.versions['xadapt']} from the base {markdown_code(base.name)} (fingerprint "
        f"`{base.fingerprint[:16]}`), for {library} {record.versions[library]}; {record.precision}.",
        "",
        "## Use",
        "",
        "In this folder:",
        "",
        "```python",
        written.code(folder),
        "```",
        "",
        "```python",
        "from transformers import AutoTokenizer",
        "",
        f"tokenizer = AutoTokenizer.from_pretrained({folder!r})",
        *_example(record, tasks),
        "```",
        "",
    ]
    if packed and not with_base and not merged:
        lines += [
            "`base` is the base in the format of transformers, which `xadapt export none --to base --format merged` "
            "writes: no model on the hub has exactly these weights.",
            "",
        ]
    differences = ", ".join(f"{value:.1e} in {name}" for name, value in record.checked.differences.items())
    lines += [
        *(f"* {line}" for line in (*_heads(record, tasks), *written.notes)),
        "* transformers 4.57 warns of a regex of Mistral's when it loads any tokenizer from a folder: it is not this "
        "one's, and `fix_mistral_regex` would break it",
        "",
        "## Checked",
        "",
        f"Loaded as this code does, in a process without xadapt, on {record.checked.sentences} pairs of sentences in "
        f"six languages. Largest differences to xadapt: {differences}.",
        "",
        "## Licence",
        "",
        _LICENCES,
        "",
    ]
    return "\n".join(lines)


def _example(record: ExportRecord, tasks: Catalogue) -> Iterable[str]:
    task = tasks.get(list(record.heads)[-1]) if record.heads else None
    form = (spec_of(task.kind).head if task else None) or HeadForm("")
    encoded = f'tokenizer({form.example}, return_tensors="pt")'
    if form.plain and form.plain.choices and record.architecture == form.plain.architecture:
        # Of each input a row, its choices, their tokens.
        yield f"batch = {{key: value[None] for key, value in {encoded}.items()}}"
        encoded = "batch"
    yield f"outputs = model.eval()(**{encoded})"


def _heads(record: ExportRecord, tasks: Catalogue) -> Iterable[str]:
    for head in record.heads:
        task, labels = tasks.get(head), record.labels[head]
        form = spec_of(task.kind).head if task else None
        if task and form and (note := form.note(task.kind)):
            yield f"head `{head}`: {note}"
        if labels:
            yield f"head `{head}`: {markdown_text(', '.join(labels))}, in this order"
        for key, value in record.calibration.get(head, {}).items():
            yield f"head `{head}`: {key} {value:g}, found on English development rows"
