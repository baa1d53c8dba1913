"""The front page of a repository of checkpoints: what it holds, in words, and how it is used."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from xadapt.bases import split_name
from xadapt.portable.hub.index import Entry, Index, PushedCheckpoint, run_folder
from xadapt.tables import markdown_code, markdown_text

if TYPE_CHECKING:
    from xadapt.store.records import RunRecord

#: The hub's name of a base that has another one here.
_ORIGINS = {"e5-small": "intfloat/multilingual-e5-small"}
#: Tags of what a library loads, by library.
_TAGS = {"adapters": ("adapters", "adapter-transformers"), "peft": ("peft",)}
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def datasets(record: RunRecord) -> list[str]:
    """Hub ids of the data sets that a checkpoint was trained on; a user's own files have none."""
    names = (name.split(" ")[0] for source in record.sources.values() for name in source.split(", "))
    return sorted({name for name in names if _HUB_ID.fullmatch(name)})


def about(record: RunRecord) -> str:
    """What a checkpoint was trained on and its English dev scores, in one line."""
    rows = [f"{count:,} rows of {record.sources.get(name, name)}" for name, count in record.rows.items()]
    counts = record.figures.dev_rows
    scores = [
        f"{name} {', '.join(f'{key} {value:.1f}' for key, value in values.items())} (N {counts[name]:,})"
        for name, values in record.figures.dev.items()
    ]
    dev = f"English dev: {'; '.join(scores)}" if scores else ""
    unlabelled = sum(found.rows for found in record.unlabelled)
    more = f"{unlabelled:,} rows of target languages without labels" if unlabelled else ""
    return "; ".join(filter(None, [record.trains, ", ".join(rows), more, dev]))


def _languages(index: Index) -> str:
    # It stands in the expression of whatever has learnt from such text.
    informed = any("unlabelled=" in entry.setup for entry in index.setups)
    return "English, and on text of other languages without labels," if informed else "English only"


def front_page(index: Index, repo: str) -> str:
    """Write the README of a repository: front matter, how to use it, and what is in it."""
    bases = sorted({_origin(entry.base) for entry in index.setups if not _is_folder(entry.base)})
    sources = sorted({name for entry in index.setups for name in entry.datasets})
    libraries = {one.library for one in index.runs.values()}
    matter = {
        "library_name": next((library for library in _TAGS if library in libraries), "xadapt"),
        "tags": [
            *(tag for library, tags in _TAGS.items() if library in libraries for tag in tags),
            *("xadapt", "cross-lingual", "xlm-roberta"),
        ],
        "language": ["en", "multilingual"],
        **({"base_model": bases} if bases else {}),
        **({"datasets": sources} if sources else {}),
    }
    first = index.setups[0]
    title = first.setup if len(index.setups) == 1 else repo.rpartition("/")[2]
    checkpoints = {run: setup for entry in index.setups for setup, run in entry.runs.items()}
    lines = [
        f"---\n{yaml.safe_dump(matter, sort_keys=False, allow_unicode=True, default_flow_style=None)}---",
        f"# {title}",
        "",
        f"Adapters for cross-lingual transfer on a frozen XLM-R, trained in {_languages(index)} with xadapt.",
        "",
        "```sh",
        f"xadapt pull {shlex.quote(repo)}",
        f"xadapt evaluate TASK {usage(first)}",
        "```",
        "",
        "| setup | base | seed |",
        "|---|---|---|",
        *(f"| `{entry.setup}` | {_base(entry)} | {entry.seed} |" for entry in index.setups),
        "",
        "| checkpoint | trained on | folder |",
        "|---|---|---|",
        *(f"| `{setup}` | {_about_and_folder(index, run)} |" for run, setup in checkpoints.items()),
        "",
        *_plain_use(index, repo),
        "Every folder has a card with settings, scores and licence.",
        "",
    ]
    return "\n".join(lines)


def usage(entry: Entry) -> str:
    """The options that name a setup in a command."""
    return f'--setup "{entry.setup}"{_base_option(entry)}' + ("" if entry.seed == 42 else f" --seed {entry.seed}")


def _base_option(entry: Entry) -> str:
    return "" if entry.base in _ORIGINS else f" --base {_base_name(entry)}"


def _base_name(entry: Entry) -> str:
    return "FOLDER" if _is_folder(entry.base) else shlex.quote(entry.base)


def public_base(name: str) -> str:
    """A base's name without the folders that it lies in on one person's machine."""
    path = Path(name).expanduser()
    folder = re.sub(r"[^\w.@+-]+", "-", path.name)
    return f"./{folder}" if name not in _ORIGINS and (path.is_absolute() or path.is_dir()) else name


def _origin(base: str) -> str:
    return _ORIGINS.get(split_name(base)[0], split_name(base)[0])


def _is_folder(base: str) -> bool:
    return base.startswith(".")


def _base(entry: Entry) -> str:
    origin = f", made from {_ORIGINS[entry.base]}" if entry.base in _ORIGINS else ""
    return f"{markdown_code(entry.base)}{origin} (fingerprint `{entry.fingerprint[:16]}`)"


def _about_and_folder(index: Index, run: str) -> str:
    found = index.runs.get(run)
    if found is None:
        return f"not here: needed from elsewhere | run {run}"
    return f"{markdown_text(found.about)} | [{run}]({run_folder(run)})"


def _plain_use(index: Index, repo: str) -> list[str]:
    """How the first adapter of each library is loaded without xadapt, or why it cannot be."""
    lines: list[str] = []
    shown: set[str] = set()
    for entry in index.setups:
        for setup, run in entry.runs.items():
            found = index.runs.get(run)
            if found is None or "(" in setup or found.library in shown:
                continue
            shown.add(found.library)
            lines += _loading(entry, setup, run, found, repo)
    return lines


def _loading(entry: Entry, name: str, run: str, found: PushedCheckpoint, repo: str) -> list[str]:
    if found.library == "own":
        return [
            f"`{name}` has a method of its author's own, which no library loads: xadapt does, where",
            "`$XADAPT_PLUGINS` names the module that registers it.",
            "",
        ]
    heads = [name] if found.heads is None else found.heads
    if found.library == "peft":
        about = [
            f"`peft` loads `{name}` without xadapt. `encoder` is an `XLMRobertaModel` of the base, such as",
            f"`xadapt export none --to base --format merged{_base_option(entry)}` writes.",
            *(["Its head is in the layout of the `adapters` library."] if heads else []),
        ]
        imports = ["from peft import PeftModel"]
        load = ['model = PeftModel.from_pretrained(encoder, f"{folder}/adapter")']
    else:
        base = repr("FOLDER" if _is_folder(entry.base) else entry.base)
        about = [
            f"The `adapters` library loads `{name}` without xadapt. `model` is an `XLMRobertaAdapterModel` of the base",
            f"(such as `xadapt.backbone.base.load_backbone({base}).model()`).",
        ]
        imports = []
        load = [
            f'model.load_adapter(f"{{folder}}/adapter", load_as={name!r}, set_active=True, use_safetensors=True)',
            *(f'model.load_head(f"{{folder}}/heads/{head}", load_as={head!r}, use_safetensors=True)' for head in heads),
        ]
    download = f'folder = snapshot_download({repo!r}) + "/{run_folder(run)}"'
    code = ["from huggingface_hub import snapshot_download", *imports, "", download, *load]
    return [*about, "", "```python", *code, "```", ""]
