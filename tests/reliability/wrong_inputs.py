"""Wrong inputs by a seed: valid recipes, declarations, rows, options, setups and methods with something done to them."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Rng = random.Random

#: Values that people, programs and attackers write where something else is wanted.
VALUES: tuple[Any, ...] = (
    *(None, True, False, "", " ", 0, -1, 1.5, -0.0, 10**18, 1e308, float("inf"), float("nan"), 10**60, "10e400"),
    *("no", "yes", "null", "all", "none", "@", "de,zh-CN", "xtreme", "mnli", "fuse(mnli, squad)", "x" * 10_000),
    *("../../etc/passwd", "/dev/zero", "~", "C:\\x", "a/b", ".", "CON", "{language}", "{0}", "%s", "$HOME", "`id`"),
    *(
        "\x1b[31mred\x1b[0m",
        "a\rb",
        "a\nb",
        "a\0b",
        "\u202eevil",
        "\u200b",
        "\ufeff",
        "\U0001f4a5",
        "e\u0301",
        "<script>",
    ),
    *([], {}, [[]], {"a": 1}, [None], ["de", True], {"": ""}, [1] * 500),
)
#: What stands in a text where nobody expects it.
SNIPPETS = (
    *(
        "\0",
        "\x1b]0;title\x07",
        "\t",
        "\r",
        "\n\n",
        "\ufeff",
        "\u2028",
        "'",
        '"',
        '"""',
        "`",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
    ),
    *(
        "#",
        "&a ",
        "*a",
        "!!int ",
        "!!python/object:os.system ",
        "<<: ",
        "%",
        ",",
        ",,,,",
        "|",
        "(",
        ")",
        "@",
        "-1",
        "1e999",
    ),
    *(
        "9" * 5000,
        "[" * 3000,
        "{a: " * 200,
        "(" * 500,
        "x" * 20_000,
        "\\",
        "\\u12",
        "\\ud800",
        "NaN",
        "../",
        "--",
        "é",
        "日本",
    ),
)

RECIPE: dict[str, Any] = {
    "name": "small",
    "title": "Small",
    "tasks": ["own.yaml"],
    "seeds": [1, 2],
    "variants": {"low": {"adapter_layers": "0"}, "other": {"adapter_config": "lora[r=4]"}},
    "adapters": {"mnli": {"epochs": 1, "limit": 8}, "stsb": {"lr": 0.01}},
    "fusion": {"epochs": 0.5},
    "setups": ["none", "mnli", "fuse(mnli, stsb)", "average(0.5*mnli, stsb)"],
    "targets": {"xnli": {"train": {"limit": 8}, "languages": "en,de"}, "own": {"train": {}, "languages": ["de"]}},
}
DECLARATION: dict[str, Any] = {
    "name": "own",
    "problem": "text-classification",
    "labels": ["bad", "good"],
    "columns": {"first": "text", "label": "gold"},
    "values": {"label": {"0": "bad", "1": "good"}},
    "train": ["rows.csv"],
    "dev": ["rows.csv"],
    "test": "rows.csv",
    "languages": ["de"],
    "metric": "accuracy",
}
METHODS = (
    "seq_bn[reduction_factor=8]",
    "lora[r=8,alpha=16]@0",
    "peft:lora[r=4]",
    "prefix_tuning[prefix_length=4]|seq_bn",
)
SETUPS = (
    "stack(fuse(mnli, squad, rank=16), xnli)",
    "ties(a, b, density=0.5)",
    "mnli + 0.5*squad - stsb",
    "greedy_soup(a, b)@xnli",
)


@dataclass(frozen=True)
class Wrong:
    """A wrong input.

    Attributes:
        kind: What was made wrong.
        arguments: The command line; ``BASE``, ``DATA``, ``STORE`` and ``TRAINED`` stand for what a test has.
        files: Files in the working folder.
    """

    kind: str
    arguments: list[str]
    files: dict[str, bytes] = field(default_factory=dict)

    def __str__(self) -> str:
        files = "".join(f"\n  {name}: {content[:2000]!r}" for name, content in self.files.items())
        return f"{self.kind}: xadapt {' '.join(map(ascii, self.arguments))[:2000]}{files}"


def wrong_input(seed: int) -> Wrong:
    """Make the wrong input of a seed."""
    rng = random.Random(seed)
    kind = rng.choice(list(_KINDS))
    return _KINDS[kind](rng)


def mangled(rng: Rng, text: str) -> str:
    """Do something to a text, once or several times."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 1, 3, 10, 60)))
        part = text[start:end]
        new = rng.choice(("", part * 2, part[::-1], part.upper(), rng.choice(SNIPPETS), rng.choice(SNIPPETS)))
        text = text[:start] + new + text[end:]
    return text


def changed(rng: Rng, value: Any) -> Any:
    """A value with one part of it, at any depth, replaced, left out, doubled or renamed."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        how = rng.choice(("inside", "inside", "inside", "value", "out", "rename", "more"))
        rest = {k: v for k, v in value.items() if k != key}
        if how == "inside":
            return {**value, key: changed(rng, value[key])}
        if how == "value":
            return {**value, key: rng.choice(VALUES)}
        if how == "out":
            return rest
        if how == "rename":
            return {**rest, rng.choice((f"{key}s", key.upper(), str(rng.choice(VALUES)))): value[key]}
        return {**value, str(rng.choice(VALUES)): rng.choice(VALUES)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        how = rng.choice(("inside", "inside", "out", "twice", "more"))
        if how == "inside":
            return [*value[:at], changed(rng, value[at]), *value[at + 1 :]]
        if how == "out":
            return value[:at] + value[at + 1 :]
        return [*value, value[at] if how == "twice" else rng.choice(VALUES)]
    if isinstance(value, str) and rng.random() < 0.5:
        return mangled(rng, value)
    return rng.choice(VALUES)


def yaml_of(rng: Rng, content: Any) -> bytes:
    """YAML of a content: written by hand as people do, or as JSON, which YAML takes too."""
    import yaml

    if rng.random() < 0.5:
        return json.dumps(content, indent=1).encode()
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")


def _bytes(rng: Rng, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.9:
        return raw
    return rng.choice(
        (
            b"\xef\xbb\xbf" + raw,
            text.encode("utf-16", "replace"),
            raw[: len(raw) // 2],
            raw + b"\xff\xfe",
            b"",
            b"\0" * 100,
        )
    )


def _wrong_file(rng: Rng, content: Any) -> bytes:
    """A YAML file with something done to its content, or to its text."""
    if rng.random() < 0.6:
        return yaml_of(rng, changed(rng, content))
    return _bytes(rng, mangled(rng, yaml_of(rng, content).decode()))


_GOOD_ROWS = b"text,gold\nfine,good\nawful,bad\nnice,1\n"


def _dry_run(kind: str, recipe: bytes, own: bytes, rows: dict[str, bytes]) -> Wrong:
    where = ["--base", "BASE", "--data", "DATA", "--store", "STORE"]
    return Wrong(kind, ["run", "recipe.yaml", "--dry-run", *where], {"recipe.yaml": recipe, "own.yaml": own, **rows})


def _recipe(rng: Rng) -> Wrong:
    return _dry_run("recipe", _wrong_file(rng, RECIPE), yaml_of(rng, DECLARATION), {"rows.csv": _GOOD_ROWS})


def _declaration(rng: Rng) -> Wrong:
    return _dry_run("declaration", yaml_of(rng, RECIPE), _wrong_file(rng, DECLARATION), {"rows.csv": _GOOD_ROWS})


_TAGGED = [["Ann", "B-PER"], ["lives", "O"], ["in", "O"], ["Oslo", "B-LOC"]]
_ROWS: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "text-classification": (
        {"labels": ["bad", "good"]},
        [{"first": "fine", "label": "good"}, {"first": "no", "label": "bad"}],
    ),
    "pair-classification": (
        {"labels": ["a", "b"]},
        [{"first": "x y", "second": "z", "label": "a"}, {"first": "x", "second": "z w", "label": "b"}],
    ),
    "pair-regression": (
        {"range": [0, 5]},
        [{"first": "x", "second": "y", "score": 4.5}, {"first": "x y", "second": "z", "score": 1}],
    ),
    "tagging": (
        {},
        [{"tokens": [w for w, _ in _TAGGED], "tags": [t for _, t in _TAGGED]}, {"tokens": ["a"], "tags": ["O"]}],
    ),
    "span-qa": (
        {},
        [
            {
                "id": "1",
                "context": "Ann lives in Oslo.",
                "question": "Where?",
                "answers": {"text": ["Oslo"], "answer_start": [13]},
            },
            {"id": "2", "context": "Bo sings.", "question": "Who?", "answers": {"text": ["Bo"], "answer_start": [0]}},
        ],
    ),
}


def _own_rows(rng: Rng, problem: str) -> tuple[bytes, dict[str, bytes]]:
    """A declaration and its files, of which that with the training rows is wrong."""
    more, rows = _ROWS[problem]
    forms = {"tagging": ("jsonl", "parquet", "conll", "conll"), "span-qa": ("jsonl", "jsonl", "parquet")}
    ending = rng.choice(forms.get(problem, ("csv", "jsonl", "tsv", "parquet")))
    # Training rows are no dev rows.
    dev = json.dumps(rows).replace("x y", "v w").replace("fine", "nice").replace("Ann", "Eve").replace('"no"', '"so"')
    lines = "".join(json.dumps(row) + "\n" for row in json.loads(dev))
    declared = {"name": "own", "problem": problem, **more, "train": [f"rows.{ending}"], "dev": ["dev.jsonl"]}
    files = {f"rows.{ending}": _FORMS[ending](rng, rows), "dev.jsonl": lines.encode()}
    return yaml_of(rng, {**declared, "test": "dev.jsonl", "languages": ["de"]}), files


def _rows(rng: Rng) -> Wrong:
    own, files = _own_rows(rng, rng.choice(list(_ROWS)))
    recipe = {"name": "r", "title": "R", "tasks": ["own.yaml"], "setups": ["none"], "targets": {"own": {"train": {}}}}
    return _dry_run("rows", yaml_of(rng, recipe), own, files)


def _trained_rows(rng: Rng) -> Wrong:
    own, files = _own_rows(rng, rng.choice(list(_ROWS)))
    quick = ["--epochs", "0.1", "--limit", "4", "--dev-limit", "2", "--report-to", "none", "--max-length", "48"]
    where = ["--base", "BASE", "--data", "DATA", "--store", "STORE"]
    return Wrong("trained rows", ["train-task", "own.yaml", *quick, *where], {"own.yaml": own, **files})


def _predicted(rng: Rng) -> Wrong:
    task = rng.choice(("mnli", "squad", "stsb"))
    ending = rng.choice(("csv", "jsonl", "tsv", "parquet"))
    rows = [{"premise": "x y", "hypothesis": "z"}, {"premise": "x", "hypothesis": "z w"}]
    if task == "squad":
        rows = [{"context": "Ann lives in Oslo.", "question": "Where?"}, {"context": "Bo sings.", "question": "Who?"}]
    if task == "stsb":
        rows = [{"sentence1": "x", "sentence2": "y z"}, {"sentence1": "v w", "sentence2": "y"}]
    to = rng.choice(([], ["--to", "out.jsonl"], ["--to", "out.csv"], ["--to", "."], ["--to", "out.xml"]))
    where = ["--base", "BASE", "--store", "TRAINED", "--max-length", "48"]
    arguments = ["predict", f"rows.{ending}", "--setup", task, "--task", task, *to, *where]
    return Wrong("predicted rows", arguments, {f"rows.{ending}": _FORMS[ending](rng, rows)})


def _jsonl(rng: Rng, rows: list[Any]) -> bytes:
    if rng.random() < 0.7:
        rows = changed(rng, rows)
        lines = rows if isinstance(rows, list) else [rows]
        return "".join(json.dumps(row) + "\n" for row in lines).encode()
    return _bytes(rng, mangled(rng, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)))


def _table(separator: str) -> Callable[[Rng, list[Any]], bytes]:
    def write(rng: Rng, rows: list[Any]) -> bytes:
        import csv

        cells = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
        if rng.random() < 0.5:
            row = rng.randrange(len(cells))
            other = changed(rng, cells[row])
            cells[row] = [str(value) for value in other] if isinstance(other, list) else cells[row]
            cells[row] = [str(rng.choice(VALUES)) if rng.random() < 0.3 else cell for cell in cells[row]]
        text = io.StringIO()
        csv.writer(text, delimiter=separator, escapechar="\\").writerows(cells)
        return _bytes(rng, mangled(rng, text.getvalue()) if rng.random() < 0.6 else text.getvalue())

    return write


def _parquet(rng: Rng, rows: list[Any]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        table = pa.Table.from_pylist(changed(rng, rows))
    except (pa.ArrowException, AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError):
        table = pa.Table.from_pylist(rows)
    stream = io.BytesIO()
    try:
        parquet.write_table(table, stream)
    except (pa.ArrowException, ValueError):
        stream = io.BytesIO(b"PAR1")
    raw = stream.getvalue()
    if rng.random() < 0.5:
        at = rng.randrange(len(raw))
        raw = (
            raw[:at]
            + rng.choice((b"", b"\0", b"\xff" * 8, raw[at : at + 1] * 50))
            + raw[at + rng.choice((1, 4, 100)) :]
        )
    return raw


def _conll(rng: Rng, rows: list[Any]) -> bytes:
    text = "".join("".join(f"{w}\t{t}\n" for w, t in zip(r["tokens"], r["tags"], strict=True)) + "\n" for r in rows)
    return _bytes(rng, mangled(rng, text))


_FORMS = {"jsonl": _jsonl, "csv": _table(","), "tsv": _table("\t"), "parquet": _parquet, "conll": _conll}

_TEXTS = tuple(str(value) for value in VALUES if "\0" not in str(value) and value != 1.5)
_OPTIONS = {
    "train-task": (
        "epochs",
        "lr",
        "batch-size",
        "limit",
        "dev-limit",
        "max-length",
        "adapter-config",
        "adapter-layers",
        "seed",
    ),
    "evaluate": (
        "languages",
        "limit",
        "pool-limit",
        "max-length",
        "layer",
        "seed",
        "device",
        "precision",
        "cache-size",
    ),
}


def _option(rng: Rng) -> Wrong:
    command = rng.choice(list(_OPTIONS))
    name = rng.choice(
        (*_OPTIONS[command], "device", "precision", "cache-size", "base", "data", "seed", "no-such-option")
    )
    value = rng.choice((*_TEXTS, "cpu:99", "cuda:7", "1e308", "-5", ",", "99999999999999999999"))
    arguments = ["train-task", "mnli"] if command == "train-task" else ["evaluate", "xnli", "--setup", "mnli"]
    given = {"base": "BASE", "data": "DATA", "store": "STORE", "limit": "4", name: value}
    if command == "train-task":
        given = {"epochs": "0.1", "dev-limit": "2", "report-to": "none", **given}
    return Wrong(f"option {name}", [*arguments, *(part for key, v in given.items() for part in (f"--{key}", v))])


def _setup(rng: Rng) -> Wrong:
    text = mangled(rng, rng.choice(SETUPS)) if rng.random() < 0.8 else rng.choice(_TEXTS)
    text = text.replace("\0", "")
    where = ["--base", "BASE", "--store", "STORE"]
    if rng.random() < 0.5:
        return Wrong("setup", ["evaluate", "xnli", f"--setup={text}", "--data", "DATA", "--limit", "2", *where])
    return Wrong("setup", ["fuse", "mnli", "--data", "DATA", "--limit", "2", *where, "--", text])


def _method(rng: Rng) -> Wrong:
    text = mangled(rng, rng.choice(METHODS)).replace("\0", "")
    recipe = {
        "name": "m",
        "title": "M",
        "setups": ["mnli"],
        "adapters": {"mnli": {"adapter_config": text}},
        "targets": {"xnli": {}},
    }
    return _dry_run("method", json.dumps(recipe).encode(), b"", {})


_KINDS: dict[str, Callable[[Rng], Wrong]] = {
    "recipe": _recipe,
    "declaration": _declaration,
    "rows": _rows,
    "more rows": _rows,
    "trained rows": _trained_rows,
    "predicted rows": _predicted,
    "option": _option,
    "setup": _setup,
    "method": _method,
}
