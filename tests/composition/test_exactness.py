"""What must be exact: averages of identical adapters, and setups that are loaded again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from adapters.composition import Fuse
from safetensors.torch import load_file, save_file
from scipy.special import log_softmax

import xadapt
from tests.stored_records import change_record
from xadapt.composition.answering import answer_with
from xadapt.composition.builder import Assembly
from xadapt.composition.grammar import parse
from xadapt.methods.fusion import add_fusion, lower_fusion
from xadapt.problems import make_problem
from xadapt.problems.predict import raw_outputs
from xadapt.store.checkpoints import RECORD
from xadapt.store.files import sha256_file
from xadapt.store.store import Store
from xadapt.tasks import get_task
from xadapt.training.plan import plan_fusion, plan_multitask, plan_soup, plan_target, plan_task

ROWS = [
    {"first": "A man is sleeping.", "second": "A man is awake."},
    {"first": "Two dogs run over the green field.", "second": "Animals are outside."},
]
TWINS = ("second", "third")
#: Of coefficients below 0 only one factor of a product takes the sign, so that these are no averages.
AVERAGES = (
    "average(mnli, second)",
    "average(0.7*mnli, 0.3*second)",
    "average(3*mnli, second, 0.1*third)",
    "average(average(mnli, second), third)",
    "0.25*mnli + 0.75*second",
    "average(0.5*mnli + 0.5*third, 0.5*second)",
)
METHODS = ("seq_bn[reduction_factor=8]", "lora[r=4,alpha=8]", "peft:lora[r=4,lora_alpha=8]")
#: Weights of peft count as their roots do, except those of svd.
MERGES = (
    "linear(mnli, second, third)",
    "linear(0.49*mnli, 0.09*second)",
    "svd(mnli, second)",
    "svd(0.2*mnli, 0.8*second, rank=4)",
    "svd(mnli, third, rank=20)",
    "ties(mnli, second, third, density=1)",
    "dare(mnli, second, density=1)",
)


def logits(model: Any, backbone: Any, head: str = "mnli") -> torch.Tensor:
    problem = make_problem(get_task(head), backbone.tokenizer, 48)
    batch = problem.collate(problem.encode(ROWS, labelled=False))
    with torch.inference_mode():
        return problem.forward(model, batch, head).logits


def of(lab: Any, setup: str, head: str = "mnli") -> torch.Tensor:
    return logits(lab.assemble(setup).model, lab.backbone, head)


def twin(lab: Any, name: str, setup: str = "mnli") -> None:
    """Store the checkpoint of a setup a second time, under another name."""
    found = lab.store.find(setup, lab.backbone.fingerprint)
    folder = lab.store.run_path(f"twin-{name}")
    shutil.copytree(found.path, folder)
    change_record(folder / RECORD, setup=name, run=f"twin-{name}")


def stir(checkpoint: Any) -> None:
    """Give a checkpoint weights that say much about every input, which a few steps do not."""
    files = dict(checkpoint.record.files)
    for file in checkpoint.path.rglob("*.safetensors"):
        dice = torch.Generator().manual_seed(1)
        state = {key: value + 0.3 * torch.randn(value.shape, generator=dice) for key, value in load_file(file).items()}
        save_file({key: value.half() for key, value in state.items()}, file)
        files[file.relative_to(checkpoint.path).as_posix()] = sha256_file(file)
    change_record(checkpoint.path / RECORD, files=files)


@pytest.fixture(scope="module")
def labs(trained_once: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """By adapter method, a store with mnli and two adapters of other names that are the same."""
    made = {}
    for number, method in enumerate(METHODS):
        store = Store(tmp_path_factory.mktemp("exact") / str(number), shipped=trained_once.store.shipped)
        lab = made[method] = trained_once.with_store(store)
        stir(lab.train(plan_task("mnli"), adapter_config=method))
        for name in TWINS:
            twin(lab, name)
    return made


def bare(lab: Any) -> torch.Tensor:
    """What the head says with the adapter off."""
    assembly = lab.assemble("mnli")
    assembly.activate(None)
    return logits(assembly.model, lab.backbone)


def check_same(lab: Any, setups: tuple[str, ...], error: float = 1e-6) -> None:
    single = of(lab, "mnli")
    assert (single - bare(lab)).abs().max() > 0.1
    for setup in setups:
        torch.testing.assert_close(of(lab, setup), single, atol=error, rtol=0, msg=lambda text, s=setup: f"{s}: {text}")


@pytest.mark.parametrize("method", METHODS)
def test_an_average_of_identical_adapters_is_the_single_adapter(labs: dict[str, Any], method: str) -> None:
    check_same(labs[method], AVERAGES)


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_merge_of_identical_adapters_is_the_single_adapter(labs: dict[str, Any], method: str) -> None:
    # A product of two factors is put together and taken apart again.
    check_same(labs[method], MERGES, 5e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_difference_of_identical_adapters_changes_nothing(labs: dict[str, Any], method: str) -> None:
    torch.testing.assert_close(of(labs[method], "mnli - second"), bare(labs[method]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("method", METHODS)
def test_an_ensemble_of_identical_adapters_answers_as_one(labs: dict[str, Any], method: str) -> None:
    lab, task = labs[method], get_task("mnli")
    answerer = answer_with(lab.context, parse("ensemble(mnli, second, third)"), task, max_length=48)
    assert len(answerer.assemblies) == 3
    problem = answerer.problem
    features = problem.encode(ROWS, labelled=False)
    pairs = zip(answerer.assemblies, answerer.heads, strict=True)
    raws = [raw_outputs(assembly.model, problem, features, head) for assembly, head in pairs]
    for number, wanted in enumerate(log_softmax(of(lab, "mnli").numpy(), axis=-1)):
        assert problem.combine([raw[number] for raw in raws]) == pytest.approx(wanted, abs=1e-6)
    rows = lab.source.test(get_task("xnli"), "de").rows
    alone = answer_with(lab.context, parse("mnli"), task, max_length=48)
    assert answerer.predict(rows) == alone.predict(rows)


@pytest.mark.parametrize(("method", "kind"), zip(METHODS, ["greedy", "learned", "learned"], strict=True))
def test_a_soup_of_identical_adapters_is_the_single_adapter(labs: dict[str, Any], method: str, kind: str) -> None:
    lab = labs[method]
    made = lab.train(plan_soup(["mnli", *TWINS], "mnli", kind), adapter_config=method, lr=0.5)
    assert sum(made.record.figures.mixture.values()) == pytest.approx(1, abs=1e-5)
    torch.testing.assert_close(of(lab, made.setup), of(lab, "mnli"), atol=1e-6, rtol=0)


@pytest.mark.parametrize("rank", [None, 4])
def test_a_fresh_fusion_of_identical_adapters_is_the_single_adapter(labs: dict[str, Any], rank: int | None) -> None:
    lab = labs[METHODS[0]]
    assembly = Assembly(lab.context)
    fused = Fuse(*(str(assembly.block(parse(name))) for name in ("mnli", *TWINS)))
    add_fusion(assembly.model, fused)
    if rank is not None:
        lower_fusion(assembly.model, fused, rank)
    assembly.activate(fused)
    torch.testing.assert_close(logits(assembly.model.eval(), lab.backbone), of(lab, "mnli"), atol=1e-5, rtol=0)


#: By adapter method, setups with the head that is asked.
RELOADED = {
    "bottleneck": {
        "mnli": "mnli",
        "average(0.7*mnli, 0.3*stsb)": "mnli",
        "1.5*mnli - 0.5*stsb": "stsb",
        "fuse(mnli, stsb)": "stsb",
        "fuse(mnli, stsb, rank=4)": "mnli",
        "stack(mnli, xnli)": "xnli",
        "stack(fuse(mnli, stsb, rank=4), xnli)": "xnli",
        "multitask(mnli, stsb)": "stsb",
        "greedy_soup(mnli, stsb)@xnli": "xnli",
        "continue(mnli, xnli)": "xnli",
    },
    "lora[r=4]": {"mnli": "mnli", "average(mnli, stsb)": "stsb", "svd(mnli, stsb, rank=3)": "mnli"},
    "peft:lora[r=4]": {"mnli": "mnli", "average(mnli, stsb)": "stsb", "stack(mnli, xnli)": "xnli"},
}


MNLI, STSB = plan_task("mnli"), plan_task("stsb")
#: What must be trained for them, beside what the shared store has.
PLANS = {
    "bottleneck": [
        plan_fusion(["mnli", "stsb"], rank=4),
        plan_target("xnli", "fuse(mnli, stsb, rank=4)"),
        plan_multitask(["mnli", "stsb"]),
        plan_soup(["mnli", "stsb"], "xnli"),
        plan_target("xnli", "mnli", "continue"),
    ],
    "lora[r=4]": [MNLI, STSB],
    "peft:lora[r=4]": [MNLI, STSB, plan_target("xnli", "mnli")],
}


@pytest.fixture(scope="module")
def stored(trained_once: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A store for each method."""
    made = {}
    for number, (method, plans) in enumerate(PLANS.items()):
        root, own = tmp_path_factory.mktemp("reloaded") / str(number), {"adapter_config": method}
        if method == "bottleneck":
            shutil.copytree(trained_once.store.root, root, copy_function=shutil.copy2)
            own = {}
        made[method] = trained_once.with_store(Store(root, trained_once.store.shipped))
        for plan in plans:
            made[method].train(plan, **own)
    return made


CASES = [(method, setup) for method, setups in RELOADED.items() for setup in setups]


@pytest.mark.parametrize(("method", "setup"), CASES)
def test_a_setup_that_is_loaded_twice_gives_the_same_logits_to_the_bit(
    stored: dict[str, Any], method: str, setup: str
) -> None:
    torch.manual_seed(1)
    first = of(stored[method], setup, RELOADED[method][setup])
    torch.manual_seed(2)
    assert torch.equal(first, of(stored[method], setup, RELOADED[method][setup]))


#: Loads setups in a process of its own and writes their logits.
SCRIPT = """
import importlib.util, json, sys
from safetensors.torch import save_file
from xadapt import Session
from xadapt.composition.builder import assemble
from xadapt.composition.grammar import parse
spec = importlib.util.spec_from_file_location("exactness", sys.argv[1])
tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tests)
found = {}
for method, root in json.loads(sys.argv[3]).items():
    lab = Session(sys.argv[2], "bundled", root, display=False)
    for setup, head in tests.RELOADED[method].items():
        model = assemble(lab.context, parse(setup)).model
        found[method + setup] = tests.logits(model, lab.backbone, head)
save_file(found, sys.argv[4])
"""


@pytest.mark.slow
def test_a_new_process_gives_the_same_logits_to_the_bit(
    stored: dict[str, Any], tiny_base_folder: Path, tmp_path: Path
) -> None:
    roots = {method: str(lab.store.root) for method, lab in stored.items()}
    file, package = tmp_path / "logits.safetensors", Path(xadapt.__file__).parent.parent
    given = [__file__, str(tiny_base_folder), json.dumps(roots), str(file)]
    environment = {**os.environ, "PYTHONPATH": str(package), "OMP_NUM_THREADS": str(torch.get_num_threads())}
    subprocess.run([sys.executable, "-c", SCRIPT, *given], check=True, env=environment, timeout=300)
    found = load_file(file)
    assert len(found) == len(CASES)
    for method, setup in CASES:
        assert torch.equal(found[method + setup], of(stored[method], setup, RELOADED[method][setup])), setup
