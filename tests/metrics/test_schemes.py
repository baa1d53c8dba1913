"""Entities by the letter of each scheme, held against seqeval."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.error_checks import refused
from xadapt.metrics import compute
from xadapt.metrics.examples import make_examples
from xadapt.metrics.schemes import SCHEMES

TYPES = ["PER", "LOC", "ART-BOOK"]
SAME_LETTERS = {"IOB1": "IOB", "IOB2": "IOB", "IOE1": "IOE", "IOE2": "IOE", "IOBES": "IOBES", "BILOU": "BILOU"}
held = settings(derandomize=True, deadline=None, max_examples=100)


def metric(scheme):
    return f"entities_{scheme.lower()}"


@st.composite
def tagged(draw, letters):
    """Predictions and references of some sentences: any tags in any order, so that most break the scheme's rules."""
    tags = ["O", *(f"{letter}-{kind}" for letter in letters if letter != "O" for kind in TYPES)]
    sentence = st.lists(st.sampled_from(tags), min_size=1, max_size=8)
    gold = draw(st.lists(sentence, min_size=1, max_size=6))
    # Some of the prediction is right.
    given = [[draw(st.sampled_from([tag, tag, draw(st.sampled_from(tags))])) for tag in sentence] for sentence in gold]
    return given, gold


def scores(name, case):
    """Scores of the counts of all sentences; quicker than the metric itself."""
    right, predicted, gold = (sum(counts) for counts in zip(*make_examples(name, *case).values, strict=True))
    return [right / predicted if predicted else 0.0, right / gold if gold else 0.0]


def seqeval_scores(case, **strict):
    from seqeval.metrics import sequence_labeling, v1

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = v1 if strict else sequence_labeling
        found = module.precision_recall_fscore_support(case[1], case[0], average="micro", **strict)
    return [float(score) for score in found[:2]]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_scores_of_every_scheme_are_those_of_seqevals_strict_mode(scheme):
    import seqeval.scheme

    @held
    @given(tagged(SAME_LETTERS[scheme]))
    def check(case):
        wanted = seqeval_scores(case, scheme=getattr(seqeval.scheme, scheme))
        assert scores(metric(scheme), case) == pytest.approx(wanted)

    check()


@pytest.mark.parametrize("letters", ["IOB", "IOE", "IOBES"])
def test_without_a_scheme_scores_are_those_of_seqevals_default_mode(letters):
    @held
    @given(tagged(letters))
    def check(case):
        assert scores("entities", case) == pytest.approx(seqeval_scores(case))

    check()


def test_neighbours_of_one_type_are_two_entities_in_bilou_without_a_word_on_the_scheme():
    gold = [["O", "U-ORG", "U-ORG", "O", "B-PER", "I-PER", "L-PER"]]
    given = [["O", "U-ORG", "O", "O", "B-PER", "I-PER", "L-PER"]]
    assert compute("entities", given, gold)["f1"] == pytest.approx(80.0)
    assert compute("entities_bilou", given, gold)["f1"] == pytest.approx(80.0)


def test_what_breaks_the_rules_of_a_scheme_is_no_entity_of_it_and_is_one_without_a_scheme():
    gold, given = [["B-PER", "I-PER", "O"]], [["I-PER", "I-PER", "O"]]
    assert compute("entities_iob2", given, gold)["f1"] == 0.0
    assert compute("entities_iob1", given, [["I-PER", "I-PER", "O"]])["f1"] == 100.0
    assert compute("entities", given, gold)["f1"] == 100.0


@pytest.mark.parametrize(
    ("spelled", "lower"), [("{}_{}", False), ("{}:{}", False), ("{}-{}", True), ("{1}-{0}", False), ("{1}_{0}", False)]
)
def test_other_spellings_of_tags_have_the_same_scores(spelled, lower):
    def written(tag):
        place, _, kind = tag.partition("-")
        return (spelled.format(place.lower() if lower else place, kind)) if kind else tag

    gold = [["B-PER", "I-PER", "B-ART-BOOK", "I-ART-BOOK", "O"], ["O", "B-ART-FILM"]]
    given = [["B-PER", "O", "B-ART-BOOK", "I-ART-BOOK", "O"], ["B-ART-BOOK", "O"]]
    both = [[[written(tag) for tag in tags] for tags in side] for side in (given, gold)]
    assert compute("entities", *both) == compute("entities", given, gold)
    assert compute("entities_iob2", *both) == compute("entities_iob2", given, gold)


def test_a_tag_of_another_scheme_is_named():
    with refused("reference 1", "'S-PER'", "IOB2"):
        compute("entities_iob2", [["O"], ["O"]], [["B-PER"], ["S-PER"]])
    with refused("prediction 0", "'X'", "BILOU"):
        compute("entities_bilou", [["X"]], [["U-PER"]])


def test_a_prediction_that_stops_short_shifts_nothing():
    assert compute("entities_iobes", [["S-PER"], ["S-PER"]], [["S-PER", "O"], ["S-PER", "S-PER"]]) == {
        "f1": pytest.approx(80.0),
        "precision": pytest.approx(100.0),
        "recall": pytest.approx(200 / 3),
    }
