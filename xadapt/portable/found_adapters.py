"""Adapters that other libraries wrote, found in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.utils import HEAD_CONFIG_NAME, SAFE_HEAD_WEIGHTS_NAME, SAFE_WEIGHTS_NAME

from xadapt.errors import XadaptError, option
from xadapt.methods.peft_library import CONFIG, WEIGHTS
from xadapt.portable.foreign_files import PICKLES, own_file, read_config
from xadapt.store.checkpoints import RECORD, open_checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from xadapt.store.records import Json

_HOW = {
    "adapterhub": "model.save_adapter(FOLDER, NAME, use_safetensors=True)",
    "peft": "model.save_pretrained(FOLDER, safe_serialization=True)",
}
#: How deep adapters lie in a folder of several, and how many are named.
_DEEPEST = 3
_NAMED = 12


@dataclass(frozen=True)
class FoundAdapter:
    """An adapter's folder.

    Attributes:
        folder: Where it is.
        form: ``adapterhub`` or ``peft``.
        config: Its configuration.
        weights: The file of its weights.
        root: What all its files must lie in.
    """

    folder: Path
    form: str
    config: Json
    weights: Path
    root: Path

    @property
    def base(self) -> str | None:
        """The base that its configuration names, None if it names none."""
        named = self.config.get("model_name") or self.config.get("base_model_name_or_path")
        # The library writes the word where it has no name.
        return named if isinstance(named, str) and named not in ("", "None") else None


def find_adapter(folder: Path, root: Path | None = None) -> FoundAdapter:
    """Look at a folder that holds one adapter.

    Args:
        folder: The folder.
        root: What all its files must lie in; None for the folder itself.

    Raises:
        XadaptError: If it holds none, several in subfolders, or none in safetensors.
    """
    if not folder.is_dir():
        raise XadaptError(f"{folder} is no folder: name the folder of an adapter")
    if (folder / RECORD).is_file():
        run = open_checkpoint(folder).run
        raise XadaptError(f"{folder} is a checkpoint of xadapt already: copy it to STORE/runs/{run}")
    path = own_file(folder, CONFIG, root)
    config = read_config(path) if path else {}
    if not {"peft_type", "config"} & config.keys():
        raise XadaptError(f"{folder} holds no adapter ({_instead(folder)})")
    form = "peft" if "peft_type" in config else "adapterhub"
    weights = safe_file(folder, WEIGHTS if form == "peft" else SAFE_WEIGHTS_NAME, form, root)
    return FoundAdapter(folder, form, config, weights, root or folder)


def _instead(folder: Path) -> str:
    there = subfolders(
        path.relative_to(folder).as_posix()
        for depth in range(1, _DEEPEST + 1)
        for path in folder.glob("*/" * depth + CONFIG)
    )
    if there:
        return f"it has some in subfolders: name one with {option('subfolder')}: {there}"
    if (folder / "config.json").is_file():
        return f"it is a whole model: use it with {option('base')}"
    return f"there is no {CONFIG} of adapters or peft"


def subfolders(names: Iterable[str]) -> str:
    """Name the subfolders that hold an adapter, by the files in a folder; "" if there are none."""
    found = sorted({name.rpartition("/")[0] for name in names if name.endswith(f"/{CONFIG}")})
    return ", ".join(found[:_NAMED]) + (", …" if len(found) > _NAMED else "")


def safe_file(folder: Path, name: str, form: str, root: Path | None = None) -> Path:
    """The file of weights in a folder.

    Raises:
        XadaptError: If there is none, or a pickle instead.
    """
    path = own_file(folder, name, root)
    if path:
        return path
    check_no_pickle(folder, (file.name for file in folder.iterdir()), form)
    raise XadaptError(f"{folder} lacks {name}: get the whole folder")


def check_no_pickle(where: object, names: Iterable[str], form: str) -> None:
    """Check that among the names of files there is no pickle, which would be the weights.

    Raises:
        XadaptError: If there is one; says how to convert it.
    """
    pickle = next((name for name in sorted(names) if name.endswith(PICKLES)), None)
    if pickle:
        raise XadaptError(
            f"{where}/{pickle} is a pickle, which can run code on loading: convert it to safetensors where it was "
            f"made, with {_HOW[form]}"
        )


def find_head(found: FoundAdapter, folder: Path | None = None) -> tuple[Json, Path] | None:
    """Look for the head that comes with an adapter of AdapterHub.

    Args:
        found: The adapter.
        folder: Where the head is, if not beside the adapter.

    Returns:
        Its configuration and the file of its weights, None if there is none.

    Raises:
        XadaptError: If only a part of it is there, or a pickle.
    """
    head = folder or found.folder
    path = own_file(head, HEAD_CONFIG_NAME, found.root)
    if path is None:
        return None
    return read_config(path), safe_file(head, SAFE_HEAD_WEIGHTS_NAME, found.form, found.root)
