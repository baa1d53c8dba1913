"""Batches: one task each, like lengths together, the same for the same seed and epoch."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
import torch

from xadapt.problems import make_problem
from xadapt.tasks import get_task
from xadapt.training.batches import LengthBatches, MixedFeatures, TaskCollator


@pytest.fixture(scope="module")
def data() -> MixedFeatures:
    """205 features of three tasks with lengths from 3 to 60."""
    dice = random.Random(0)
    sizes = {"mnli": 120, "squad": 55, "stsb": 30}
    return MixedFeatures(
        {name: [{"input_ids": [5] * dice.randint(3, 60)} for _ in range(size)] for name, size in sizes.items()}
    )


def epoch(data: MixedFeatures, seed: int = 1, number: int = 0, size: int = 8) -> list[list[int]]:
    sampler = LengthBatches(data, size, seed)
    sampler.set_epoch(number)
    return list(sampler)


def test_an_epoch_has_every_feature_exactly_once(data: MixedFeatures) -> None:
    for number in range(3):
        batches = epoch(data, number=number)
        assert sorted(index for batch in batches for index in batch) == list(range(205))


def test_a_batch_holds_features_of_one_task_only(data: MixedFeatures) -> None:
    for batch in epoch(data):
        assert len({data[index][0] for index in batch}) == 1


def test_the_number_of_batches_is_known_beforehand(data: MixedFeatures) -> None:
    for size in (1, 7, 8, 200):
        assert len(epoch(data, size=size)) == len(LengthBatches(data, size, 1))


def test_batches_are_the_same_for_the_same_seed_and_epoch(data: MixedFeatures) -> None:
    assert epoch(data, seed=3, number=2) == epoch(data, seed=3, number=2)


def test_batches_differ_between_epochs_and_seeds(data: MixedFeatures) -> None:
    first = epoch(data)
    for other in (epoch(data, number=1), epoch(data, seed=2)):
        assert other != first
        assert {frozenset(batch) for batch in other} != {frozenset(batch) for batch in first}


def test_tasks_alternate_instead_of_following_one_another(data: MixedFeatures) -> None:
    tasks = [data[batch[0]][0] for batch in epoch(data)]
    changes = sum(left != right for left, right in itertools.pairwise(tasks))
    assert changes > 2


def test_batches_of_like_length_pad_less_than_random_ones(data: MixedFeatures) -> None:
    def padded(batches: list[list[int]]) -> int:
        return sum(len(batch) * max(data.lengths[index] for index in batch) for batch in batches)

    order = list(range(120))
    random.Random(0).shuffle(order)
    assert padded([b for b in epoch(data) if b[0] < 120]) < 0.8 * padded([order[i : i + 8] for i in range(0, 120, 8)])


def test_a_collated_batch_names_its_task_and_is_padded_by_its_problem(tiny: Any) -> None:
    problem = make_problem(get_task("mnli"), tiny.tokenizer, 48)
    rows = [{"first": "A", "second": "B", "label": 2}, {"first": "A much longer text.", "second": "B", "label": 0}]
    made: Any = TaskCollator({"mnli": problem})([("mnli", feature) for feature in problem.encode(rows, labelled=True)])
    assert made["task"] == "mnli"
    (batch,) = made["micro_batches"]
    assert made["shares"] == [1.0]
    assert batch["labels"].tolist() == [2, 0]
    assert batch["input_ids"].shape == batch["attention_mask"].shape
    assert torch.equal(batch["attention_mask"] == 0, batch["input_ids"] == tiny.tokenizer.pad_token_id)


def test_the_parts_of_a_batch_keep_a_budget_of_tokens_and_share_its_rows(tiny: Any) -> None:
    problem = make_problem(get_task("mnli"), tiny.tokenizer, 64)
    features = [{"input_ids": [5] * length, "labels": number % 3} for number, length in enumerate((9, 30, 8, 28, 31))]
    made: Any = TaskCollator({"mnli": problem}, 64)([("mnli", feature) for feature in features])
    assert [part["labels"].tolist() for part in made["micro_batches"]] == [[1, 1], [0], [0, 2]]
    assert [list(part["input_ids"].shape) for part in made["micro_batches"]] == [[2, 31], [1, 28], [2, 9]]
    assert made["shares"] == [0.4, 0.2, 0.4]


def test_parts_of_tagged_sentences_count_by_their_tags(tiny: Any) -> None:
    problem = make_problem(get_task("udpos"), tiny.tokenizer, 64)
    features = [
        {"input_ids": [5] * 40, "tagged": [39], "labels": [-100] * 39 + [1]},
        {"input_ids": [5] * 8, "tagged": [*range(1, 8)], "labels": [-100] + [2] * 7},
        {"input_ids": [5] * 20, "tagged": [], "labels": [-100] * 20},
    ]
    made: Any = TaskCollator({"udpos": problem}, 40)([("udpos", feature) for feature in features])
    assert made["shares"] == [1 / 8, 0, 7 / 8]


def test_a_batch_of_a_problem_that_compares_its_rows_stays_whole(tiny: Any) -> None:
    problem = make_problem(get_task("lareqa"), tiny.tokenizer, 64)
    items = [("lareqa", {"input_ids": [5] * length, "key": length}) for length in (50, 5)]
    assert len(TaskCollator({"lareqa": problem}, 10)(items)["micro_batches"]) == 1


def test_batches_are_sorted_by_all_the_tokens_that_a_feature_brings() -> None:
    features = [{"input_ids": [0] * 4, "more": number} for number in (9, 1, 8, 2, 7, 3)]
    data = MixedFeatures({"a": features}, {"a": lambda feature: len(feature["input_ids"]) + feature["more"]})
    assert data.lengths.tolist() == [13, 5, 12, 6, 11, 7]
    together = sorted(sorted(features[i]["more"] for i in batch) for batch in LengthBatches(data, 3, seed=0))
    assert together == [[1, 2, 3], [7, 8, 9]]


def test_features_with_a_label_and_without_one_are_in_batches_of_their_own() -> None:
    features = [{"input_ids": [0], "labels": 1}] * 5 + [{"input_ids": [0]}] * 4
    data = MixedFeatures({"a": features})
    batches = list(LengthBatches(data, 2, seed=0))
    assert sorted(index for batch in batches for index in batch) == list(range(9))
    assert all(len({"labels" in features[index] for index in batch}) == 1 for batch in batches)
    assert len(LengthBatches(data, 2, seed=0)) == len(batches) == 5
