"""The front page of an export: the code that loads it, as it was run, and what a reader must know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xadapt.backbone.base import DEFAULT_BASE
from xadapt.portable.checked import Written
from xadapt.portable.heads import known_task
from xadapt.tasks import PairRegression

_LICENCES = (
    "The weights of multilingual-e5-small, the base `minilm`, are under the MIT licence. The terms of the makers of "
    "the training data apply to what you may do with a model trained on them."
)


def readme(record: dict[str, Any], written: Written, library: str, with_base: bool) -> str:
    """Write the page, Markdown with the front matter that model hubs read.

    Args:
        record: The content of ``export.json``.
        written: What was written.
        library: The library that loads it.
        with_base: Whether the base is in the folder too.
    """
    base = record["base"]
    packed = base["name"] == DEFAULT_BASE
    own = with_base or packed
    lines = [
        "---",
        f"library_name: {library}",
        "tags: [xadapt, cross-lingual, xlm-roberta]",
        "---",
        f"# {record['setup']}",
        "",
        f"Written by xadapt {record['versions']['xadapt']} from the base `{base['name']}` (fingerprint "
        f"`{base['fingerprint'][:16]}`), for {library} {record['versions'][library]}; {record['precision']}.",
        "",
        "## Use",
        "",
        "In this folder:",
        "",
        "```python",
        written.load("base" if own else base["name"]),
        "```",
        "",
    ]
    if packed and not with_base and record["form"] != "merged":
        lines += [
            "`base` is the base in the format of transformers, which `xadapt export none --to base --format merged` "
            "writes: no model on the hub has exactly these weights.",
            "",
        ]
    lines += [f"* {line}" for line in (*_heads(record["heads"], record.get("labels", {})), *written.notes)]
    differences = ", ".join(f"{value:.1e} in {name}" for name, value in record["checked"]["differences"].items())
    lines += [
        "",
        "## Checked",
        "",
        f"Loaded by this code in a process without xadapt, on {record['checked']['sentences']} pairs of sentences in "
        f"six languages. Largest differences to xadapt: {differences}.",
        "",
        "## Licence",
        "",
        _LICENCES,
        "",
    ]
    return "\n".join(lines)


def _heads(heads: list[str], labels: dict[str, list[str]]) -> Iterable[str]:
    for head in heads:
        task = known_task(head)
        if task and isinstance(task.kind, PairRegression):
            low, high = task.kind.low, task.kind.high
            yield f"head `{head}`: the score is {low:g} + {high - low:g} × the output"
        elif len(labels.get(head, [])) > 1:
            yield f"head `{head}`: {', '.join(labels[head])}, in this order"
