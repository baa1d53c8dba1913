import pytest

from xadapt.errors import XadaptError
from xadapt.metrics import compute


def score(text, answer, language):
    return compute("mlqa", [{"id": "q", "text": text}], [{"id": "q", "answers": [answer]}], language=language)


@pytest.mark.parametrize(
    ("language", "text", "answer"),
    [
        ("en", "the „Rhine“", "Rhine"),
        ("de", "der Rhein", "einem Rhein"),
        ("es", "Los Ángeles", "ángeles"),
        ("vi", "những con sông", "con sông"),
        ("hi", "भारत।", "भारत"),
        ("ar", "الكتاب", "كتاب"),
        ("zh", "《圣经》", "圣经"),
    ],
)
def test_articles_and_unicode_punctuation_of_the_language_do_not_count(language, text, answer):
    assert score(text, answer, language) == {"f1": 100.0, "exact_match": 100.0}


def test_an_article_of_another_language_counts():
    assert score("the Rhein", "Rhein", "de") == {"f1": pytest.approx(200 / 3), "exact_match": 0.0}


def test_arabic_loses_the_article_inside_words_as_the_official_evaluation_does():
    # كمال is cut to كم: both forms are equal though only one is a word.
    assert score("كمال", "كم", "ar")["exact_match"] == 100.0


def test_chinese_is_compared_character_by_character_and_other_scripts_word_by_word():
    # F1冲锋枪 is four tokens, 冲锋 two of them.
    assert score("F1冲锋枪", "冲锋", "zh")["f1"] == pytest.approx(200 / 3)
    assert score("F1", "F2", "zh")["f1"] == 0.0


def test_spaces_between_chinese_characters_do_not_count():
    assert score("加拿大 籍", "加拿大籍", "zh")["exact_match"] == 100.0


def test_a_missing_prediction_scores_zero():
    references = [{"id": "a", "answers": ["x"]}, {"id": "b", "answers": ["y"]}]
    assert compute("mlqa", [{"id": "a", "text": "x"}], references, language="en")["f1"] == 50.0


def test_mlqa_asks_for_the_language():
    with pytest.raises(XadaptError, match="needs the language"):
        compute("mlqa", [{"id": "a", "text": "x"}], [{"id": "a", "answers": ["x"]}])


def test_a_language_outside_mlqa_is_refused():
    with pytest.raises(XadaptError, match="not for 'th'"):
        score("x", "x", "th")
