"""Skipped work changes nothing: trunk, cache and first token against the library's own encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from adapters import SeqBnConfig, XLMRobertaAdapterModel

from xadapt.backbone import encoder as module
from xadapt.backbone.encoder import run, split
from xadapt.store.text_cache import TextCache

IDS = torch.randint(5, 300, (5, 9), generator=torch.Generator().manual_seed(1))
LENGTHS = torch.tensor([9, 4, 7, 9, 5])
MASK = (torch.arange(9) < LENGTHS[:, None]).long()
IDS = torch.where(MASK.bool(), IDS, 1)


@pytest.fixture
def model(tiny: Any) -> Any:
    """A model with an adapter in its second layer and a head."""
    torch.manual_seed(3)
    made = tiny.model()
    made.add_adapter("top", config=SeqBnConfig(reduction_factor=2, leave_out=[0]))
    made.add_classification_head("nli", num_labels=3)
    made.train_adapter("top")
    made.set_active_adapters("top")
    for name, value in made.named_parameters():
        if value.requires_grad and value.dim() > 1:
            torch.nn.init.normal_(value, std=0.3, generator=torch.Generator().manual_seed(len(name)))
    split(made, "f" * 64)
    return made.eval()


def plain(model: XLMRobertaAdapterModel, head: str | None = "nli") -> torch.Tensor:
    outputs = model(input_ids=IDS, attention_mask=MASK, head=head)
    return outputs.logits if head else outputs[0]


def count_layers(monkeypatch: pytest.MonkeyPatch, model: XLMRobertaAdapterModel) -> list[tuple[int, int]]:
    """Which layers run on how many rows."""
    calls: list[tuple[int, int]] = []
    for number, layer in enumerate(model.roberta.encoder.layer):
        inner = layer.forward

        def forward(hidden: Any, *rest: Any, _number: int = number, _inner: Any = inner, **options: Any) -> Any:
            calls.append((_number, len(hidden)))
            return _inner(hidden, *rest, **options)

        monkeypatch.setattr(layer, "forward", forward)
    return calls


def test_without_shortcuts_it_is_the_librarys_encoder(model: XLMRobertaAdapterModel) -> None:
    with torch.no_grad():
        assert torch.equal(run(model, IDS, MASK, "nli").logits, plain(model))


def test_the_first_token_alone_gives_the_same_logits_and_gradients(model: XLMRobertaAdapterModel) -> None:
    expected = plain(model)
    expected.square().sum().backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    model.roberta.encoder.tokenwise = True
    found = run(model, IDS, MASK, "nli", first=True).logits
    found.square().sum().backward()
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    assert gradients
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, gradients[name], atol=1e-5, rtol=1e-4)


def test_only_the_first_vector_is_computed_when_it_alone_is_read(model: XLMRobertaAdapterModel) -> None:
    with torch.no_grad():
        for tokenwise, first, width in ((True, True, 1), (True, False, 9), (False, True, 9)):
            model.roberta.encoder.tokenwise = tokenwise
            with module._with_batch(model.roberta.encoder, module.EncoderBatch(IDS, MASK, first)):
                assert model.roberta(input_ids=IDS, attention_mask=MASK)[0].shape == (5, width, 32)


def test_a_trunk_is_the_layers_below_rounded_to_half_precision(model: XLMRobertaAdapterModel) -> None:
    model.roberta.encoder.start = 1
    with torch.no_grad():
        found = run(model, IDS, MASK, "nli").logits
        expected = plain(model)
    assert not torch.equal(found, expected)
    torch.testing.assert_close(found, expected, atol=5e-3, rtol=5e-3)


@pytest.mark.parametrize("start", [1, 2])
def test_a_cache_changes_no_result(
    model: XLMRobertaAdapterModel, tmp_path: Path, start: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = model.roberta.encoder
    encoder.start, encoder.tokenwise = start, True
    with torch.no_grad():
        expected = run(model, IDS, MASK, "nli", first=True).logits
        encoder.cache = TextCache(tmp_path)
        assert torch.equal(run(model, IDS, MASK, "nli", first=True).logits, expected)
        calls = count_layers(monkeypatch, model)
        assert torch.equal(run(model, IDS, MASK, "nli", first=True).logits, expected)
        assert not [number for number, _ in calls if number < start]
        encoder.cache.flush()
        encoder.cache = TextCache(tmp_path)
        assert torch.equal(run(model, IDS, MASK, "nli", first=True).logits, expected)
        assert not [number for number, _ in calls if number < start]


def test_texts_are_found_in_batches_of_other_widths_and_orders(
    model: XLMRobertaAdapterModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = model.roberta.encoder
    encoder.start, encoder.cache = 1, TextCache(tmp_path)
    calls = count_layers(monkeypatch, model)
    with torch.no_grad():
        run(model, IDS[[1, 4]][:, :5], MASK[[1, 4]][:, :5], "nli")
        assert calls == [(0, 2), (1, 2)]
        calls.clear()
        logits = run(model, IDS.flip(0), MASK.flip(0), "nli").logits
        assert calls == [(0, 3), (1, 5)]
        encoder.cache = None
        torch.testing.assert_close(logits, run(model, IDS.flip(0), MASK.flip(0), "nli").logits, atol=1e-3, rtol=1e-3)


def test_nothing_below_the_trunks_end_gets_a_gradient(model: XLMRobertaAdapterModel, tmp_path: Path) -> None:
    encoder = model.roberta.encoder
    encoder.start, encoder.cache = 1, TextCache(tmp_path)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    model.train()
    run(model, IDS, MASK, "nli").logits.sum().backward()
    assert all(p.grad is None for p in encoder.layer[0].parameters())
    assert all(p.grad is not None for p in encoder.layer[1].attention.parameters())


def test_other_layers_bases_and_precisions_are_kept_apart(model: XLMRobertaAdapterModel, tmp_path: Path) -> None:
    encoder = model.roberta.encoder
    encoder.cache = TextCache(tmp_path)
    with torch.no_grad():
        for encoder.start, encoder.space in ((1, "a" * 64), (2, "a" * 64), (1, "b" * 64)):
            run(model, IDS, MASK, "nli")
        with torch.autocast("cpu", torch.bfloat16):
            run(model, IDS, MASK, "nli")
    encoder.cache.flush()
    assert sorted(path.name for path in (tmp_path / "trunk").iterdir()) == [
        f"{'a' * 16}-1-fp32",
        f"{'a' * 16}-2-fp32",
        f"{'b' * 16}-1-bf16",
        f"{'b' * 16}-1-fp32",
    ]


def test_who_wants_every_layers_vectors_gets_the_librarys_own(model: XLMRobertaAdapterModel) -> None:
    model.roberta.encoder.start = 2
    with torch.no_grad():
        hidden = model.roberta(input_ids=IDS, attention_mask=MASK, output_hidden_states=True).hidden_states
        run(model, IDS, MASK, "nli")
        again = model.roberta(input_ids=IDS, attention_mask=MASK, output_hidden_states=True).hidden_states
    assert len(hidden) == 3
    assert all(torch.equal(one, other) for one, other in zip(hidden, again, strict=True))
    assert model.roberta.encoder.batch is None


def test_an_error_leaves_no_batch_behind(model: XLMRobertaAdapterModel) -> None:
    with pytest.raises(ValueError, match="no such head"):
        run(model, IDS, MASK, "no such head")
    assert model.roberta.encoder.batch is None
    assert np.isfinite(plain(model).detach().numpy()).all()
    assert module.SplitEncoder is type(model.roberta.encoder)


def test_models_that_share_a_batch_share_its_trunk(
    model: XLMRobertaAdapterModel, tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tiny.model()
    other.add_classification_head("nli", num_labels=3)
    split(other, "f" * 64)
    other.eval()
    model.roberta.encoder.start = other.roberta.encoder.start = 1
    calls = count_layers(monkeypatch, other)
    with torch.no_grad():
        expected = run(model, IDS, MASK, "nli").logits
        calls.clear()
        with module.shared_trunk([model, other]):
            assert torch.equal(run(model, IDS, MASK, "nli").logits, expected)
            run(other, IDS, MASK, "nli")
            assert [number for number, _ in calls] == [1]
            run(other, IDS.clone(), MASK, "nli")
            assert [number for number, _ in calls] == [1, 0, 1]
    assert model.roberta.encoder.memo is None


def test_a_model_with_a_higher_trunk_computes_what_it_computes_alone(model: XLMRobertaAdapterModel, tiny: Any) -> None:
    other = tiny.model()
    other.add_classification_head("nli", num_labels=3)
    split(other, "f" * 64)
    other.eval()
    model.roberta.encoder.start, other.roberta.encoder.start = 1, 2
    with torch.no_grad():
        alone = run(other, IDS, MASK, "nli").logits
        with module.shared_trunk([model, other]):
            run(model, IDS, MASK, "nli")
            assert torch.equal(run(other, IDS, MASK, "nli").logits, alone)
