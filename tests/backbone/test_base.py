import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.error_checks import refused
from xadapt.backbone.base import fingerprint_of, load_backbone
from xadapt.backbone.packed import SHA256
from xadapt.problems.vectors import mean_pool

#: Four pairs of translations in eight languages and five scripts.
SENTENCES = {
    "en": "The old bridge was closed because the river had risen.",
    "de": "Die alte Brücke wurde gesperrt, weil der Fluss gestiegen war.",
    "fr": "Ma sœur apprend à jouer du violon depuis trois ans.",
    "ru": "Моя сестра уже три года учится играть на скрипке.",
    "ar": "كم يبلغ ثمن تذكرة القطار إلى المدينة؟",
    "hi": "शहर तक ट्रेन का टिकट कितने का है?",
    "sw": "Wakulima walipanda mahindi kabla ya mvua kunyesha.",
    "zh": "农民们在下雨之前种了玉米。",
}
PAIRS = [("en", "de"), ("fr", "ru"), ("ar", "hi"), ("sw", "zh")]


@pytest.fixture(scope="module")
def vectors(base):
    """Unit vectors of the sentences, by language."""
    batch = base.tokenizer([f"query: {text}" for text in SENTENCES.values()], padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = base.model().eval().roberta(**batch).last_hidden_state
    pooled = torch.nn.functional.normalize(mean_pool(hidden, batch["attention_mask"]), dim=-1).numpy()
    return dict(zip(SENTENCES, pooled, strict=True))


def test_sentence_vectors_agree_with_the_engine_that_the_file_was_made_for(vectors):
    engine = np.load(Path(__file__).parent / "engine_vectors.npz")["vectors"].astype(np.float32)
    for (code, vector), expected in zip(vectors.items(), engine, strict=True):
        assert vector @ expected / np.linalg.norm(expected) > 0.999, code


def test_translations_are_closer_than_other_sentences(vectors):
    translation = dict(PAIRS) | {b: a for a, b in PAIRS}
    for code, vector in vectors.items():
        nearest = max((other for other in vectors if other != code), key=lambda other: vector @ vectors[other])
        assert nearest == translation[code]


def test_the_default_base_is_identified_by_the_hash_of_its_file(base):
    assert base.fingerprint == SHA256
    assert (base.layers, base.sentence_layer, base.config.hidden_size) == (12, 12, 384)


@pytest.mark.parametrize("which", ["base", "tiny"])
def test_a_model_is_frozen_and_shares_its_memory_with_the_backbone(request, which):
    backbone = request.getfixturevalue(which)
    model = backbone.model()
    assert not [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    values = model.state_dict()
    assert backbone.state.keys() <= values.keys()
    assert all(values[key].data_ptr() == value.data_ptr() for key, value in backbone.state.items())


@pytest.mark.parametrize("which", ["base", "tiny"])
def test_dropout_is_off(request, which):
    backbone = request.getfixturevalue(which)
    model = backbone.model().train()
    batch = backbone.tokenizer(["one and the same sentence"], return_tensors="pt")
    with torch.inference_mode():
        first, second = (model.roberta(**batch).last_hidden_state for _ in range(2))
    assert torch.equal(first, second)


def test_two_models_have_adapters_of_their_own(tiny):
    one, two = tiny.model(), tiny.model()
    one.add_adapter("x", config="seq_bn")
    assert "x" not in two.adapters_config
    assert not hasattr(tiny.config, "adapters") or "x" not in tiny.config.adapters


def test_the_tiny_folder_is_read_as_it_was_saved(tiny, tiny_base_folder):
    stored = load_file(tiny_base_folder / "model.safetensors")
    assert tiny.layers == 2
    assert tiny.state.keys() == {f"roberta.{key}" for key in stored}
    assert all(torch.equal(tiny.state[f"roberta.{key}"], value) for key, value in stored.items())


def test_the_fingerprint_changes_with_one_weight_a_name_or_a_shape():
    state = {"a": torch.zeros(2, 3), "b": torch.ones(4)}
    same = {"b": torch.ones(4), "a": torch.zeros(2, 3)}
    assert fingerprint_of(state) == fingerprint_of(same)
    weight = {"a": torch.zeros(2, 3), "b": torch.tensor([1.0, 1.0, 1.0, 1.0001])}
    name = {"a": torch.zeros(2, 3), "c": torch.ones(4)}
    shape = {"a": torch.zeros(3, 2), "b": torch.ones(4)}
    assert len({fingerprint_of(s) for s in (state, weight, name, shape)}) == 4


@pytest.fixture
def copy(tiny_base_folder, tmp_path):
    """A copy of the tiny base that may be spoilt."""
    return Path(shutil.copytree(tiny_base_folder, tmp_path / "copy"))


def change_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def check_refused(folder, *subjects, advice=""):
    with refused(f"base {str(folder)!r}", *subjects, advice=advice):
        load_backbone(str(folder))


def test_the_fingerprint_of_a_folder_follows_its_weights_and_not_its_path(tiny, copy):
    assert load_backbone(str(copy)).fingerprint == tiny.fingerprint
    weights = load_file(copy / "model.safetensors")
    weights["encoder.layer.1.output.dense.bias"][0] += 1e-3
    moved = copy.rename(copy.with_name("moved"))
    save_file(weights, moved / "model.safetensors", metadata={"format": "pt"})
    assert load_backbone(str(moved)).fingerprint != tiny.fingerprint


def test_a_base_reads_no_more_tokens_than_it_has_positions(copy):
    path = copy / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model_max_length": 10**30}))
    assert load_backbone(str(copy)).tokenizer.model_max_length == 128


def test_a_model_of_another_kind_is_one_line(copy):
    change_config(copy, model_type="bert")
    check_refused(copy, "bert", advice="XLM-R")


@pytest.mark.parametrize("name", ["empty", "xlm-roberta-copy", "bert"])
def test_a_folder_without_a_model_is_one_line_whatever_its_name(tmp_path, name):
    (tmp_path / name).mkdir()
    check_refused(tmp_path / name, "config.json", advice="XLM-R checkpoint")


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    check_refused(tmp_path / "nowhere", "no such folder", advice="'e5-small'")


def test_weights_that_are_cut_short_are_one_line(copy):
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    check_refused(copy, "XLM-R checkpoint", advice="'e5-small'")


def test_a_missing_weight_is_never_filled_with_a_random_one(copy):
    weights = load_file(copy / "model.safetensors")
    del weights["encoder.layer.0.output.dense.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    check_refused(copy, "1 weights", "roberta.encoder.layer.0.output.dense.weight", advice="whole checkpoint")


@pytest.mark.parametrize("change", [{"intermediate_size": 48}, {"num_hidden_layers": 3}])
def test_weights_that_do_not_fit_the_configuration_are_one_line(copy, change):
    change_config(copy, **change)
    check_refused(copy)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_damaged_file_of_a_base_is_one_line(copy, name):
    (copy / name).write_text("{")
    check_refused(copy)


def test_a_base_without_its_tokenizer_is_one_line(copy):
    for file in copy.glob("*token*"):
        file.unlink()
    check_refused(copy, advice="tokenizer")


def test_a_number_takes_the_first_layers_as_a_base_of_its_own(tiny_base_folder: Path) -> None:
    whole, first = load_backbone(str(tiny_base_folder)), load_backbone(f"{tiny_base_folder}:1")
    assert (first.layers, first.name) == (1, f"{tiny_base_folder}:1")
    assert len({first.fingerprint, whole.fingerprint, load_backbone(f"{tiny_base_folder}:2").fingerprint}) == 3
    assert load_backbone(f"{tiny_base_folder}:1").fingerprint == first.fingerprint
    assert first.sentence_layer <= 1
    ids = torch.tensor([[0, 7, 8, 2]])
    with torch.no_grad():
        hidden = whole.model().roberta(ids, output_hidden_states=True).hidden_states[1]
        assert torch.equal(first.model().roberta(ids).last_hidden_state, hidden)


@pytest.mark.parametrize("depth", ["0", "3"])
def test_layers_that_a_base_does_not_have_are_one_line(tiny_base_folder: Path, depth: str) -> None:
    with refused(f"{tiny_base_folder}:{depth}", "2 layers", advice="1 to 2"):
        load_backbone(f"{tiny_base_folder}:{depth}")
