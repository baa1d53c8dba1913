import json

import numpy as np
import pytest
import torch

from tests.error_checks import refused
from xadapt.data import bundled
from xadapt.problems import make_problem
from xadapt.problems.answer_retrieval import answer_sentence, sentence_breaks
from xadapt.problems.predict import fill_pool, predict
from xadapt.tasks import get_task

ENGLISH = "The bridge is old. It was closed in May. A new one opened later."
GERMAN = "Die alte Brücke wurde im Mai geschlossen. Später kam eine neue."


def row(number, language, context, answer, **more):
    return {
        "id": f"q{number}",
        "question": f"what about {answer} ?",
        "context": context,
        "answers": {"text": [answer], "answer_start": [context.index(answer)]},
        "language": language,
        **more,
    }


POOL = [
    row(0, "en", ENGLISH, "old"),
    row(1, "en", ENGLISH, "May"),
    row(2, "en", "Nothing happens here.", "Nothing"),
    row(0, "de", GERMAN, "alte"),
    row(1, "de", GERMAN, "Mai"),
]


@pytest.fixture
def problem(tiny):
    return lambda layer=None, length=None: make_problem(get_task("lareqa"), tiny.tokenizer, length, layer=layer)


def filled(problem, pool, vectors=None):
    count = len(problem.encode_pool(pool))
    problem.fill(pool, list(np.eye(count, dtype=np.float32) if vectors is None else vectors))
    return problem


def test_every_sentence_of_every_context_is_one_candidate_with_its_context(problem, tiny):
    features = problem().encode_pool(POOL)
    sentences = [
        ("The bridge is old.", ENGLISH),
        ("It was closed in May.", ENGLISH),
        ("A new one opened later.", ENGLISH),
        ("Nothing happens here.", "Nothing happens here."),
        ("Die alte Brücke wurde im Mai geschlossen.", GERMAN),
        ("Später kam eine neue.", GERMAN),
    ]
    expected = [tiny.tokenizer(*pair, truncation="longest_first", max_length=128)["input_ids"] for pair in sentences]
    assert [f["input_ids"].tolist() for f in features] == expected


def test_relevant_is_the_answers_sentence_in_every_language_of_the_pool(problem):
    bound = filled(problem(), POOL)
    assert bound.ids == ["en:0:0", "en:0:1", "en:0:2", "en:1:0", "de:0:0", "de:0:1"]
    assert bound.references(POOL[:3]) == [["en:0:0", "de:0:0"], ["en:0:1", "de:0:0"], ["en:1:0"]]
    assert bound.references(POOL[3:]) == [["en:0:0", "de:0:0"], ["en:0:1", "de:0:0"]]


def test_the_same_context_in_two_languages_gives_candidates_of_both(problem):
    bound = filled(problem(), [row(0, "en", "Berlin.", "Berlin"), row(0, "de", "Berlin.", "Berlin")])
    assert bound.ids == ["en:0:0", "de:0:0"]
    assert bound.references([{"id": "q0"}]) == [["en:0:0", "de:0:0"]]


def test_a_question_that_is_not_in_the_pool_is_an_error(problem):
    with refused("lareqa", "q7", "pool", advice="context"):
        filled(problem(), POOL).references([row(7, "en", ENGLISH, "old")])


def test_candidates_are_ranked_by_cosine_and_scored_over_all_languages(problem):
    bound = filled(problem(), POOL)
    # Nearest first: the German sentence, then the English one, then what is left in the order of the pool.
    query = np.array([0, 0.6, 0, 0, 0.8, 0], dtype=np.float32)
    found = bound.decode([query], [], POOL[1:2])
    assert found == [["de:0:0", "en:0:1", "en:0:0", "en:0:2", "en:1:0", "de:0:1"]]
    assert bound.score(found, POOL[1:2]) == {"map@20": 100.0}
    assert bound.score([found[0][1:]], POOL[1:2]) == pytest.approx({"map@20": 50.0})
    assert json.loads(json.dumps(found)) == found


def test_given_boundaries_are_taken_and_recorded(problem):
    given = [row(0, "en", ENGLISH, "May", breaks=[[0, 18], [19, 64]])]
    bound = filled(problem(), given)
    assert bound.ids == ["en:0:0", "en:0:1"]
    assert bound.references(given) == [["en:0:1"]]
    assert bound.details()["sentences"] == "given"
    assert filled(problem(), POOL).details()["sentences"] == "split"
    assert filled(problem(), [*given, *POOL[2:]]).details()["sentences"] == "split"


@pytest.mark.parametrize(("answer", "sentence"), [("The", 0), ("old.", 0), ("It", 1), ("May.", 1), ("later.", 2)])
def test_an_answers_sentence_is_the_one_it_begins_in(answer, sentence):
    found = row(0, "en", ENGLISH, answer)
    assert answer_sentence(found, sentence_breaks(found)) == sentence


def test_an_answer_that_begins_outside_of_all_sentences_belongs_to_the_next_or_the_last():
    found = row(0, "en", ENGLISH, " It")
    assert answer_sentence(found, sentence_breaks(found)) == 1
    late = found | {"answers": {"text": ["x"], "answer_start": [999]}}
    assert answer_sentence(late, sentence_breaks(late)) == 2


def test_a_context_of_nothing_but_space_is_one_sentence():
    assert sentence_breaks({"context": "  "}) == [(0, 2)]


def test_training_pairs_a_question_with_its_answers_sentence_and_context(problem, tiny):
    features = problem().encode([*POOL[:3], POOL[1]], labelled=True)
    assert [f["key"] for f in features] == [0, 1, 2, 1]
    pair = tiny.tokenizer("It was closed in May.", ENGLISH)["input_ids"]
    assert features[1]["candidate_ids"].tolist() == features[3]["candidate_ids"].tolist() == pair
    assert features[1]["input_ids"].tolist() == tiny.tokenizer(POOL[1]["question"])["input_ids"]


def test_questions_are_shorter_than_candidates(problem):
    long = row(0, "en", "word " * 300, "word") | {"question": "why " * 300}
    feature = problem().encode([long], labelled=True)[0]
    assert (len(feature["input_ids"]), len(feature["candidate_ids"])) == (96, 128)
    feature = problem(length=40).encode([long], labelled=True)[0]
    assert (len(feature["input_ids"]), len(feature["candidate_ids"])) == (40, 40)
    assert problem(length=40).details() == {"max_length": 40, "layer": None, "pooling": "mean", "query_length": 40}


def test_the_rows_themselves_are_the_english_pool(problem):
    rows = bundled.rows("qa", "en", "dev")[:6]
    bound = filled(problem(), problem().own_pool(rows))
    assert {identity.split(":")[0] for identity in bound.ids} == {"en"}
    assert all(len(relevant) == 1 for relevant in bound.references(rows))


def test_questions_that_are_sentences_of_the_pool_find_them_without_any_training(problem, model):
    contexts = ["An old bridge was closed.", "Seven women came home.", "The river flows by the house."]
    rows = [row(i, "en", text, text.split()[0]) | {"question": text} for i, text in enumerate(contexts)]
    bound = problem(0)
    fill_pool(model, bound, rows)
    found = predict(model, bound, rows, None)
    assert [ranked[0] for ranked in found] == ["en:0:0", "en:1:0", "en:2:0"]
    assert bound.score(found, rows, "en") == {"map@20": 100.0}


def test_the_pools_vectors_have_length_one(problem, model):
    bound = problem()
    with torch.inference_mode():
        batch = bound.collate(bound.encode_pool(POOL))
        found = bound.read(bound.forward(model, batch, None))
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)
