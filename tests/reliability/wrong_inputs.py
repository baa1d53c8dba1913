"""Wrong inputs by a seed: recipes, declarations, rows, options, setups and methods with something done to them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.reliability.mangling import VALUES, Rng, mangled, wrong_yaml, yaml_of
from tests.reliability.wrong_rows import FORMS

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
    "gate(a, b)@xnli",
    "greedy_ensemble(a, b)@xnli",
    "distill(ensemble(a, b), unlabelled=20)@xnli",
    "runs(fuse(a, b, narrow=4)@xnli, n=3)",
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


_GOOD_ROWS = b"text,gold\nfine,good\nawful,bad\nnice,1\n"


def _dry_run(kind: str, recipe: bytes, own: bytes, rows: dict[str, bytes]) -> Wrong:
    where = ["--base", "BASE", "--data", "DATA", "--store", "STORE"]
    return Wrong(kind, ["run", "recipe.yaml", "--dry-run", *where], {"recipe.yaml": recipe, "own.yaml": own, **rows})


def _recipe(rng: Rng) -> Wrong:
    return _dry_run("recipe", wrong_yaml(rng, RECIPE), yaml_of(rng, DECLARATION), {"rows.csv": _GOOD_ROWS})


def _declaration(rng: Rng) -> Wrong:
    return _dry_run("declaration", yaml_of(rng, RECIPE), wrong_yaml(rng, DECLARATION), {"rows.csv": _GOOD_ROWS})


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
    files = {f"rows.{ending}": FORMS[ending](rng, rows), "dev.jsonl": lines.encode()}
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
    return Wrong("predicted rows", arguments, {f"rows.{ending}": FORMS[ending](rng, rows)})


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


_COMMANDS: tuple[str, ...] = (
    "gate mnli stsb --on xnli --data DATA --base BASE --limit 4 --epochs 0.1 --dev-limit 2",
    "soup mnli stsb --on mnli --method greedy --data DATA --base BASE --limit 4",
    "ensemble mnli stsb --on mnli --data DATA --base BASE --dev-limit 2",
    "distill mnli --on xnli --unlabelled 2 --data DATA --base BASE --limit 4 --epochs 0.1 --dev-limit 2",
    "multitask mnli stsb --mixing-cap 100 --data DATA --base BASE --limit 4 --epochs 0.1 --dev-limit 2",
    "train-target xnli --on none --mode stack --data DATA --base BASE --limit 4 --epochs 0.1 --dev-limit 2",
    "train-task mnli --report-to none --data DATA --base BASE --limit 4 --epochs 0.1 --dev-limit 2",
    "explain average(mnli,stsb) --task xnli --languages en --limit 2 --to out --data DATA --base BASE",
    "submit xtreme --setup mnli --to out --data DATA --base BASE",
    "report results --title T --to out",
    "export mnli --format peft --task xnli --precision fp32 --to out --base BASE",
    "import folder --task xnli --name n --labels a,b,c --base BASE",
    "predict recipe.yaml --setup mnli --task mnli --format jsonl --to out.jsonl --max-length 32 --base BASE",
    "tasks xnli --json",
    "run recipe.yaml --dry-run --only xnli --data DATA --base BASE",
    "run recipe.yaml --max-hours 0 --to out --data DATA --base BASE",
    "evaluate xnli --setup none --languages en --limit 2 --data DATA --base BASE",
    "evaluate tatoeba --setup none --languages de --limit 2 --layer 1 --data DATA --base BASE",
    "info --data DATA --base BASE",
)


def _command(rng: Rng) -> Wrong:
    """A right command but for one of its words."""
    words = rng.choice(_COMMANDS).split()
    at = rng.choice([number for number, word in enumerate(words) if number and not word.startswith("--")] or [0])
    value = rng.choice((*_TEXTS, *_SWAPPED)) if rng.random() < 0.8 else mangled(rng, words[at]).replace("\0", "")
    # What begins with a dash would be another option.
    words[at] = f"./{value}" if value.startswith("--") else value
    files = {"recipe.yaml": yaml_of(rng, {**RECIPE, "tasks": [], "targets": {"xnli": RECIPE["targets"]["xnli"]}})}
    return Wrong(f"command {words[0]}", [*words, "--store", "STORE"], files)


_SWAPPED = (
    "mnli",
    "xnli",
    "squad",
    "fuse(mnli, squad)",
    "recipe.yaml",
    "peft",
    "greedy",
    "xtreme",
    "en",
    "3",
    "1e999*mnli",
)


def _mirror(rng: Rng) -> Wrong:
    rows = [{"premise": "x", "hypothesis": "y", "label": n % 3} for n in range(5)]
    asked = [
        {
            "id": str(n),
            "context": "Ann lives in Oslo.",
            "question": "Where?",
            "answers": {"text": ["Oslo"], "answer_start": [13]},
        }
        for n in range(3)
    ]
    files = {
        "mirror/nyu-mll/multi_nli/default/train.parquet": FORMS["parquet"](rng, rows),
        "mirror/facebook/xnli/de/test.jsonl": FORMS["jsonl"](rng, rows),
        "mirror/rajpurkar/squad/plain_text/train.jsonl": FORMS["jsonl"](rng, asked),
    }
    return Wrong("mirror", ["data", "check", "mirror"], files)


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
    "command": _command,
    "mirror": _mirror,
}
