import numpy as np
import pytest
import torch

from xadapt.problems import make_problem
from xadapt.problems import predict as module
from xadapt.problems.predict import autocast, length_batches, predict
from xadapt.tasks import get_task


@pytest.fixture
def nli(tiny):
    return make_problem(get_task("xnli"), tiny.tokenizer)


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    words = ["house", "river", "bridge", "closed", "not", "old"]
    return [
        {"first": " ".join(random.choice(words, random.integers(1, 25))), "second": "it is so", "label": 0}
        for _ in range(40)
    ]


@pytest.fixture
def logits(monkeypatch):
    """See the raw outputs instead of the decoded ones."""

    def of(problem, model, rows, head, budget=4096, **options):
        monkeypatch.setattr(problem, "decode", lambda raw, features, rows: raw)
        monkeypatch.setitem(module.TOKEN_BUDGET, "cpu", budget)
        return predict(model, problem, rows, head, **options)

    return of


@pytest.mark.parametrize("seed", range(10))
def test_batches_hold_every_row_once_within_the_budget_longest_first(seed):
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 120, size=int(random.integers(1, 80))).tolist()
    batches = list(length_batches(lengths, 256))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(max(lengths[i] for i in batch) * len(batch) <= 256 for batch in batches)
    padding = [sum(max(lengths[i] for i in batch) - lengths[j] for j in batch) for batch in batches]
    assert max(padding) <= 32
    ordered = [lengths[i] for batch in batches for i in batch]
    assert ordered == sorted(lengths, reverse=True)


def test_a_row_longer_than_the_budget_is_a_batch_of_its_own():
    assert list(length_batches([3, 500, 4], 100)) == [[1], [2, 0]]


def test_no_rows_make_no_batch():
    assert list(length_batches([], 100)) == []


@pytest.mark.parametrize("budget", [1, 64, 200])
def test_outputs_keep_the_order_of_the_rows_and_do_not_depend_on_the_batch(model, nli, rows, logits, budget):
    together = logits(nli, model, rows, "xnli")
    assert len({value.tobytes() for value in together}) > 20, "rows that all look alike would show nothing"
    alone = [logits(nli, model, [row], "xnli")[0] for row in rows]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(logits(nli, model, rows, "xnli", budget), together, atol=1e-5)


def test_the_same_rows_backwards_give_the_same_outputs_backwards(model, nli, rows, logits):
    forwards = logits(nli, model, rows, "xnli")
    backwards = logits(nli, model, rows[::-1], "xnli")
    np.testing.assert_allclose(backwards[::-1], forwards, atol=1e-5)


def test_one_prediction_a_row_comes_back(model, nli, rows):
    found = predict(model, nli, rows, "xnli")
    assert len(found) == len(rows)
    assert set(found) <= {0, 1, 2}


@pytest.mark.parametrize("budget", [1, 300, 100_000])
def test_progress_counts_rows_even_when_they_give_several_windows(model, tiny, monkeypatch, budget):
    monkeypatch.setitem(module.TOKEN_BUDGET, "cpu", budget)
    answers = {"text": ["a"], "answer_start": [0]}
    rows = [
        {"id": str(i), "question": "what?", "context": "a word " * (5 + 40 * (i % 3)), "answers": answers}
        for i in range(7)
    ]
    problem = make_problem(get_task("xquad"), tiny.tokenizer, 48)
    assert len(problem.encode(rows, labelled=False)) > len(rows)
    steps = []
    found = predict(model, problem, rows, "xquad", progress=steps.append)
    assert [f["id"] for f in found] == [r["id"] for r in rows]
    assert sum(steps) == len(rows)
    assert min(steps) >= 0


def test_progress_of_two_sentences_a_row_counts_rows(model, tiny, monkeypatch):
    monkeypatch.setitem(module.TOKEN_BUDGET, "cpu", 20)
    steps = []
    rows = [{"first": "one house", "second": f"river {i}"} for i in range(5)]
    predict(model, make_problem(get_task("tatoeba"), tiny.tokenizer), rows, None, progress=steps.append)
    assert sum(steps) == 5


@pytest.mark.parametrize("budget", [1, 300, 100_000])
def test_progress_of_sentences_in_several_windows_counts_rows(model, tiny, monkeypatch, budget):
    monkeypatch.setitem(module.TOKEN_BUDGET, "cpu", budget)
    rows = [{"tokens": ["word"] * (3 + 30 * (i % 3)), "tags": []} for i in range(7)]
    problem = make_problem(get_task("wikiann"), tiny.tokenizer, 48)
    assert len(problem.encode(rows, labelled=False)) > len(rows)
    steps = []
    found = predict(model, problem, rows, "wikiann", progress=steps.append)
    assert [len(tags) for tags in found] == [len(r["tokens"]) for r in rows]
    assert sum(steps) == len(rows)
    assert min(steps) >= 0


def test_all_choices_of_a_row_count_towards_the_budget(model, tiny, monkeypatch):
    problem = make_problem(get_task("copa"), tiny.tokenizer)
    rows = [{"context": "a house " * (1 + i % 4), "choices": ["yes", "no", "why"], "label": 0} for i in range(20)]
    largest = max(problem.tokens(f) for f in problem.encode(rows, labelled=False))
    sizes = []
    collate = problem.collate
    monkeypatch.setattr(problem, "collate", lambda f: (sizes.append(collate(f)["input_ids"].numel()), collate(f))[1])
    monkeypatch.setitem(module.TOKEN_BUDGET, "cpu", 2 * largest)
    assert len(predict(model, problem, rows, "copa")) == 20
    assert largest < max(sizes) <= 2 * largest


@pytest.mark.parametrize("training", [True, False])
def test_the_models_mode_is_what_it_was(model, nli, rows, training):
    model.train(training)
    try:
        predict(model, nli, rows[:2], "xnli")
        assert model.training is training
    finally:
        model.eval()


def test_nothing_is_dropped_out_while_predicting(model, nli, rows, logits):
    dropped = [part for part in model.modules() if isinstance(part, torch.nn.Dropout)]
    before = [part.p for part in dropped]
    model.train()
    try:
        for part in dropped:
            part.p = 0.5
        first, second = (logits(nli, model, rows[:4], "xnli") for _ in range(2))
    finally:
        model.eval()
        for part, p in zip(dropped, before, strict=True):
            part.p = p
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, logits(nli, model, rows[:4], "xnli"))


def test_labels_do_not_reach_the_model(model, nli, rows, logits):
    changed = [row | {"label": 2} for row in rows]
    np.testing.assert_array_equal(logits(nli, model, rows, "xnli"), logits(nli, model, changed, "xnli"))


def test_half_precision_is_near_full_and_comes_back_in_full(model, nli, rows, logits):
    full, half = (logits(nli, model, rows, "xnli", precision=name) for name in ("fp32", "bf16"))
    assert half[0].dtype == np.float32
    np.testing.assert_allclose(half, full, atol=0.05)
    assert not np.array_equal(half, full)


def test_full_precision_is_not_autocast():
    with autocast(torch.device("cpu"), "fp32"):
        assert not torch.is_autocast_enabled("cpu")
    with autocast(torch.device("cpu"), "bf16"):
        assert torch.is_autocast_enabled("cpu")


def test_a_task_finds_the_problem_of_its_kind(tokenizer):
    from xadapt.problems import problem_class
    from xadapt.tasks import all_tasks

    for task in all_tasks():
        problem = make_problem(task, tokenizer)
        assert type(problem) is problem_class(task)
        assert problem.needs_head == (task.kind.trainable and not problem.pooled)


def test_rows_that_look_the_same_run_once_and_all_get_the_answer(model, nli, rows, logits, monkeypatch):
    alone = logits(nli, model, rows[:3], "xnli")
    seen, forward = [], nli.forward
    monkeypatch.setattr(
        nli, "forward", lambda m, batch, head: seen.append(len(batch["input_ids"])) or forward(m, batch, head)
    )
    finished = []
    many = [rows[0], rows[1], rows[0], dict(rows[0], label=2), rows[2], rows[1]]
    outputs = logits(nli, model, many, "xnli", progress=finished.append)
    assert sum(seen) == 3
    assert sum(finished) == 6
    for output, row in zip(outputs, (0, 1, 0, 0, 2, 1), strict=True):
        np.testing.assert_allclose(output, alone[row], atol=1e-5)
