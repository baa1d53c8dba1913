"""The card of a checkpoint: what a person needs to know before using it."""

from __future__ import annotations

from typing import Any

_LICENCES = (
    "The default base's weights (multilingual-e5-small) are under the MIT licence. What is here was trained on the "
    "data named above; the terms of its makers apply to what you may do with a model trained on it."
)


def card(record: dict[str, Any]) -> str:
    """Write the card, Markdown with the front matter that model hubs read.

    Args:
        record: The checkpoint's record (see :mod:`xadapt.store.checkpoints`).
    """
    figures, settings = record["figures"], record["decides"]["settings"]
    rows = ", ".join(f"{count:,} of {record['sources'][name]} ({name})" for name, count in record["rows"].items())
    epochs = f"{settings['epochs']:g} epoch" + ("s" if settings["epochs"] != 1 else "")
    lines = [
        "---",
        "library_name: adapters",
        "tags: [xadapt, adapters, cross-lingual, xlm-roberta]",
        "language: [en]",
        "---",
        f"# {record['setup']}",
        "",
        f"Made with xadapt {record['decides']['versions']['xadapt']} on the base `{record['base']['name']}` "
        f"(fingerprint `{record['base']['fingerprint'][:16]}`). Trained in English only.",
        "",
        "| | |",
        "|---|---|",
        f"| trained | {record['trains']} ({figures['parameters']:,} parameters, stored in half precision) |",
        f"| stands on | `{record['under']}` |",
        *([f"| trained first | {record['first']} |"] if record.get("first") else []),
        f"| training rows | {rows}; taken from {record['data']} |",
        f"| steps | {figures['steps']:,} of batch {settings['batch_size']}, {epochs}, "
        f"lr {settings['lr']:g}, {settings['adapter_config']}, {settings['precision']} |",
        f"| seed | {record['seed']} |",
        f"| time | {figures['seconds']:,} s on {figures['device']}, {figures['threads']} threads |",
        f"| run | `{record['run']}` |",
        "",
        "## English development scores (0–100)",
        "",
        "| task | N | scores |",
        "|---|---|---|",
    ]
    for name, scores in figures["dev"].items():
        shown = ", ".join(f"{key} {value:.1f}" for key, value in scores.items())
        lines.append(f"| {name} | {figures['dev_rows'][name]:,} | {shown} |")
    lines += [
        "",
        "The best epoch was chosen on these rows.",
        "",
        "## Use",
        "",
        "```python",
        "# the folder adapter/ (or fusion/) loads with the plain adapters library",
        'model.load_adapter("adapter", use_safetensors=True)',
        "```",
        "",
        "## Licence",
        "",
        _LICENCES,
        "",
    ]
    return "\n".join(lines)
