import pytest

from tests.error_checks import refused
from xadapt.metrics import best_null_threshold, compute


def row(question, text, gap=None):
    return {"id": question, "text": text, "null_gap": gap}


def gold(question, *answers):
    return {"id": question, "answers": list(answers)}


def f1(predictions, references, threshold=0.0):
    return compute("squad_v2", predictions, references, threshold=threshold)["f1"]


def test_questions_with_and_without_an_answer_are_also_scored_apart():
    predictions = [row("a", "red cat"), row("b", "x"), row("c", ""), row("d", "x"), row("e", "")]
    references = [gold("a", "red"), gold("b", "x"), gold("c"), gold("d"), gold("e")]
    # "red cat" against "red": precision 1/2, recall 1.
    assert compute("squad_v2", predictions, references) == {
        "f1": pytest.approx(100 * (2 / 3 + 1 + 1 + 0 + 1) / 5),
        "exact_match": pytest.approx(60.0),
        "has_answer_f1": pytest.approx(100 * (2 / 3 + 1) / 2),
        "has_answer_exact_match": pytest.approx(50.0),
        "no_answer_f1": pytest.approx(200 / 3),
        "no_answer_exact_match": pytest.approx(200 / 3),
    }


def test_scores_of_a_group_without_questions_are_left_out():
    assert set(compute("squad_v2", [row("a", "x")], [gold("a", "x")])) == {
        "f1",
        "exact_match",
        "has_answer_f1",
        "has_answer_exact_match",
    }
    assert set(compute("squad_v2", [row("a", "")], [gold("a")])) == {
        "f1",
        "exact_match",
        "no_answer_f1",
        "no_answer_exact_match",
    }


def test_an_answer_is_taken_back_if_its_gap_exceeds_the_threshold_and_not_if_it_equals_it():
    predictions, references = [row("a", "x", gap=0.1), row("b", "x", gap=0.1)], [gold("a", "x"), gold("b")]
    at = {t: compute("squad_v2", predictions, references, threshold=t) for t in (0.0, 0.1)}
    assert (at[0.0]["has_answer_f1"], at[0.0]["no_answer_f1"]) == (0.0, 100.0)
    assert (at[0.1]["has_answer_f1"], at[0.1]["no_answer_f1"]) == (100.0, 0.0)


def test_without_a_gap_the_text_counts_as_it_is_at_any_threshold():
    references = [gold("a", "x"), gold("b")]
    for predictions in ([row("a", "x"), row("b", "")], [{"id": "a", "text": "x"}, {"id": "b", "text": ""}]):
        assert f1(predictions, references, threshold=-100.0) == 100.0


def test_no_answer_is_wrong_where_there_is_one_and_agrees_only_with_no_answer():
    assert f1([row("a", "")], [gold("a", "x")]) == 0.0
    assert f1([row("a", "")], [gold("a")]) == 100.0


def test_two_answers_of_nothing_but_articles_agree_unlike_in_version_one():
    predictions, references = [{"id": "a", "text": "the"}], [gold("a", "an")]
    assert f1(predictions, references) == 100.0
    assert compute("squad", predictions, references)["f1"] == 0.0


def test_a_gold_answer_of_nothing_but_articles_asks_for_nothing_but_the_question_stays_answerable():
    assert compute("squad_v2", [row("a", "", gap=-1.0)], [gold("a", "the")])["has_answer_f1"] == 100.0
    assert compute("squad_v2", [row("a", "", gap=1.0)], [gold("a", "the")])["has_answer_f1"] == 0.0


def test_a_gold_answer_of_nothing_but_articles_beside_another_one_does_not_count():
    assert f1([row("a", "")], [gold("a", "the", "x")]) == 0.0


def test_the_best_gold_answer_counts():
    assert f1([row("a", "Red cat")], [gold("a", "dog", "the red cat")]) == 100.0


def test_a_missing_prediction_scores_zero_also_where_there_is_no_answer():
    scores = compute("squad_v2", [row("a", "x")], [gold("a", "x"), gold("b"), gold("c")])
    assert scores["f1"] == pytest.approx(100 / 3)
    assert scores["no_answer_f1"] == 0.0


def test_a_prediction_without_a_question_is_left_out():
    assert f1([row("z", "y"), row("a", "x")], [gold("a", "x")]) == 100.0


def test_the_threshold_is_tuned_by_letting_answers_in_from_the_smallest_gap_up():
    predictions = [row("d", "x", 3.0), row("c", "red cat", 0.5), row("b", "x", -1.0), row("a", "x", -2.0)]
    predictions += [row("e", "y", 1.0)]
    references = [gold("a", "x"), gold("b"), gold("c", "red"), gold("d"), gold("e", "y")]
    # All taken back: b, d right, 2. Let in a: 3, b: 2, c: 2 2/3, e: 3 2/3, d: 2 2/3.
    threshold, best = best_null_threshold(predictions, references)
    assert (threshold, best) == (1.0, pytest.approx(100 * (3 + 2 / 3) / 5))
    assert f1(predictions, references, threshold) == pytest.approx(best)


def test_the_first_of_equally_good_thresholds_is_taken():
    predictions = [row("a", "x", 1.0), row("b", "x", 2.0), row("c", "x", 3.0)]
    assert best_null_threshold(predictions, [gold("a", "x"), gold("b"), gold("c", "x")]) == (
        1.0,
        pytest.approx(200 / 3),
    )


def test_an_empty_answer_costs_nothing_where_there_is_none():
    predictions = [row("a", "", 1.0), row("b", "x", 2.0)]
    assert best_null_threshold(predictions, [gold("a"), gold("b", "x")]) == (2.0, 100.0)


def test_equal_gaps_are_let_in_by_the_order_of_the_predictions_as_officially():
    references = [gold("b"), gold("a", "x")]
    right, wrong = row("a", "x", 1.0), row("b", "x", 1.0)
    assert best_null_threshold([right, wrong], references) == (1.0, 100.0)
    assert best_null_threshold([wrong, right], references) == (0.0, 50.0)


def test_if_no_answer_helps_the_threshold_is_zero_as_officially():
    assert best_null_threshold([row("a", "x", -5.0), row("b", "x", -4.0)], [gold("a"), gold("b", "y")]) == (0.0, 50.0)


def test_answers_without_a_gap_count_the_same_at_every_threshold():
    predictions = [row("a", "x"), row("b", ""), row("c", "x", 2.0)]
    assert best_null_threshold(predictions, [gold("a", "x"), gold("b"), gold("c", "x")]) == (2.0, 100.0)
    assert best_null_threshold(predictions[:2], [gold("a", "x"), gold("b")]) == (0.0, 100.0)


def test_tuning_leaves_out_answers_without_a_question_and_counts_questions_without_an_answer():
    predictions = [row("a", "x", 2.0), row("z", "x", 1.0)]
    assert best_null_threshold(predictions, [gold("a", "x"), gold("b")]) == (2.0, 50.0)


def test_tuning_on_nothing_is_refused():
    with refused("references", "empty"):
        best_null_threshold([], [])


@pytest.mark.parametrize(
    ("predictions", "references", "subjects"),
    [
        ([row("a", "x"), row("a", "y")], [gold("a", "x")], ("'a'", "two predictions")),
        ([row("a", "x", float("nan"))], [gold("a", "x")], ("'a'", "null gap", "nan")),
        ([row("a", "x", "big")], [gold("a", "x")], ("'a'", "null gap", "'big'")),
        ([row("a", 3)], [gold("a", "x")], ("'a'", "predicted answer", "3")),
        (["x"], [gold("a", "x")], ("prediction 0", "'x'", "id and text")),
        ([row("a", "x")], [{"id": "a"}], ("reference 0", "{'id': 'a'}", "id and answers")),
        ([row("a", "x")], [{"id": "a", "answers": "x"}], ("'a'", "gold answers", "'x'", "list")),
    ],
)
def test_anything_but_answer_rows_is_refused(predictions, references, subjects):
    with refused(*subjects):
        compute("squad_v2", predictions, references)
    with refused(*subjects):
        best_null_threshold(predictions, references)
