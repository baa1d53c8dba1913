import pytest

from tests.error_checks import refused
from xadapt.metrics import compute


def score(text, *answers):
    return compute("squad", [{"id": "q", "text": text}], [{"id": "q", "answers": list(answers)}])


def test_case_articles_punctuation_and_spaces_do_not_count():
    assert score("  The  Rhine,", "rhine") == {"f1": 100.0, "exact_match": 100.0}


def test_f1_is_the_harmonic_mean_over_shared_tokens():
    # Two of three predicted tokens, two of four gold tokens.
    assert score("red green blue", "red blue white black") == {"f1": pytest.approx(400 / 7), "exact_match": 0.0}


def test_a_repeated_token_is_shared_only_as_often_as_both_have_it():
    assert score("la la la", "la land")["f1"] == pytest.approx(100 * 2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))


def test_the_best_gold_answer_counts():
    assert score("Proxima Centauri", "Alpha", "proxima centauri") == {"f1": 100.0, "exact_match": 100.0}


def test_articles_of_other_languages_and_letters_of_other_punctuation_stay():
    assert score("der Rhein", "Rhein")["exact_match"] == 0.0
    assert score("„Rhein“", "Rhein")["exact_match"] == 0.0


def test_an_article_inside_a_word_stays():
    assert score("theater", "ter")["exact_match"] == 0.0


def test_a_missing_prediction_scores_zero_and_still_counts():
    references = [{"id": "a", "answers": ["x"]}, {"id": "b", "answers": ["the"]}]
    assert compute("squad", [{"id": "a", "text": "x"}], references) == {"f1": 50.0, "exact_match": 50.0}


def test_an_answer_of_nothing_but_articles_matches_one_like_it_exactly_and_shares_no_token():
    assert score("the", "a") == {"f1": 0.0, "exact_match": 100.0}


def test_the_order_of_predictions_does_not_matter():
    predictions = [{"id": "b", "text": "two"}, {"id": "a", "text": "one"}]
    references = [{"id": "a", "answers": ["one"]}, {"id": "b", "answers": ["two"]}]
    assert compute("squad", predictions, references)["exact_match"] == 100.0


def test_a_prediction_without_a_question_is_left_out():
    predictions = [{"id": "a", "text": "one"}, {"id": "z", "text": "other"}]
    assert compute("squad", predictions, [{"id": "a", "answers": ["one"]}])["f1"] == 100.0


def test_two_predictions_for_one_question_are_refused():
    with refused("'a'", "two predictions"):
        compute("squad", [{"id": "a", "text": "x"}, {"id": "a", "text": "y"}], [{"id": "a", "answers": ["x"]}])


def test_a_question_without_a_gold_answer_is_refused():
    with refused("'a'", "no gold answer"):
        compute("squad", [{"id": "a", "text": "x"}], [{"id": "a", "answers": []}])


def mlqa_score(text, answer, language):
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
    assert mlqa_score(text, answer, language) == {"f1": 100.0, "exact_match": 100.0}


def test_an_article_of_another_language_counts():
    assert mlqa_score("the Rhein", "Rhein", "de") == {"f1": pytest.approx(200 / 3), "exact_match": 0.0}


def test_arabic_loses_the_article_inside_words_as_the_official_evaluation_does():
    # كمال is cut to كم: both forms are equal though only one is a word.
    assert mlqa_score("كمال", "كم", "ar")["exact_match"] == 100.0


def test_chinese_is_compared_character_by_character_and_other_scripts_word_by_word():
    # F1冲锋枪 is four tokens, 冲锋 two of them.
    assert mlqa_score("F1冲锋枪", "冲锋", "zh")["f1"] == pytest.approx(200 / 3)
    assert mlqa_score("F1", "F2", "zh")["f1"] == 0.0


def test_spaces_between_chinese_characters_do_not_count():
    assert mlqa_score("加拿大 籍", "加拿大籍", "zh")["exact_match"] == 100.0


def test_a_missing_prediction_of_mlqa_scores_zero():
    references = [{"id": "a", "answers": ["x"]}, {"id": "b", "answers": ["y"]}]
    assert compute("mlqa", [{"id": "a", "text": "x"}], references, language="en")["f1"] == 50.0


def test_mlqa_asks_for_the_language():
    with refused("mlqa", advice="language="):
        compute("mlqa", [{"id": "a", "text": "x"}], [{"id": "a", "answers": ["x"]}])


def test_a_language_outside_mlqa_is_refused():
    with refused("mlqa", "'th'", advice="ar, de, en"):
        mlqa_score("x", "x", "th")
