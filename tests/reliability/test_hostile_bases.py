"""A base that a stranger made runs no code here, and asks nothing."""

from __future__ import annotations

import builtins
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.error_checks import check_refusal, refused
from tests.reliability.strangers import change_json
from xadapt.backbone.base import load_backbone
from xadapt.errors import XadaptError

_CODE = """
from pathlib import Path
Path({mark!r}).write_text("ran")
from transformers import XLMRobertaConfig as C
from transformers import XLMRobertaModel as M
from transformers import XLMRobertaTokenizerFast as T
"""


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "it-ran"


@pytest.fixture
def hostile(tiny_base_folder: Path, tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tiny base beside code, on a machine where whoever is asked says yes."""
    folder = Path(shutil.copytree(tiny_base_folder, tmp_path / "hostile"))
    (folder / "evil.py").write_text(_CODE.format(mark=str(mark)))
    monkeypatch.setattr(builtins, "input", lambda *question: "y")
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    return folder


def mapped(**classes: str) -> dict[str, Any]:
    return {"auto_map": {name: f"evil.{of}" for name, of in classes.items()}}


@pytest.mark.parametrize("kind", ["xlm-roberta", "somebody-elses", None])
@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_code_of_a_base_is_refused_and_nobody_is_asked(hostile: Path, mark: Path, file: str, kind: str | None) -> None:
    change_json(hostile / "config.json", model_type=kind)
    change_json(hostile / file, **mapped(AutoConfig="C", AutoModel="M", AutoTokenizer="T"))
    with refused(hostile, file, "auto_map", advice="use a base without it"):
        load_backbone(str(hostile))
    assert not mark.exists()


def test_a_kernel_that_a_base_names_is_not_taken(hostile: Path, monkeypatch: pytest.MonkeyPatch, tiny: Any) -> None:
    def fetched(*given: Any) -> None:
        raise AssertionError(f"a kernel was fetched: {given}")

    monkeypatch.setattr("transformers.modeling_utils.load_and_register_kernel", fetched)
    names = ("attn_implementation", "_attn_implementation", "_attn_implementation_internal", "experts_implementation")
    change_json(hostile / "config.json", **dict.fromkeys(names, "evil/kernel"))
    read = load_backbone(str(hostile))
    assert read.fingerprint == tiny.fingerprint
    read.model()


@pytest.mark.parametrize(
    "changes",
    [
        {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}},
        {"hidden_act": "__import__('os').system('true')"},
        {"hidden_size": 10**12},
        {"num_hidden_layers": -1},
        {"vocab_size": "all"},
    ],
)
def test_what_is_no_plain_configuration_is_one_line(hostile: Path, changes: dict[str, Any]) -> None:
    change_json(hostile / "config.json", **changes)
    with refused(f"base {str(hostile)!r}"):
        load_backbone(str(hostile))


def test_what_decides_nothing_is_left_out(hostile: Path, tiny: Any) -> None:
    adapters = {"adapters": {"x": "0"}, "config_map": {"0": "seq_bn"}}
    change_json(hostile / "config.json", adapters=adapters, name_or_path="/etc", tokenizer_class="evil.T")
    read = load_backbone(str(hostile))
    assert read.fingerprint == tiny.fingerprint
    assert not len(read.model().adapters_config.adapters)


def test_a_base_does_not_lead_to_another(hostile: Path, tiny_base_folder: Path) -> None:
    (hostile / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(tiny_base_folder)}))
    with refused(hostile, "adapter_config.json", advice="xadapt import"):
        load_backbone(str(hostile))


class _Ran:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_a_pickle_that_runs_code_is_not_loaded(hostile: Path, mark: Path) -> None:
    (hostile / "model.safetensors").unlink()
    torch.save({"embeddings": _Ran(mark)}, hostile / "pytorch_model.bin")
    with refused(hostile):
        load_backbone(str(hostile))
    assert not mark.exists()


@pytest.mark.parametrize(
    "header", [b"\xff" * 8, (1 << 40).to_bytes(8, "little"), b"", b"\x08" + bytes(7) + b"[[[[[[[["]
)
def test_a_header_that_is_none_is_one_line(hostile: Path, header: bytes) -> None:
    (hostile / "model.safetensors").write_bytes(header + b"x")
    with refused(hostile):
        load_backbone(str(hostile))


@pytest.mark.slow
@pytest.mark.parametrize("stdin", ["closed", "a pipe that says yes"])
def test_the_command_reads_no_standard_input(hostile: Path, mark: Path, tmp_path: Path, stdin: str) -> None:
    change_json(hostile / "config.json", model_type="somebody-elses", **mapped(AutoConfig="C"))
    code = "import sys; from xadapt.cli.main import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "info", "--base", str(hostile), "--store", str(tmp_path / "store")]
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if stdin == "closed" else {"input": "y\n" * 100}
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, **given, capture_output=True, text=True, timeout=120, env=environment, check=False)
    check_refusal(done.returncode, done.stderr, "auto_map")
    assert "[y/N]" not in done.stdout + done.stderr
    assert not mark.exists()


def test_every_refusal_is_an_error_of_ours(hostile: Path) -> None:
    (hostile / "config.json").write_text("[" * 100_000)
    with pytest.raises(XadaptError):
        load_backbone(str(hostile))
