"""Extractive question answering: windows, spans, loss."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.problems.span_rows import decoded, perfect, row
from xadapt.problems import make_problem
from xadapt.problems.span_qa import MAX_ANSWER_TOKENS, best_span
from xadapt.tasks import get_task


def test_a_long_context_gives_windows_that_overlap_and_leave_nothing_out(qa):
    context = " ".join(f"word{i}" for i in range(120))
    features = qa.encode([row(context, "word7")], labelled=False)
    spans = [f["offsets"][f["inside"]] for f in features]
    assert len(features) > 3
    assert all(len(f["input_ids"]) <= 64 for f in features)
    assert (spans[0][0, 0], spans[-1][-1, 1]) == (0, len(context))
    assert all(later[0, 0] < earlier[-1, 1] for earlier, later in itertools.pairwise(spans))


@pytest.mark.parametrize("index", [3, 60, 118])
def test_the_window_that_holds_the_answer_wins(qa, index):
    context = " ".join(f"word{i}" for i in range(120))
    assert decoded(qa, [row(context, f"word{index}")]) == [f"word{index}"]


def test_a_window_without_the_whole_answer_trains_on_the_first_token(qa):
    context = " ".join(f"word{i}" for i in range(120))
    features = qa.encode([row(context, "word60")], labelled=True)
    labels = [(f["start_positions"], f["end_positions"]) for f in features]
    assert (0, 0) in labels
    for (start, end), feature in zip(labels, features, strict=True):
        whole = feature["offsets"][feature["inside"]]
        a, b = context.index("word60"), context.index("word60") + len("word60")
        assert ((start, end) != (0, 0)) == (whole[0, 0] <= a and b <= whole[-1, 1])
        if start:
            assert context[feature["offsets"][start][0] : feature["offsets"][end][1]] == "word60"


def test_a_window_with_a_part_of_the_answer_trains_on_the_first_token(qa):
    context = " ".join(f"word{i}" for i in range(120))
    cut = {"start": 0, "end": 0}
    for first in range(0, 110, 3):
        answer = " ".join(f"word{i}" for i in range(first, first + 6))
        start, end = context.index(answer), context.index(answer) + len(answer)
        for feature in qa.encode([row(context, answer)], labelled=True):
            window = feature["offsets"][feature["inside"]]
            low, high = window[0, 0], window[-1, 1]
            cut["start"] += start < low < end
            cut["end"] += start < high < end
            assert (feature["start_positions"] > 0) == (feature["end_positions"] > 0) == (low <= start and end <= high)
    assert all(cut.values()), "no window cut an answer, so nothing was shown"


def test_rows_with_several_windows_keep_their_order_and_ids(qa):
    long = " ".join(f"word{i}" for i in range(120))
    rows = [row(long, "word90", number="a"), row("It was in 1929.", "1929", number="b"), row(long, "word3", number="c")]
    features = qa.encode(rows, labelled=True)
    assert sorted({f["row"] for f in features}) == [0, 1, 2]
    assert qa.decode(perfect(features), features, rows) == [
        {"id": "a", "text": "word90"},
        {"id": "b", "text": "1929"},
        {"id": "c", "text": "word3"},
    ]


@pytest.mark.parametrize("length", [16, 17, 20, 32, 64, 384])
@pytest.mark.parametrize("question", ["why " * 600, "很" * 600, "ﷺ" * 300, "?" + " " * 600, ""])
def test_a_question_longer_than_the_window_leaves_room_for_the_context(tokenizer, length, question):
    problem = make_problem(get_task("squad"), tokenizer, length)
    context = " ".join(f"w{i}" for i in range(40))
    features = problem.encode([row(context, "w39", question)], labelled=True)
    assert all(len(f["input_ids"]) <= length for f in features)
    assert features[-1]["offsets"][features[-1]["inside"]][-1, 1] == len(context)
    assert len(features) < 120


def test_a_short_question_is_not_cut(qa, tokenizer):
    question = "Which river does the old bridge cross?"
    ids = tokenizer(question, add_special_tokens=False)["input_ids"]
    (feature,) = qa.encode([row("It crosses the Rhine.", "Rhine", question)], labelled=False)
    assert feature["input_ids"][: len(ids) + 3] == [0, *ids, 2, 2]


def test_an_answer_is_never_cut_from_the_question_or_the_frame(qa):
    (feature,) = features = qa.encode([row("It was in 1929.", "1929", "When was it?")], labelled=False)
    logits = np.zeros((len(feature["input_ids"]), 2), np.float32)
    logits[~feature["inside"]] = 50
    logits[feature["inside"].nonzero()[0][0]] = 1
    assert qa.decode([logits], features, [row("It was in 1929.", "1929")]) == [{"id": "q", "text": "It"}]


def test_padding_never_wins(qa):
    rows = [row("It was in 1929.", "1929", number="a"), row("word " * 40 + "end", "end", number="b")]
    features = qa.encode(rows, labelled=True)
    raw = perfect(features)
    width = max(len(logits) for logits in raw)
    padded = [np.pad(logits, ((0, width - len(logits)), (0, 0)), constant_values=99) for logits in raw]
    assert qa.decode(padded, features, rows) == qa.decode(raw, features, rows)


def brute_force(logits, inside):
    best = (-np.inf, 0, 0)
    for first in range(len(logits)):
        for last in range(first, min(len(logits), first + MAX_ANSWER_TOKENS)):
            score = logits[first, 0] + logits[last, 1]
            if inside[first] and inside[last] and score > best[0]:
                best = (score, first, last)
    return best


@pytest.mark.parametrize("seed", range(40))
def test_the_best_span_is_the_one_that_trying_all_finds(seed):
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 90))
    logits = random.normal(size=(size, 2)).astype(np.float32) * 5
    inside = random.random(size) < random.choice([0.1, 0.5, 0.9])
    inside[int(random.integers(size))] = True
    score, first, last = best_span(logits, inside)
    expected = brute_force(logits, inside)
    assert (first, last) == expected[1:]
    assert score == pytest.approx(float(expected[0]), abs=1e-5)


def test_no_answer_is_longer_than_the_limit():
    assert MAX_ANSWER_TOKENS == 30, "that of the official baselines"
    logits = np.zeros((80, 2), np.float32)
    logits[5, 0], logits[5 + MAX_ANSWER_TOKENS, 1] = 9, 9
    logits[5 + MAX_ANSWER_TOKENS - 1, 1] = 8
    assert best_span(logits, np.ones(80, bool)) == (17.0, 5, 5 + MAX_ANSWER_TOKENS - 1)


def test_a_window_without_context_has_no_span(qa):
    assert best_span(np.ones((4, 2), np.float32), np.zeros(4, bool)) == (-np.inf, 0, 0)
    rows = [row("...", "...")]
    feature = {"input_ids": [0, 2], "row": 0, "offsets": np.zeros((2, 2), int), "inside": np.zeros(2, bool)}
    assert qa.decode([np.ones((2, 2), np.float32)], [feature], rows) == [{"id": "q", "text": ""}]


def test_loss_ignores_padding_and_is_low_at_the_answer(qa):
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])
    positions = {"start_positions": torch.tensor([1, 2]), "end_positions": torch.tensor([2, 3])}
    logits = torch.randn(2, 4, 2, generator=torch.Generator().manual_seed(0))
    spoilt = logits.clone()
    spoilt[0, 3] = 80.0

    def loss(values):
        outputs = SimpleNamespace(start_logits=values[..., 0], end_logits=values[..., 1])
        return qa.loss(outputs, {"attention_mask": mask} | positions).item()

    assert loss(spoilt) == pytest.approx(loss(logits))
    sharp = torch.zeros(2, 4, 2)
    sharp[[0, 1], [1, 2], 0] = 40
    sharp[[0, 1], [2, 3], 1] = 40
    assert loss(sharp) == pytest.approx(0.0, abs=1e-6)


def test_a_batch_holds_starts_and_ends(qa):
    rows = [row("It was in 1929.", "1929"), row("word " * 30 + "end", "end")]
    features = qa.encode(rows, labelled=True)
    batch = qa.collate(features)
    assert batch["start_positions"].dtype == batch["end_positions"].dtype == torch.int64
    assert batch["start_positions"].tolist() == [f["start_positions"] for f in features]
    assert batch["input_ids"].shape == batch["attention_mask"].shape


def test_all_accepted_answers_count(qa):
    rows = [row("It was in 1929.", "1929")]
    rows[0]["answers"] = {"text": ["1929", "in 1929"], "answer_start": [10, 7]}
    assert qa.references(rows) == [{"id": "q", "answers": ["1929", "in 1929"]}]
    assert qa.score([{"id": "q", "text": "in 1929"}], rows)["exact_match"] == 100.0


def test_a_pair_of_languages_is_scored_in_the_language_of_its_context(tokenizer):
    problem = make_problem(get_task("mlqa-cross"), tokenizer)
    rows = [row("Er liegt am Rhein.", "Rhein")]
    predictions = [{"id": "q", "text": "dem Rhein"}]
    assert problem.score(predictions, rows, "de-en")["exact_match"] == 100.0
    assert problem.score(predictions, rows, "en-de")["exact_match"] == 0.0
