"""Folders of adapters that were damaged by hand or by chance, for imports that must not be harmed by them."""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

#: What no field of a configuration should be, or only few.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 7, 1e-4, 0.5, -0.0, 1e308, float("nan"), float("inf"), 10**9, 10**30, -(10**12)),
    *(
        "",
        "x",
        "x" * 5000,
        "\x1b[31mred",
        "a\nb",
        "../../x",
        "/etc/passwd",
        "nan",
        "None",
        "\u202e",
        "__class__",
        "hub/name",
    ),
    *([], [[]], {}, {"": {}}, [None], ["x"] * 50, {"x": 1}, {"0": 1, "1": 0}, [0, 1, 2], [10**9], ["../x"]),
)


def change_json(path: Path, change: Callable[[Any], Any]) -> None:
    """Change a file of JSON; what the change returns is written, unless it is None."""
    value = json.loads(path.read_text())
    path.write_text(json.dumps(change(value) or value))


def change_weights(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change a file of weights; what the change returns is written, unless it is None."""
    weights = dict(load_file(path))
    save_file(change(weights) or weights, path)


def random_folder_fault(folder: Path, seed: int) -> str:
    """Damage one thing in a folder of an adapter or an export; returns what was done."""
    chance = random.Random(seed)
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".json", ".safetensors"))
    file = chance.choice(files)
    if chance.random() < 0.15:
        return f"{file.relative_to(folder)}: {_of_file(file, chance)}"
    what = _of_json(file, chance) if file.suffix == ".json" else _of_weights(file, chance)
    return f"{file.relative_to(folder)}: {what}"


def _of_file(file: Path, chance: random.Random) -> str:
    content = file.read_bytes()
    kind = chance.choice(["missing", "empty", "cut", "flipped", "folder", "link out", "pipe", "pickle", "binary"])
    file.unlink()
    if kind == "empty":
        file.write_bytes(b"")
    elif kind == "cut":
        file.write_bytes(content[: chance.randrange(len(content))])
    elif kind == "flipped":
        at = chance.randrange(min(len(content), 4000))
        file.write_bytes(content[:at] + bytes([content[at] ^ (1 << chance.randrange(8))]) + content[at + 1 :])
    elif kind == "folder":
        file.mkdir()
    elif kind == "link out":
        file.symlink_to("/etc/passwd")
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "pickle":
        torch.save({"x": torch.zeros(2)}, file.with_suffix(".bin"))
    elif kind == "binary":
        file.write_bytes(chance.randbytes(200))
    return kind


def _of_json(file: Path, chance: random.Random) -> str:
    text = file.read_text()
    if chance.random() < 0.15:
        kind = chance.choice(["deep", "digits", "twice", "no object"])
        key = next(iter(json.loads(text)))
        deep = {"deep": "[" * 50000, "digits": "9" * 5000, "twice": f'1, "{key}": 2'}
        file.write_text(
            "[1]" if kind == "no object" else text.rstrip().removesuffix("}") + f', "{key}": {deep[kind]}' + "}"
        )
        return kind
    value = json.loads(text)
    places = list(_places(value))
    holder, key, where = chance.choice(places)
    if chance.random() < 0.2 and isinstance(holder, dict):
        del holder[key]
        what = f"without {where}"
    elif chance.random() < 0.1 and isinstance(holder, dict):
        holder[str(chance.choice(VALUES))] = holder.pop(key)
        what = f"{where} renamed"
    else:
        holder[key] = chance.choice(VALUES)
        what = f"{where} = {holder[key]!r}"[:100]
    file.write_text(json.dumps(value))
    return what


def _places(value: Any, where: str = "") -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield value, key, f"{where}/{key}"
        yield from _places(part, f"{where}/{key}")


def _of_weights(file: Path, chance: random.Random) -> str:
    kind = chance.choice(["header", "value", "type", "shape", "missing", "renamed", "more", "dim", "grown"])
    if kind == "header":
        length = chance.choice([0, 1, 2**63 - 1, 2**31, 10**8, file.stat().st_size + 1])
        file.write_bytes(struct.pack("<Q", length) + file.read_bytes()[8:])
        return f"a header of {length}"
    weights = dict(load_file(file))
    key = chance.choice(sorted(weights))
    value = weights.pop(key)
    if kind == "value":
        value.view(-1)[0] = chance.choice([float("nan"), float("inf"), 1e30, 70000.0, -1e38])
        weights[key] = value
    elif kind == "type":
        kinds = [torch.int8, torch.int64, torch.bool, torch.uint8, torch.float64, torch.bfloat16, torch.float8_e4m3fn]
        weights[key] = value.to(chance.choice(kinds))
    elif kind == "shape":
        weights[key] = value.t().contiguous() if value.dim() == 2 else value[None]
    elif kind == "renamed":
        number = chance.choice([7, 10**9, 10**40])
        weights[chance.choice([key.replace(".layer.1.", f".layer.{number}."), key + ".x", "\x1b[2J", "x" * 3000])] = (
            value
        )
    elif kind == "more":
        weights |= {key: value, f"{key}.more": value.clone()}
    elif kind == "dim":
        weights[key] = value.flatten()[:0] if chance.random() < 0.5 else value.flatten()
    elif kind == "grown":
        weights[key] = torch.cat([value, value])
    if weights:
        save_file(weights, file)
    return f"{kind} of {key[:60]}"
