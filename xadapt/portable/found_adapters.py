"""Adapters that other libraries wrote: found in a folder, and loaded into a model without opening a pickle."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.head_utils import STATIC_TO_FLEX_HEAD_MAP
from adapters.utils import HEAD_CONFIG_NAME, SAFE_HEAD_WEIGHTS_NAME, SAFE_WEIGHTS_NAME
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from xadapt.errors import XadaptError, option, reason_of
from xadapt.methods.adapter import LOADING_ERRORS, read_adapter
from xadapt.methods.peft_configs import LINEARS
from xadapt.methods.peft_library import CONFIG, WEIGHTS
from xadapt.portable.export_peft import ROOT, targets
from xadapt.portable.plain_heads import CLASSES
from xadapt.store.checkpoints import RECORD, open_checkpoint
from xadapt.store.files import atomic_write_json, check_links, read_json

if TYPE_CHECKING:
    import torch
    from adapters import XLMRobertaAdapterModel

    from xadapt.store.records import Json

_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
_HOW = {
    "adapterhub": "model.save_adapter(FOLDER, NAME, use_safetensors=True)",
    "peft": "model.save_pretrained(FOLDER, safe_serialization=True)",
}
_LINEAR = re.compile(rf"encoder\.layer\.\d+\.({'|'.join(map(re.escape, LINEARS))})(?=\.)")


@dataclass(frozen=True)
class FoundAdapter:
    """An adapter's folder.

    Attributes:
        folder: Where it is.
        form: ``adapterhub`` or ``peft``.
        config: Its configuration.
    """

    folder: Path
    form: str
    config: Json

    @property
    def weights(self) -> Path:
        """The file of its weights."""
        return self.folder / (WEIGHTS if self.form == "peft" else SAFE_WEIGHTS_NAME)


def find_adapter(folder: Path) -> FoundAdapter:
    """Look at a folder that holds one adapter.

    Raises:
        XadaptError: If it holds none, or none in safetensors.
    """
    if not folder.is_dir():
        raise XadaptError(f"{folder} is no folder: name the folder of an adapter")
    if (folder / RECORD).is_file():
        run = open_checkpoint(folder).run
        raise XadaptError(f"{folder} is a checkpoint of xadapt already: copy it to STORE/runs/{run}")
    check_links(folder)
    config = read_json(folder / CONFIG) if (folder / CONFIG).is_file() else None
    if not isinstance(config, dict) or not {"peft_type", "config"} & config.keys():
        hint = (
            f"it is a whole model: use it with {option('base')}"
            if (folder / "config.json").is_file()
            else f"there is no {CONFIG} of adapters or peft"
        )
        raise XadaptError(f"{folder} holds no adapter ({hint})")
    found = FoundAdapter(folder, "peft" if "peft_type" in config else "adapterhub", config)
    _check_safe(found.weights, folder, _HOW[found.form])
    return found


def _check_safe(weights: Path, folder: Path, how: str) -> None:
    if weights.is_file():
        return
    pickles = [file.name for file in sorted(folder.iterdir()) if file.suffix in _PICKLES]
    if pickles:
        raise XadaptError(
            f"{folder / pickles[0]} is a pickle, which can run code on loading: convert it to safetensors where it was "
            f"made, with {how}"
        )
    raise XadaptError(f"{folder} lacks {weights.name}: get the whole folder")


def read_weights(file: Path) -> dict[str, torch.Tensor]:
    """Read a file of weights.

    Raises:
        XadaptError: If it is no safetensors file.
    """
    try:
        weights: dict[str, torch.Tensor] = load_file(file)
    except (OSError, SafetensorError) as error:
        raise XadaptError(f"{file} is no whole safetensors file ({error}): get it again") from None
    return weights


def load_found_adapter(model: XLMRobertaAdapterModel, found: FoundAdapter, name: str) -> None:
    """Load an adapter into a model.

    Args:
        model: A model of the base.
        found: The adapter.
        name: What it is called there.

    Raises:
        XadaptError: If it is for another base, or of a method that is unknown here.
    """
    width, layers = model.config.hidden_size, model.config.num_hidden_layers
    numbers = [int(number) for key in read_weights(found.weights) for number in re.findall(r"\.layer\.(\d+)\.", key)]
    deepest = 1 + max(numbers, default=-1)
    made_for = found.config.get("hidden_size", width)
    if made_for != width or deepest > layers or found.config.get("model_type", "xlm-roberta") != "xlm-roberta":
        kind = found.config.get("model_type", "model")
        raise XadaptError(
            f"{found.folder} is for a {kind} base of width {made_for} with at least {deepest} layers, and this base is "
            f"an xlm-roberta of width {width} with {layers}: name its base with {option('base')}"
        )
    try:
        if found.form == "peft":
            _load_peft(model, found, name)
            return
        missed: dict[str, list[str]] = {}
        # The library's own loader reads what older versions wrote, with their scales.
        model.load_adapter(str(found.folder), load_as=name, with_head=False, use_safetensors=True, loading_info=missed)
    except LOADING_ERRORS as error:
        raise _unfit(found.folder, error) from None
    # The prefixes of all layers are one module, which the file has once and the library misses in every other layer.
    own = {key for key, _ in (*model.named_parameters(), *model.named_buffers())}
    lost = [key for key in missed["missing_keys"] if key in own] + missed["unexpected_keys"]
    if lost:
        raise _unfit(found.folder, f"{len(lost)} weights have no counterpart, {lost[0]} first")


def _unfit(folder: Path, reason: Exception | str) -> XadaptError:
    line = reason if isinstance(reason, str) else reason_of(reason)
    return XadaptError(f"{folder} does not load on this base ({line})")


def _load_peft(model: XLMRobertaAdapterModel, found: FoundAdapter, name: str) -> None:
    """Load an adapter of peft as if it had been saved from the bare encoder, all else in the folder left out."""
    weights, adapted = {}, set()
    for key, value in _peft_weights(found.weights).items():
        linear = _LINEAR.match(key)
        if linear:
            weights[key] = value
            adapted.add(linear.group())
        elif key.partition(".")[0] not in (found.config.get("modules_to_save") or ()):
            raise ValueError(f"it changes {key}, which is no linear layer of the encoder")
    chosen = targets(adapted, model.config.num_hidden_layers)
    if chosen is None:
        raise ValueError("its layers differ in what is adapted in them")
    encoder = {"modules_to_save": None, "exclude_modules": None, "task_type": None, "target_modules": chosen[0]}
    config = {**found.config, **encoder}
    if chosen[1] is not None or "layers_to_transform" in config:
        config["layers_to_transform"] = chosen[1]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        atomic_write_json(folder / CONFIG, config)
        save_file({ROOT + key: value for key, value in weights.items()}, folder / WEIGHTS)
        read_adapter(model, folder, name)


def _peft_weights(file: Path) -> dict[str, torch.Tensor]:
    """Weights by their path in the encoder or, for a head, in the whole model."""
    return {key.removeprefix(ROOT).removeprefix("roberta."): value for key, value in read_weights(file).items()}


def load_found_head(model: XLMRobertaAdapterModel, found: FoundAdapter, name: str, folder: Path | None = None) -> bool:
    """Load the head that comes with an adapter.

    Args:
        model: A model of the base.
        found: The adapter.
        name: What the head is called there.
        folder: Where the head is, if not beside the adapter.

    Returns:
        Whether there is one.

    Raises:
        XadaptError: If it does not fit the base.
    """
    head = folder or found.folder
    check_links(head)
    if found.form == "adapterhub" and not (head / HEAD_CONFIG_NAME).is_file():
        return False
    with tempfile.TemporaryDirectory() as temporary:
        if found.form == "peft":
            head = Path(temporary)
            if not _write_head(found, head):
                return False
        _check_safe(head / SAFE_HEAD_WEIGHTS_NAME, head, _HOW[found.form])
        missed: dict[str, list[str]] = {}
        try:
            model.load_head(str(head), load_as=name, use_safetensors=True, loading_info=missed)
        except LOADING_ERRORS as error:
            raise _unfit(head, error) from None
    lost = [key for keys in missed.values() for key in keys]
    if lost:
        raise _unfit(head, f"{len(lost)} weights of the head have no counterpart, {lost[0]} first")
    return True


def _write_head(found: FoundAdapter, to: Path) -> bool:
    """Write what peft saved of a class's head as that class's head; its labels have no names there."""
    weights = {key: value for key, value in _peft_weights(found.weights).items() if not key.startswith("encoder.")}
    names = {key.rpartition(".")[0] for key in weights}
    for end in CLASSES:
        architecture = f"XLMRobertaFor{end}"
        layers = [layer for layer in STATIC_TO_FLEX_HEAD_MAP[architecture]["layers"] if layer]
        if names == set(layers):
            count = len(weights[f"{layers[-1]}.bias"])
            labels = {f"LABEL_{number}": number for number in range(count)}
            config = {"model_class": architecture, "name": None, "num_labels": count, "label2id": labels}
            atomic_write_json(to / HEAD_CONFIG_NAME, config)
            save_file(weights, to / SAFE_HEAD_WEIGHTS_NAME)
            return True
    return False
