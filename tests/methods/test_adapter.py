"""Methods of both libraries behind one interface: added, stored, loaded, described, composed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from adapters.composition import Fuse, Stack
from safetensors.torch import load_file, save_file

from tests.adapter_hosts import AdapterHost
from tests.error_checks import refused
from xadapt.methods.adapter import (
    activate,
    adapter_state,
    add_adapter,
    check_method,
    copy_method,
    fixed_state,
    has_adapter,
    load_adapter,
    method_of,
    save_adapter,
)

LIBRARY = (
    "seq_bn", "double_seq_bn", "par_bn", "scaled_par_bn", "seq_bn_inv", "seq_bn[ln_before=True]",
    "compacter[reduction_factor=4]", "compacter++[reduction_factor=4]", "prefix_tuning[bottleneck_size=8]",
    "prefix_tuning_flat", "lora[r=4]", "mtl_lora", "ia3", "vera", "dora", "dvora", "loreft", "noreft", "mam", "unipelt",
    "lora|seq_bn",
)  # fmt: skip
PEFT = (
    "peft:lora[r=4]", "peft:rslora", "peft:dora", "peft:ia3", "peft:loha", "peft:lokr", "peft:vera[r=16]",
    "peft:oft[oft_block_size=8]", "peft:lora[target_modules=['output.dense'], layers_to_transform=[1]]",
)  # fmt: skip


@pytest.mark.parametrize("text", [*LIBRARY, *PEFT])
def test_every_method_is_added_stored_and_loaded_under_another_name(
    host: AdapterHost, other_host: AdapterHost, tmp_path: Path, text: str
) -> None:
    before = {id(p) for p in host.model.parameters()}
    host.add(text, "z")
    assert torch.equal(host.hidden(), host.bare)
    own = [*adapter_state(host.model, "z").values(), *fixed_state(host.model, "z").values()]
    added = [p for p in host.model.parameters() if id(p) not in before]
    assert {id(p) for p in own if isinstance(p, torch.nn.Parameter)} == {id(p) for p in added}
    computed = host.under("z")
    assert computed.shape == host.bare.shape
    assert not torch.equal(computed, host.bare)
    save_adapter(host.model, "z", tmp_path / "stored")
    assert {file.suffix for file in (tmp_path / "stored").iterdir()} == {".json", ".safetensors"}
    # The name of modules of the base, and a first adapter that must not mix with it.
    other_host.add(text, "first")
    load_adapter(other_host.model, tmp_path / "stored", "output")
    assert torch.equal(other_host.under("output"), computed)
    assert method_of(other_host.model, "output") == {**method_of(host.model, "z")}
    assert torch.equal(other_host.under(None), host.bare)


@pytest.mark.parametrize("text", LIBRARY)
def test_the_state_of_an_adapter_is_what_the_library_trains(host: AdapterHost, text: str) -> None:
    host.add(text, "z", "y")
    host.model.train_adapter("z")
    trained = {id(p) for p in host.model.parameters() if p.requires_grad}
    assert trained == {id(p) for p in adapter_state(host.model, "z").values()}


@pytest.mark.parametrize(
    "text", ["seq_bn", "compacter[reduction_factor=4]", "vera", "peft:lora", "peft:ia3", "peft:vera"]
)
def test_training_the_state_of_an_adapter_changes_what_it_computes_and_nothing_else(
    host: AdapterHost, text: str
) -> None:
    host.add(text, "z", "y")
    other = host.under("y")
    state = adapter_state(host.model, "z")
    for parameter in host.model.parameters():
        parameter.requires_grad_(False)
    for parameter in state.values():
        parameter.requires_grad_(True)
    before = host.under("z")
    assert all(p.requires_grad for p in state.values())
    optimizer = torch.optim.SGD([p for p in host.model.parameters() if p.requires_grad], lr=0.1)
    host.model.roberta(host.ids)[0][..., 0].sum().backward()
    optimizer.step()
    assert not torch.equal(host.under("z"), before)
    assert torch.equal(host.under("y"), other)
    assert torch.equal(host.under(None), host.bare)


@pytest.mark.parametrize("text", ["seq_bn", "peft:lora"])
def test_heads_are_no_part_of_an_adapter_of_their_name(host: AdapterHost, text: str) -> None:
    host.model.add_classification_head("z", num_labels=3)
    host.add(text, "z")
    heads = {id(p) for p in host.model.heads.parameters()}
    assert not heads & {id(p) for p in adapter_state(host.model, "z").values()}


def test_adding_an_adapter_leaves_others_and_what_is_trainable_as_they_are(host: AdapterHost) -> None:
    host.add("seq_bn", "b")
    host.add("peft:lora", "p")
    computed = host.under(Stack("p", "b"))
    for number, parameter in enumerate(host.model.parameters()):
        parameter.requires_grad_(number % 2 == 0)
    flags = {id(p): p.requires_grad for p in host.model.parameters()}
    for name, text in (("q", "peft:lora"), ("r", "peft:ia3"), ("s", "peft:dora"), ("t", "lora")):
        host.add(text, name)
        assert torch.equal(host.hidden(), computed)
    host.under(Stack("q", "b"))
    assert all(p.requires_grad == flags[id(p)] for p in host.model.parameters() if id(p) in flags)


def test_a_copy_has_the_method_and_other_weights(host: AdapterHost) -> None:
    for text in ("unipelt", "peft:rslora[r=4]"):
        source = f"source-{text[0]}"
        host.add(text, source)
        copy_method(host.model, source, f"{source}-2")
        assert method_of(host.model, f"{source}-2") == method_of(host.model, source)
        assert not torch.equal(host.under(source), host.under(f"{source}-2"))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("seq_bn", "seq_bn[reduction_factor=16]", True),
        ("seq_bn", "seq_bn[init_weights='mam_adapter']", True),
        ("seq_bn", "seq_bn[reduction_factor=8]", False),
        ("seq_bn", "par_bn[reduction_factor=16]", False),
        ("lora[r=4]", "peft:lora[r=4]", False),
        ("peft:lora[r=4]", "peft:lora[r=4, target_modules=['value', 'query']]", True),
        ("peft:lora[r=4]", "peft:lora[r=4, target_modules=['value']]", False),
        ("peft:lora[r=4]", "peft:dora[r=4]", False),
        ("peft:vera[d_initial=0.2]", "peft:vera", True),
        ("vera", "vera", False),
        ("vera[init_weights_seed=1]", "vera[init_weights_seed=1]", True),
    ],
)
def test_methods_are_equal_when_weights_can_be_averaged(host: AdapterHost, one: str, other: str, equal: bool) -> None:
    host.add(one, "a")
    host.add(other, "b")
    first, second = method_of(host.model, "a"), method_of(host.model, "b")
    assert (first == second) is equal
    assert json.loads(json.dumps(first)) == first
    assert first["library"] == ("peft" if one.startswith("peft:") else "adapters")


def test_has_adapter_asks_both_libraries(host: AdapterHost) -> None:
    host.add("seq_bn", "b")
    host.add("peft:lora", "p")
    assert [has_adapter(host.model, name) for name in ("b", "p", "c")] == [True, True, False]
    with pytest.raises(ValueError, match="adapter p"):
        add_adapter(host.model, "p", "seq_bn")


@pytest.mark.parametrize(
    ("text", "subject", "advice"),
    [
        ("seqbn", "'seqbn'", "'seq_bn'"),
        ("seq_bn[reduction_factor", "seq_bn[reduction_factor", ""),
        ("seq_bn[no_such=1]", "no_such", ""),
        ("direft", "direft", "noreft or loreft"),
        ("prompt_tuning", "prompt", ""),
        ("lora|prompt_tuning", "prompt", ""),
        ("peft:lra", "'lra'", "'lora'"),
        ("peft:lora[rank=8]", "option rank", "r, lora_alpha"),
        ("peft:lora[bias='all']", "option bias", "r, lora_alpha"),
        ("peft:lora[target_modules=['dense']]", "'dense'", "attention.output.dense"),
        ("peft:lora|seq_bn", "|", ""),
        ("peft:adalora", "'adalora'", "'lora'"),
    ],
)
def test_an_unknown_method_is_one_line_with_the_reason_and_examples(text: str, subject: str, advice: str) -> None:
    with refused("adapter_config", subject, "examples: seq_bn, ", advice=advice):
        check_method(text)


@pytest.mark.parametrize("text", [*LIBRARY, *PEFT])
def test_every_method_passes_the_check(text: str) -> None:
    check_method(text)


@pytest.mark.parametrize(
    "text", ["compacter", "lora[r=0]", "peft:lora[r=0]", "peft:lora[r='many']", "peft:lora[layers_to_transform=[9]]"]
)  # fmt: skip
def test_sizes_that_do_not_fit_are_one_line(host: AdapterHost, text: str) -> None:
    with refused("adapter_config", text):
        add_adapter(host.model, "z", text)


@pytest.mark.parametrize("text", ["seq_bn", "peft:lora"])
@pytest.mark.parametrize("fault", ["cut", "missing", "more", "shape", "gone", "config"])
def test_a_folder_that_is_no_whole_adapter_is_one_line(
    host: AdapterHost, tmp_path: Path, text: str, fault: str
) -> None:
    host.add(text, "z")
    folder = tmp_path / "stored"
    save_adapter(host.model, "z", folder)
    (file,) = folder.glob("*.safetensors")
    weights = load_file(file)
    key = min(weights)
    if fault == "cut":
        file.write_bytes(file.read_bytes()[:-9])
    elif fault == "gone":
        file.unlink()
    elif fault == "config":
        (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": "x"}' if ":" in text else "{}")
    else:
        changed = {
            "missing": {},
            "more": {key: weights[key], f"{key}.z.x": weights[key] + 1},
            "shape": {key: weights[key][:1]},
        }
        rest = {k: v for k, v in weights.items() if k != key}
        save_file({**rest, **changed[fault]}, file)
    with refused(folder, advice="train it again"):
        load_adapter(host.model, folder, "y")


def test_adapters_of_peft_add_up_wherever_they_are_in_a_stack(host: AdapterHost) -> None:
    host.add("peft:lora", "p", "q")
    host.add("seq_bn", "b", "c")
    over = host.under(Stack("p", "b"))
    for single in ("p", "b"):
        assert not torch.allclose(over, host.under(single), atol=1e-4)
    torch.testing.assert_close(host.under(Stack("b", "p")), over)
    torch.testing.assert_close(host.under(Stack("b", "p", "q")), host.under(Stack("q", "b", "p")))
    assert not torch.allclose(host.under(Stack("p", "q")), host.under("p"), atol=1e-4)
    host.model.add_adapter_fusion(Fuse("b", "c"))
    assert not torch.allclose(host.under(Stack(Fuse("b", "c"), "p")), host.under(Fuse("b", "c")), atol=1e-4)
    assert torch.equal(host.under(None), host.bare)


def test_a_composition_replaces_the_one_before(host: AdapterHost) -> None:
    host.add("peft:lora", "p")
    host.add("seq_bn", "b")
    alone = host.under("b")
    host.under(Stack("p", "b"))
    assert torch.equal(host.under("b"), alone)
    activate(host.model, "p")
    assert host.model.active_adapters is None
