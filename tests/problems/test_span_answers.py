"""Extractive answers come back from tokens as they are in the text."""

import itertools

import numpy as np
import pytest

from tests.problems.span_rows import decoded, row
from xadapt.data import bundled
from xadapt.problems import make_problem
from xadapt.problems.span_qa import answer_text, answer_tokens
from xadapt.tasks import get_task

#: Language to context and answer, one at the start, one within, and one at the end of the text.
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
