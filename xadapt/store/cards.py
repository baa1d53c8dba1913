"""The card of a checkpoint: what a person reads before using it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt import __version__
from xadapt.tables import markdown_code, markdown_text

if TYPE_CHECKING:
    from xadapt.store.records import Figures, GateFigures, RunRecord, Scores

_BASE_LICENCE = "The default base's weights (multilingual-e5-small) are under the MIT licence."
_LICENCES = {
    True: f"{_BASE_LICENCE} What is here was trained elsewhere; the terms of its makers apply.",
    False: (
        f"{_BASE_LICENCE} What is here was trained on the data named above; the terms of its makers apply to what you "
        "may do with a model trained on it."
    ),
}


_USE = {
    "adapters": (
        "# the folder adapter/ (or fusion/) loads with the plain adapters library",
        'model.load_adapter("adapter", use_safetensors=True)',
    ),
    "peft": (
        "# the folder adapter/ loads with plain peft on the base's encoder",
        'model = peft.PeftModel.from_pretrained(encoder, "adapter")',
    ),
    "xadapt": (
        "# the weights of its members' answers; the members are checkpoints of their own",
        'model = xadapt.load("SETUP", task="TASK")',
    ),
    "own": (
        "# the adapter's method is its author's own: name the module that registers it in $XADAPT_PLUGINS",
        'model = xadapt.load("SETUP", task="TASK")',
    ),
}


_USE_GATED = (
    "# it stands on its members, each times its gates in gates.safetensors:",
    "# `xadapt export SETUP --to DIR --format adapterhub` writes these as one plain adapter, and it on top",
)


def card(record: RunRecord, library: str = "adapters") -> str:
    """Write the card, Markdown with the front matter that model hubs read.

    Args:
        record: The checkpoint's record (see :mod:`xadapt.store.checkpoints`).
        library: What loads the adapter: ``adapters``, ``peft``, ``own`` for a method that a user registered, or
            ``xadapt`` where there is none, but weights of members' answers.
    """
    imported = record.imported is not None
    made = _imported if imported else _chosen if library == "xadapt" else _trained
    lines = [
        "---",
        f"library_name: {'xadapt' if library == 'own' else library}",
        "tags: [xadapt, adapters, cross-lingual, xlm-roberta]",
        "language: [en]",
        "---",
        f"# {record.setup}",
        "",
        *made(record),
        "",
        "## Use",
        "",
        "```python",
        *_USE[library],
        *(_USE_GATED if record.figures.gated else ()),
        "```",
        "",
        "## Licence",
        "",
        _LICENCES[imported],
        "",
    ]
    return "\n".join(lines)


def _made_with(record: RunRecord) -> str:
    return (
        f"Made with xadapt {record.xadapt or __version__} on the base "
        f"{markdown_code(record.base.name)} (fingerprint `{record.base.fingerprint[:16]}`). {_languages(record)}"
    )


def _ran(record: RunRecord) -> list[str]:
    figures = record.figures
    return [
        f"| seed | {record.seed} |",
        f"| time | {figures.seconds or 0:,} s on {markdown_text(str(figures.device))}, {figures.threads} threads |",
        f"| run | `{record.run}` |",
        "",
        "## English development scores (0–100)",
        "",
        "| task | N | scores |",
        "|---|---|---|",
        *(f"| {name} | {figures.dev_rows[name]:,} | {_shown(scores)} |" for name, scores in figures.dev.items()),
        "",
    ]


def _chosen(record: RunRecord) -> list[str]:
    return [
        _made_with(record),
        "",
        "| | |",
        "|---|---|",
        "| is | several models side by side; nothing was trained for it |",
        *_mixture(record.figures),
        *_unlabelled(record),
        *_ran(record),
        "The weights were chosen on these rows, and before them each member's best epoch.",
    ]


def _trained(record: RunRecord) -> list[str]:
    figures, settings = record.figures, record.settings
    sources = {name: markdown_text(record.sources.get(name, name)) for name in record.rows}
    rows = ", ".join(f"{count:,} of {sources[name]} ({name})" for name, count in record.rows.items())
    epochs = f"{settings['epochs']:g} epoch" + ("s" if settings["epochs"] != 1 else "")
    return [
        _made_with(record),
        "",
        "| | |",
        "|---|---|",
        f"| trained | {record.trains} ({figures.parameters:,} parameters, stored in half precision{_drift(figures)}) |",
        *([f"| stands on | `{record.under}` |"] if record.under != record.setup else []),
        *([f"| trained first | {markdown_text(record.first)} |"] if record.first else []),
        *([f"| started from | {markdown_text(record.start)} |"] if record.start else []),
        *_mixture(figures),
        *_factored(figures),
        *_gates(figures),
        f"| training rows | {rows or 'none'}; taken from {markdown_text(record.data)} |",
        *_unlabelled(record),
        f"| steps | {figures.steps or 0:,} of batch {settings['batch_size']}, {epochs}, "
        f"lr {settings['lr']:g}, {_cell_code(settings['adapter_config'])}, {settings['precision']} |",
        *_ran(record),
        "The best epoch was chosen on these rows.",
    ]


def _languages(record: RunRecord) -> str:
    if record.unlabelled:
        return "Trained in English, and on text of other languages without labels: it is not zero-shot."
    return "Trained in English only."


def _unlabelled(record: RunRecord) -> list[str]:
    lines = []
    for task in dict.fromkeys(rows.task for rows in record.unlabelled):
        every = [rows for rows in record.unlabelled if rows.task == task]
        alike: dict[str, list[str]] = {}
        for rows in every:
            alike.setdefault(f"{rows.rows:,} of {rows.split}", []).append(rows.language)
        parts = "; ".join(f"{what} in {', '.join(codes)}" for what, codes in alike.items())
        limits = [rows.fair_limit for rows in every if rows.fair_limit is not None]
        fair = f"; measured fairly on at most {min(limits):,} rows a language" if limits else ""
        lines.append(f"| unlabelled rows | {task}: {markdown_text(parts)}{fair} |")
    return lines


def _cell_code(text: str) -> str:
    # In a table a bar ends the cell, and with it the code.
    return markdown_code(text).replace("|", "\\|")


def _shown(scores: Scores) -> str:
    return ", ".join(f"{key} {value:.1f}" for key, value in scores.items())


def _drift(figures: Figures) -> str:
    # Older records do not have it.
    if figures.rounding is None:
        return ""
    return f", which moved them by {figures.rounding:.1e} of their size; scores are those of the stored weights"


def _factored(figures: Figures) -> list[str]:
    if figures.full is None:
        return []
    scores = "; ".join(f"{name} {_shown(found)}" for name, found in figures.full.dev.items())
    return [f"| factored from | the full fusion of run `{figures.full.run}`, whose dev scores are {scores} |"]


def _mixture(figures: Figures) -> list[str]:
    parts = ", ".join(f"{weight:.3f} `{member}`" for member, weight in (figures.mixture or {}).items())
    return [f"| weights, chosen on English dev | {parts} |"] if parts else []


def gates_line(gated: GateFigures) -> str:
    """Where gates started, and what they became."""
    tried = ", ".join(f"{score:.1f} from {start}" for start, score in gated.starts.items())
    started = f"started at {gated.start} (English dev: {tried}); " if gated.start else ""
    return f"{started}mean size {', '.join(f'{size:.2f} {member}' for member, size in gated.sizes.items())}"


def _gates(figures: Figures) -> list[str]:
    return [f"| gates | {gates_line(figures.gated)} |"] if figures.gated else []


def _imported(record: RunRecord) -> list[str]:
    source, base = record.imported, record.base
    if source is None:
        return []
    heads = ", ".join(f"`{head}`" for head in record.heads) or "none"
    made_for = f"says {_cell_code(source.base)}" if source.base else "does not say"
    return [
        f"Imported, not trained by xadapt, for the base {markdown_code(base.name)} (fingerprint "
        f"`{base.fingerprint[:16]}`).",
        "",
        "| | |",
        "|---|---|",
        f"| came as | {source.form} ({markdown_text(source.library or 'library version unknown')}) |",
        f"| trained on the base | it {made_for}; its sizes fit the one above |",
        f"| parameters | {record.figures.parameters:,} |",
        f"| stands on | `{record.under}` |",
        f"| heads | {heads} |",
        "| training rows, steps, scores | unknown |",
        f"| seed | unknown; filed under {record.seed} |",
        f"| run | `{record.run}`, the hash of its files |",
    ]
