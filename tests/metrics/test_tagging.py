import pytest

from tests.error_checks import refused
from xadapt.metrics import compute
from xadapt.metrics.spans import tag_spans

NOTHING = {"f1": 0.0, "precision": 0.0, "recall": 0.0}
PERFECT = {"f1": 100.0, "precision": 100.0, "recall": 100.0}


def entities(predictions, references):
    return compute("entities", [tags.split() for tags in predictions], [tags.split() for tags in references])


def pos(predictions, references):
    return compute("pos", [tags.split() for tags in predictions], [tags.split() for tags in references])


def spans(*sentences):
    return tag_spans([tags.split() for tags in sentences])


def test_entities_count_over_all_sentences_together():
    # Two of three predicted entities are right, two of four gold ones are found.
    scores = entities(["B-PER I-PER O", "B-LOC O B-ORG"], ["B-PER I-PER B-LOC", "B-LOC B-ORG I-ORG"])
    assert scores == {
        "f1": pytest.approx(400 / 7),
        "precision": pytest.approx(200 / 3),
        "recall": pytest.approx(50.0),
    }


@pytest.mark.parametrize("predicted", ["B-PER O O", "B-PER I-PER I-PER", "B-LOC I-LOC O", "O B-PER O"])
def test_an_entity_with_another_end_or_type_is_wrong(predicted):
    assert entities([predicted], ["B-PER I-PER O"]) == NOTHING


def test_an_inside_tag_without_a_beginning_begins_an_entity():
    assert entities(["O I-PER I-PER O I-LOC"], ["O B-PER I-PER O B-LOC"]) == PERFECT


def test_an_inside_tag_of_another_type_begins_another_entity():
    assert entities(["B-PER I-LOC"], ["B-PER B-LOC"]) == PERFECT


def test_neighbouring_entities_of_one_type_are_distinguished_by_their_beginnings():
    assert spans("B-PER B-PER I-PER") == {("PER", 0, 0), ("PER", 1, 2)}
    assert entities(["B-PER I-PER I-PER"], ["B-PER B-PER I-PER"]) == NOTHING


def test_an_entity_ends_with_its_sentence():
    # Places count the O that is put between sentences.
    assert spans("O B-PER", "I-PER O") == {("PER", 1, 1), ("PER", 3, 3)}


def test_a_type_may_have_a_hyphen_in_it():
    assert spans("B-ART-BOOK I-ART-BOOK B-ART-FILM") == {("ART-BOOK", 0, 1), ("ART-FILM", 2, 2)}


def test_single_and_end_tags_close_an_entity():
    assert spans("B-PER E-PER I-PER S-PER S-PER") == {("PER", 0, 1), ("PER", 2, 2), ("PER", 3, 3), ("PER", 4, 4)}


@pytest.mark.parametrize(("predicted", "gold"), [("O O", "O O"), ("B-PER O", "O O"), ("O O", "B-PER O")])
def test_without_an_entity_on_either_side_every_score_is_zero(predicted, gold):
    assert entities([predicted], [gold]) == NOTHING


def test_tags_missing_at_the_end_of_a_sentence_are_no_entity_and_shift_nothing_behind_it():
    assert entities(["B-PER", "B-LOC O"], ["B-PER O O", "B-LOC O"]) == PERFECT
    assert entities(["B-PER", "B-LOC O"], ["B-PER I-PER O", "B-LOC O"])["f1"] == pytest.approx(50.0)
    assert entities(["", "B-LOC O"], ["O B-PER", "B-LOC O"])["recall"] == pytest.approx(50.0)


def test_a_run_of_one_part_of_speech_is_right_or_wrong_as_a_whole():
    # Of the spans NOUN(0-1) VERB(2) only the latter is among the predicted NOUN(0) ADJ(1) VERB(2).
    assert pos(["NOUN ADJ VERB"], ["NOUN NOUN VERB"]) == {
        "f1": pytest.approx(40.0),
        "precision": pytest.approx(100 / 3),
        "recall": pytest.approx(50.0),
        "token_accuracy": pytest.approx(200 / 3),
    }


def test_conjunctions_of_both_kinds_have_one_type_and_only_token_accuracy_tells_them_apart():
    scores = pos(["NOUN CCONJ VERB"], ["NOUN SCONJ VERB"])
    assert scores == {**PERFECT, "token_accuracy": pytest.approx(200 / 3)}


def test_a_tag_that_starts_like_a_prefix_is_read_as_one():
    # S stands alone, so SYM is two spans where NOUN is one; after SCONJ (S) a CCONJ goes on from where that began.
    assert spans("SYM SYM NOUN NOUN") == {("YM", 0, 0), ("YM", 1, 1), ("OUN", 2, 3)}
    assert spans("SCONJ CCONJ NOUN") == {("CONJ", 0, 0), ("CONJ", 0, 1), ("OUN", 2, 2)}
    assert spans("CCONJ SCONJ NOUN") == {("CONJ", 1, 1), ("OUN", 2, 2)}


def test_a_tag_of_one_letter_has_the_type_of_outside():
    assert spans("NOUN X VERB") == {("OUN", 0, 0), ("_", 1, 1), ("ERB", 2, 2)}
    assert spans("NOUN X") == {("OUN", 0, 0)}
    assert spans("NOUN", "X VERB") == {("OUN", 0, 0), ("_", 0, 2), ("ERB", 3, 3)}


def test_the_very_first_tag_begins_a_span_also_if_it_has_one_letter():
    assert spans("X VERB") == {("_", 0, 0), ("ERB", 1, 1)}


def test_tokens_are_counted_one_by_one_over_all_sentences():
    scores = compute("tokens", [["N/N", "N"], ["NP", "N"]], [["N/N", "N"], ["NP", "NP"]])
    assert scores == {"token_accuracy": 75.0}


def test_a_token_without_a_prediction_is_wrong_whatever_its_tag():
    assert compute("tokens", [["O"], []], [["O", "O"], ["N", "O"]]) == {"token_accuracy": 25.0}
    assert compute("pos", [["O"]], [["O", "O"]])["token_accuracy"] == 50.0


def test_an_empty_sentence_counts_for_nothing():
    assert compute("tokens", [[], ["N"]], [[], ["N"]]) == {"token_accuracy": 100.0}


@pytest.mark.parametrize("name", ["entities", "pos", "tokens"])
@pytest.mark.parametrize(
    ("given", "gold", "subjects"),
    [
        ([["O"]], [["O"], ["O"]], ("1 predictions", "2 references")),
        ([["O"], ["O", "O"]], [["O"], ["O"]], ("prediction 1", "2 tags", "sentence of 1")),
        ([["O", 3]], [["O", "O"]], ("prediction 0", "tag 1", "3")),
        ([["O"]], [[None]], ("reference 0", "tag 0", "None")),
        ([[""]], [["O"]], ("prediction 0", "tag 0", "''")),
        (["O"], [["O"]], ("prediction 0", "'O'", "list of tags")),
        ([["O"]], [7], ("reference 0", "7", "list of tags")),
        ([[]], [[]], ("references", "every sentence is empty")),
        ([], [], ("references", "empty")),
    ],
)
def test_anything_but_sentences_of_tags_is_refused(name, given, gold, subjects):
    with refused(*subjects):
        compute(name, given, gold)
