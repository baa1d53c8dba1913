"""The layout of a repository of checkpoints on the hub: its index, its front page, and the names allowed in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, Field, StringConstraints, ValidationError, field_validator

from xadapt.bases import split_name
from xadapt.composition.grammar import parse
from xadapt.errors import XadaptError
from xadapt.store.checkpoints import RECORD
from xadapt.store.files import read_json
from xadapt.store.records import RunRecord

INDEX = "xadapt-setups.json"
FORMAT = 1
#: All that a checkpoint is made of. Pickled weights can run code on loading, and their endings are many.
_ALLOWED = (".safetensors", ".json", ".md")
#: The hub's name of a base that has another one here.
_ORIGINS = {"e5-small": "intfloat/multilingual-e5-small"}
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

_Run = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
_Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
# What is shown in a terminal must not be able to steer it.
_Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


def _canonical(setup: str) -> str:
    if str(parse(setup)) != setup:
        raise XadaptError(f"{setup!r} is not how this xadapt writes a setup")
    return setup


class Entry(BaseModel):
    """A setup of a repository.

    Attributes:
        setup: Its expression.
        base: The name of its base.
        fingerprint: The fingerprint of that base.
        seed: The seed it was pushed for.
        datasets: Ids of the data sets that it was trained on.
        runs: Run of every checkpoint that it needs, by expression, whether it is in the repository or not.
    """

    setup: _Line
    base: _Line
    fingerprint: _Digest
    seed: int
    datasets: list[_Line]
    runs: dict[_Line, _Run]

    @field_validator("setup", "runs")
    @classmethod
    def _known(cls, value: Any) -> Any:
        try:
            for setup in [value] if isinstance(value, str) else value:
                _canonical(setup)
        except XadaptError as error:
            raise ValueError(str(error)) from None
        return value


class Part(BaseModel):
    """A checkpoint of a repository.

    Attributes:
        record: SHA-256 of its record, which has those of all its other files.
        about: What it was trained on and its English dev scores, for people.
    """

    record: _Digest
    about: _Line


class Index(BaseModel):
    """What a repository holds.

    Attributes:
        format: The version of this layout.
        setups: The setups, the one that was pushed last first.
        runs: The checkpoints, by run.
    """

    format: int = Field(default=FORMAT, le=FORMAT)
    setups: list[Entry] = []
    runs: dict[_Run, Part] = {}

    def pushed(self, entry: Entry, parts: dict[str, Part]) -> Index:
        """The index with a setup more, in place of an earlier state of it; checkpoints that none needs are left out."""

        def key(one: Entry) -> tuple[str, str, int]:
            return one.setup, one.fingerprint, one.seed

        setups = [entry, *(other for other in self.setups if key(other) != key(entry))]
        needed = {run for setup in setups for run in setup.runs.values()}
        runs = {run: part for run, part in {**self.runs, **parts}.items() if run in needed}
        return Index(setups=setups, runs=dict(sorted(runs.items())))


class _Base(BaseModel):
    name: _Line
    fingerprint: _Digest


class Record(BaseModel):
    """The part of a checkpoint's record that says what to fetch and where it belongs."""

    run: _Run
    setup: _Line
    base: _Base
    seed: int
    heads: list[_Line]
    files: dict[str, _Digest]


def read_index(path: Path, repo: str) -> Index:
    """Read the index of a repository.

    Raises:
        XadaptError: If it says something that it cannot mean, or was written by a later version.
    """
    return _read(Index, path, f"{INDEX} of {repo}")


def read_record(folder: Path, repo: str, setup: str, run: str) -> Record:
    """Read the record of a checkpoint that was fetched, and check every name in it.

    Args:
        folder: Where it was fetched to.
        repo: The repository, for messages.
        setup: The expression that it is said to complete.
        run: Its run.

    Raises:
        XadaptError: If it is of another run, a file would leave its folder or could be a pickle, or a head has no file.
    """
    where = f"{run_folder(run)}/{RECORD} of {repo}"
    record = _read(Record, folder / RECORD, where)
    if (record.run, record.setup) != (run, setup):
        raise XadaptError(f"{where} is of {record.setup} (run {record.run}), not of {setup}: it is not taken")
    check_names(record.files, where)
    for head in record.heads:
        if f"heads/{head}/head_config.json" not in record.files:
            raise XadaptError(f"{where} names the head {head!r} without its files: it is not taken")
    return record


def check_names(names: Iterable[str], where: str) -> None:
    """Check that files stay in their folder and are of kinds that cannot run code on loading.

    Raises:
        XadaptError: If one does not.
    """
    for name in names:
        inside = all(part not in ("", ".", "..") for part in name.split("/"))
        if not inside or not name.isprintable() or "\\" in name or ":" in name:
            raise XadaptError(f"{where}: the file name {name!r} leads out of its folder: nothing is taken")
        if not name.endswith(_ALLOWED):
            raise XadaptError(
                f"{where}: {name} is neither safetensors nor JSON; pickled weights can run code on loading, so nothing "
                "is taken: convert it to safetensors and push again"
            )


def _read(model: Any, path: Path, where: str) -> Any:
    try:
        return model.model_validate(read_json(path))
    except ValidationError as error:
        fault = error.errors()[0]
        if fault["loc"] == ("format",):
            raise XadaptError(f"{where} has a later format: upgrade xadapt (this one reads {FORMAT})") from None
        place = ".".join(map(str, fault["loc"]))
        message = fault["msg"].removeprefix("Value error, ")
        raise XadaptError(f"{where}: {place!a} is wrong ({message}): upgrade xadapt or push it again") from None


def run_folder(run: str) -> str:
    """The folder of a checkpoint inside a repository."""
    return f"runs/{run}"


def datasets(record: RunRecord) -> list[str]:
    """Hub ids of the data sets that a checkpoint was trained on; a user's own files have none."""
    names = (name.split(" ")[0] for source in record.sources.values() for name in source.split(", "))
    return sorted({name for name in names if _HUB_ID.fullmatch(name)})


def about(record: RunRecord) -> str:
    """What a checkpoint was trained on and its English dev scores, in one line."""
    figures = record.figures
    rows = [f"{count:,} rows of {record.sources.get(name, name)}" for name, count in record.rows.items()]
    scores = [
        f"{name} {', '.join(f'{key} {value:.1f}' for key, value in values.items())} (N {figures.dev_rows[name]:,})"
        for name, values in figures.dev.items()
    ]
    told = [", ".join(rows), f"English dev: {'; '.join(scores)}" if scores else ""]
    return "; ".join(filter(None, [record.trains, *told]))


def front_page(index: Index, repo: str) -> str:
    """Write the README of a repository: front matter, how to use it, and what is in it."""
    bases = sorted({_origin(entry.base) for entry in index.setups if not _is_folder(entry.base)})
    sources = sorted({name for entry in index.setups for name in entry.datasets})
    matter = {
        "library_name": "adapters",
        "tags": ["adapters", "adapter-transformers", "xadapt", "cross-lingual", "xlm-roberta"],
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
        "Adapters for cross-lingual transfer on a frozen XLM-R, trained in English only with xadapt.",
        "",
        "```sh",
        f"xadapt pull {repo}",
        f"xadapt evaluate TASK {usage(first)}",
        "```",
        "",
        "| setup | base | seed |",
        "|---|---|---|",
        *(f"| `{entry.setup}` | {_base(entry)} | {entry.seed} |" for entry in index.setups),
        "",
        "| checkpoint | trained on | folder |",
        "|---|---|---|",
        *(f"| `{setup}` | {_place(index, run)} |" for run, setup in checkpoints.items()),
        "",
        *_plain_use(index, repo),
        "Every folder has a card with settings, scores and licence.",
        "",
    ]
    return "\n".join(lines)


def usage(entry: Entry) -> str:
    """The options that name a setup in a command."""
    base = "" if entry.base in _ORIGINS else f" --base {'FOLDER' if _is_folder(entry.base) else entry.base}"
    return f'--setup "{entry.setup}"{base}' + ("" if entry.seed == 42 else f" --seed {entry.seed}")


def public_base(name: str) -> str:
    """A base's name without the folders that it lies in on one person's machine."""
    path = Path(name).expanduser()
    return f"./{path.name}" if name not in _ORIGINS and (path.is_absolute() or path.is_dir()) else name


def _origin(base: str) -> str:
    return _ORIGINS.get(split_name(base)[0], split_name(base)[0])


def _is_folder(base: str) -> bool:
    return base.startswith(".")


def _base(entry: Entry) -> str:
    known = f", made from {_ORIGINS[entry.base]}" if entry.base in _ORIGINS else ""
    return f"`{entry.base}`{known} (fingerprint `{entry.fingerprint[:16]}`)"


def _place(index: Index, run: str) -> str:
    part = index.runs.get(run)
    return f"{part.about} | [{run}]({run_folder(run)})" if part else f"not here: needed from elsewhere | run {run}"


def _plain_use(index: Index, repo: str) -> list[str]:
    adapters = [
        (run, setup) for e in index.setups for setup, run in e.runs.items() if run in index.runs and "(" not in setup
    ]
    if not adapters:
        return []
    run, name = adapters[0]
    return [
        "The weights are in the layout of the `adapters` library, which loads them without xadapt. `model` is an",
        "`XLMRobertaAdapterModel` of the base (such as `xadapt.backbone.base.load_backbone('e5-small').model()`).",
        "",
        "```python",
        "from huggingface_hub import snapshot_download",
        "",
        f'folder = snapshot_download("{repo}") + "/{run_folder(run)}"',
        f'model.load_adapter(f"{{folder}}/adapter", load_as="{name}", set_active=True, use_safetensors=True)',
        f'model.load_head(f"{{folder}}/heads/{name}", load_as="{name}", use_safetensors=True)',
        "```",
        "",
    ]
