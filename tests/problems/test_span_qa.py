import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from xadapt import metrics
from xadapt.data import bundled
from xadapt.problems import make_problem
from xadapt.problems.predict import predict
from xadapt.problems.span_qa import MAX_ANSWER_TOKENS, answer_text, answer_tokens, best_span
from xadapt.tasks import get_task

#: Language to context and answer, one that starts, one that stands in, and one that ends the text.
TEXTS = {
    "en": ("The bridge over the Rhine was closed in 1929 (see above).", ["The bridge", "Rhine", "1929"]),
    "zh": ("莱茵河上的大桥于1929年关闭,因为河水上涨了", ["莱茵河", "1929年", "河水上涨了"]),
    "ja": ("ライン川に架かる橋は1929年に、洪水のため閉鎖された", ["ライン川", "洪水", "閉鎖された"]),
    "my": ("ရိုင်းမြစ်ပေါ်ရှိတံတားကို ၁၉၂၉ ခုနှစ်တွင်ရေကြီးမှုကြောင့်ပိတ်ခဲ့သည်", ["ရိုင်းမြစ်", "၁၉၂၉", "ပိတ်ခဲ့သည်"]),
    "ar": ("أُغلق الجسر فوق نهر الراين في عام ١٩٢٩ بسبب الفيضان", ["أُغلق الجسر", "نهر الراين", "الفيضان"]),
    "th": ("สะพานข้ามแม่น้ำไรน์ถูกปิดในปี 1929 เพราะน้ำท่วม", ["สะพาน", "1929", "น้ำท่วม"]),
    "hi": ("राइन नदी पर बना पुल १९२९ में बाढ़ के कारण बंद हुआ", ["राइन नदी", "१९२९", "बंद हुआ"]),
    "ru": ("Мост через Рейн закрыли в 1929 году из-за наводнения", ["Мост", "1929 году", "наводнения"]),
}


def row(context, answer, question="what?", number="q"):
    return {
        "id": number,
        "question": question,
        "context": context,
        "answers": {"text": [answer], "answer_start": [context.index(answer)]},
    }


@pytest.fixture
def qa(tokenizer):
    return make_problem(get_task("squad"), tokenizer, 64)


def perfect(features):
    """Logits that point at the labels, and at nothing elsewhere."""
    raw = []
    for feature in features:
        logits = np.zeros((len(feature["input_ids"]), 2), np.float32)
        logits[feature["start_positions"], 0] = logits[feature["end_positions"], 1] = 9
        raw.append(logits)
    return raw


def decoded(problem, rows):
    features = problem.encode(rows, labelled=True)
    return [prediction["text"] for prediction in problem.decode(perfect(features), features, rows)]


@pytest.mark.parametrize(
    ("context", "answer"), [(c, a) for c, answers in TEXTS.values() for a in answers], ids=lambda text: text[:12]
)
def test_an_answer_comes_back_letter_by_letter_in_any_script(qa, context, answer):
    assert decoded(qa, [row(context, answer)]) == [answer]


@pytest.mark.parametrize("language", ["zh", "ja", "th", "my"])
def test_every_run_of_tokens_is_found_again_where_no_spaces_part_words(qa, language):
    context = TEXTS[language][0]
    (feature,) = qa.encode([row(context, context[0])], labelled=False)
    pieces = qa.tokenizer.convert_ids_to_tokens(feature["input_ids"])
    tokens = [token for token in np.flatnonzero(feature["inside"]) if pieces[token] != "▁"]
    assert len(tokens) > 8
    for first, last in itertools.combinations_with_replacement(tokens, 2):
        text = answer_text(context, feature["offsets"], first, last)
        start = int(feature["offsets"][first][0])
        start += context[start:].index(text)
        assert context[start : start + len(text)] == text
        gold = {"answers": {"text": [text], "answer_start": [start]}}
        found = answer_tokens(gold, feature)
        assert answer_text(context, feature["offsets"], *found) == text


def test_an_answer_comes_back_as_it_was_written_where_normalisation_changes_it(qa):
    context = "Ｔｈｅ ｂｒｉｄｇｅ opened ﬁrst in １９２９ after ㎏ and 😀 of cafe\u0301 cre\u0300me"
    for answer in ("ｂｒｉｄｇｅ", "ﬁrst", "１９２９", "㎏", "😀", "cafe\u0301", "cre\u0300me"):
        assert decoded(qa, [row(context, answer)]) == [answer]


def test_an_answer_inside_a_token_comes_back_with_the_rest_of_that_token(qa):
    assert decoded(qa, [row("It has 22 players", "player")]) == ["players"]


def test_marks_that_have_a_token_of_their_own_are_not_added():
    offsets = np.array([[0, 1], [1, 2], [2, 3]])
    assert answer_text("e\u0301x", offsets, 0, 0) == "e"
    assert answer_text("e\u0301x", np.array([[0, 1], [2, 3]]), 0, 0) == "e\u0301"


def test_every_gold_answer_of_the_bundled_training_rows_comes_back(tokenizer):
    rows = bundled.rows("qa", "en", "train")[:300]
    gold = [r["answers"]["text"][0] for r in rows]
    assert decoded(make_problem(get_task("squad"), tokenizer), rows) == gold


@pytest.mark.parametrize("language", bundled.languages("qa"))
def test_gold_answers_of_the_bundled_languages_come_back_up_to_the_bounds_of_tokens(tokenizer, language):
    # "1994." at the end of a sentence and two Chinese words in one are single tokens and cannot be parted.
    rows = bundled.rows("qa", language, "test")
    problem = make_problem(get_task("squad"), tokenizer)
    found = decoded(problem, rows)
    assert all(r["answers"]["text"][0] in text for r, text in zip(rows, found, strict=True))
    predictions = [{"id": r["id"], "text": text} for r, text in zip(rows, found, strict=True)]
    assert problem.score(predictions, rows)["exact_match"] >= 98


def test_a_long_context_gives_windows_that_overlap_and_leave_nothing_out(qa):
    context = " ".join(f"word{i}" for i in range(120))
    features = qa.encode([row(context, "word7")], labelled=False)
    spans = [f["offsets"][f["inside"]] for f in features]
    assert len(features) > 3
    assert all(len(f["input_ids"]) <= 64 for f in features)
    assert (spans[0][0, 0], spans[-1][-1, 1]) == (0, len(context))
    assert all(later[0, 0] < earlier[-1, 1] for earlier, later in itertools.pairwise(spans))


@pytest.mark.parametrize("place", [3, 60, 118])
def test_the_window_that_holds_the_answer_wins(qa, place):
    context = " ".join(f"word{i}" for i in range(120))
    assert decoded(qa, [row(context, f"word{place}")]) == [f"word{place}"]


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


LONG = " ".join(f"word{i}" for i in range(120))


def no_answer(context, question="what?", number="q"):
    return {"id": number, "question": question, "context": context, "answers": {"text": [], "answer_start": []}}


@pytest.fixture
def qa2(tokenizer):
    return make_problem(get_task("squad2"), tokenizer, 64)


@pytest.mark.parametrize("empty", [[], None])
def test_a_question_without_an_answer_trains_on_the_first_token_of_every_window(qa2, empty):
    bare = no_answer(LONG)
    bare["answers"] = {"text": empty, "answer_start": empty}
    features = qa2.encode([bare, row(LONG, "word60")], labelled=True)
    labels = [[(f["start_positions"], f["end_positions"]) for f in features if f["row"] == n] for n in (0, 1)]
    assert len(labels[0]) == len(labels[1]) > 3
    assert set(labels[0]) == {(0, 0)}
    assert any(pair != (0, 0) for pair in labels[1])
    assert qa2.references([bare]) == [{"id": "q", "answers": []}]


def test_the_null_gap_is_the_lowest_null_score_of_any_window_minus_the_best_span(qa2):
    rows = [row(LONG, "word90", number="a"), no_answer("It was so.", number="b")]
    features = qa2.encode(rows, labelled=True)
    raw = [np.full((len(f["input_ids"]), 2), -1.0, np.float32) for f in features]
    windows = [i for i, f in enumerate(features) if f["row"] == 0]
    for i, null in zip(windows, [7.0, 2.5, *[4.0] * len(windows)], strict=False):
        raw[i][0] = null, null + 0.25
    holds = next(i for i in windows if features[i]["start_positions"])
    raw[holds][features[holds]["start_positions"], 0] = 3.0
    raw[holds][features[holds]["end_positions"], 1] = 1.5
    raw[-1][0] = 6.0, 5.0
    found = qa2.decode(raw, features, rows)
    assert [p["id"] for p in found] == ["a", "b"]
    assert [p["text"] for p in found] == ["word90", "It"], "the text is the best span, whatever the gap"
    assert [p["null_gap"] for p in found] == [2.5 + 2.75 - 4.5, 11.0 + 2.0]


def test_a_question_that_must_have_an_answer_has_no_null_gap(qa):
    features = qa.encode([row("It was in 1929.", "1929")], labelled=True)
    assert qa.decode(perfect(features), features, [row("It was in 1929.", "1929")]) == [{"id": "q", "text": "1929"}]


def test_without_a_span_there_is_no_gap_and_no_answer(qa2):
    feature = {"input_ids": [0, 2], "row": 0, "offsets": np.zeros((2, 2), int), "inside": np.zeros(2, bool)}
    found = qa2.decode([np.ones((2, 2), np.float32)], [feature], [no_answer("...")])
    assert found == [{"id": "q", "text": "", "null_gap": None}]
    assert qa2.score(found, [no_answer("...")])["exact_match"] == 100.0


ANSWERABLE = [(0.5, True), (1.5, True), (2.5, True), (3.5, False), (4.5, False)]


@pytest.fixture
def dev():
    """Questions whose gap is below 3 when they have an answer; the texts are all right."""
    rows = [
        row("It was in 1929.", "1929", number=f"q{n}") if has else no_answer("It was so.", number=f"q{n}")
        for n, (_, has) in enumerate(ANSWERABLE)
    ]
    predictions = [
        {"id": r["id"], "text": "1929" if has else "It", "null_gap": gap}
        for r, (gap, has) in zip(rows, ANSWERABLE, strict=True)
    ]
    return predictions, rows


def test_the_threshold_that_dev_likes_best_is_found_and_decides_the_score(qa2, dev):
    predictions, rows = dev
    before = qa2.score(predictions, rows)
    assert before["f1"] == 40.0, "at a threshold of 0 every question counts as one without an answer"
    found = qa2.calibrate(predictions, rows)
    assert found == {"null_threshold": metrics.best_null_threshold(predictions, qa2.references(rows))[0]}
    assert 2.5 <= found["null_threshold"] < 3.5
    qa2.calibration = found
    assert qa2.score(predictions, rows)["f1"] == 100.0


def test_where_every_question_has_an_answer_there_is_nothing_to_calibrate(qa):
    rows = [row("It was in 1929.", "1929")]
    predictions = [{"id": "q", "text": "1929"}]
    assert qa.calibrate(predictions, rows) == {}
    qa.calibration = {"null_threshold": -9.0}
    assert qa.score(predictions, rows)["exact_match"] == 100.0


def test_questions_without_an_answer_are_trained_and_predicted_as_others_are(learn, tiny):
    problem = make_problem(get_task("squad2"), tiny.tokenizer, 48)
    rows = [row("the old house", "old", "what house?", "a"), no_answer("the river", "why?", "b")]
    trained, losses = learn(problem, rows)
    assert losses[-1] < losses[0] / 5
    first, second = predict(trained, problem, rows, "new")
    assert first["text"] == "old"
    assert first["null_gap"] < 0 < second["null_gap"]


def test_a_pair_of_languages_is_scored_in_the_language_of_its_context(tokenizer):
    problem = make_problem(get_task("mlqa-cross"), tokenizer)
    rows = [row("Er liegt am Rhein.", "Rhein")]
    predictions = [{"id": "q", "text": "dem Rhein"}]
    assert problem.score(predictions, rows, "de-en")["exact_match"] == 100.0
    assert problem.score(predictions, rows, "en-de")["exact_match"] == 0.0
