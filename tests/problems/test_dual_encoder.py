import math

import numpy as np
import pytest
import torch

from xadapt.problems import make_problem
from xadapt.problems.dual_encoder import SCALE, contrastive_loss
from xadapt.tasks import get_task

PAIRS = [
    {"text": "house: a { house } by the river", "description": "A house is a place to live in."},
    {"text": "river: over the { river }", "description": "A river is water that flows."},
    {"text": "bridge: an old { bridge }", "description": "A bridge is a road over a river."},
    {"text": "home: at { home }", "description": "A house is a place to live in."},
]


@pytest.fixture
def problem(tiny):
    return lambda layer=None: make_problem(get_task("mewslix"), tiny.tokenizer, layer=layer)


def test_the_loss_is_the_cross_entropy_of_scaled_cosines():
    queries, candidates = torch.tensor([[2.0, 0.0], [0.0, 3.0]]), torch.tensor([[5.0, 0.0], [1.0, 1.0]])
    half = 2**-0.5
    own = [1.0, half]
    other = [half, 0.0]
    expected = sum(math.log(1 + math.exp(10 * (b - a))) for a, b in zip(own, other, strict=True)) / 2
    found = contrastive_loss(queries, candidates, torch.tensor([0, 1]), 10.0)
    assert float(found) == pytest.approx(expected, abs=1e-5)


def test_another_row_of_the_same_candidate_is_no_negative():
    torch.manual_seed(0)
    queries, candidates = torch.randn(3, 8), torch.randn(3, 8)
    candidates[2] = candidates[0]
    # Rows 0 and 2 choose between two candidates, row 1 among all three.
    logits = 5.0 * torch.nn.functional.cosine_similarity(queries[:, None], candidates[None], dim=-1)
    losses = [
        torch.nn.functional.cross_entropy(logits[0, [0, 1]], torch.tensor(0)),
        torch.nn.functional.cross_entropy(logits[1], torch.tensor(1)),
        torch.nn.functional.cross_entropy(logits[2, [2, 1]], torch.tensor(0)),
    ]
    found = contrastive_loss(queries, candidates, torch.tensor([4, 9, 4]), 5.0)
    assert float(found) == pytest.approx(float(sum(losses)) / 3, abs=1e-5)
    assert found < contrastive_loss(queries, candidates, torch.tensor([0, 1, 2]), 5.0)


def test_rows_without_a_negative_have_no_loss_and_a_finite_gradient():
    queries = torch.randn(2, 4, requires_grad=True)
    loss = contrastive_loss(queries, torch.randn(2, 4), torch.tensor([7, 7]), SCALE)
    loss.backward()
    assert loss.item() == 0.0
    assert torch.isfinite(queries.grad).all()


def test_training_features_hold_both_sides_and_name_equal_candidates(problem, tiny):
    features = problem().encode(PAIRS, labelled=True)
    assert [f["key"] for f in features] == [0, 1, 2, 0]
    assert (
        features[2]["input_ids"].tolist()
        == tiny.tokenizer(PAIRS[2]["text"], truncation=True, max_length=64)["input_ids"]
    )
    assert features[3]["candidate_ids"].tolist() == tiny.tokenizer(PAIRS[0]["description"])["input_ids"]
    assert problem().tokens(features[1]) == len(features[1]["input_ids"]) + len(features[1]["candidate_ids"])


def test_features_without_labels_hold_the_query_alone(problem):
    feature = problem().encode(PAIRS, labelled=False)[0]
    assert "candidate_ids" not in feature
    assert problem().tokens(feature) == len(feature["input_ids"])
    assert set(problem().collate([feature])) == {"input_ids", "attention_mask"}


def test_both_sides_are_padded_by_themselves(problem):
    features = problem().encode(PAIRS, labelled=True)
    batch = problem().collate(features)
    assert batch["key"].tolist() == [0, 1, 2, 0]
    for ids, mask, name in (
        ("input_ids", "attention_mask", "input_ids"),
        ("candidate_ids", "candidate_mask", "candidate_ids"),
    ):
        lengths = [len(f[name]) for f in features]
        assert batch[ids].shape == batch[mask].shape == (4, max(lengths))
        assert batch[mask].sum(dim=1).tolist() == lengths
        assert (batch[ids][batch[mask] == 0] == problem().tokenizer.pad_token_id).all()


@pytest.mark.parametrize("layer", [0, 1, None])
def test_both_sides_are_vectors_of_the_same_encoder_and_layer(problem, model, layer):
    bound = problem(layer)
    with torch.inference_mode():
        queries, candidates = bound.forward(model, bound.collate(bound.encode(PAIRS, labelled=True)), None)
        alone = bound.forward(model, bound.collate(bound.encode_pool(PAIRS)), None)
    torch.testing.assert_close(candidates, alone, atol=1e-5, rtol=0)
    assert queries.shape == candidates.shape == (4, 32)


def test_the_gradient_reaches_the_adapters_up_to_the_layer_and_a_step_lowers_the_loss(problem, tiny):
    torch.manual_seed(3)
    model = tiny.model()
    model.add_adapter("new", config="seq_bn[reduction_factor=4]")
    model.train_adapter("new")
    model.set_active_adapters("new")
    bound = problem(1)
    batch = bound.collate(bound.encode(PAIRS, labelled=True))
    loss = bound.loss(bound.forward(model, batch, None), batch)
    loss.backward()
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert trained
    reached = {name for name, p in trained.items() if p.grad is not None and float(p.grad.abs().max()) > 0}
    assert reached == {name for name in trained if ".layer.0." in name}
    optimizer = torch.optim.Adam(trained.values(), lr=1e-2)
    for _ in range(5):
        optimizer.zero_grad()
        after = bound.loss(bound.forward(model, batch, None), batch)
        after.backward()
        optimizer.step()
    assert after.item() < loss.item()


def test_at_most_twenty_candidates_come_back_the_nearest_first(problem):
    bound = problem()
    vectors = np.eye(30, dtype=np.float32)
    bound.hold([f"Q{number}" for number in range(30)], list(vectors))
    found = bound.decode([vectors[7], vectors[29]], [], PAIRS[:2])
    assert [len(ranked) for ranked in found] == [20, 20]
    assert found[0][:3] == ["Q7", "Q0", "Q1"]
    assert found[1][0] == "Q29"


def test_what_vectors_depend_on_is_recorded_and_the_candidates_once_there_are_some(problem):
    bound = problem(1)
    assert bound.details() == {"max_length": 64, "layer": 1, "pooling": "mean"}
    bound.hold(["Q1", "Q2"], list(np.eye(2, dtype=np.float32)))
    assert bound.details()["candidates"] == 2


def test_no_head_is_needed(problem, model):
    assert problem().needs_head is False
    assert problem().pooled is True
    with pytest.raises(NotImplementedError):
        problem().add_head(model, "x")
