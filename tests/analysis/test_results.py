import pytest

from xadapt.analysis.results import comparable, variant


def test_a_setup_takes_its_canonical_form(result):
    assert comparable(result("fuse(stsb,  mnli)", {"en": 1.0})).setup == "fuse(mnli, stsb)"


@pytest.mark.parametrize(
    ("data", "shown"),
    [("hub", "hub"), ("bundled", "bundled"), ("mirror:rows", "mirror:rows"), ("/home/someone/hub", "mirror:hub")],
)
def test_a_mirror_never_passes_for_the_hub_and_shows_no_path(result, data, shown):
    assert comparable(result("mnli", {"en": 1.0}, data=data)).data == shown


@pytest.mark.parametrize(
    ("base", "shown"),
    [
        ("e5-small", "e5-small"),
        ("FacebookAI/xlm-roberta-base", "FacebookAI/xlm-roberta-base"),
        ("/models/xlmr", "xlmr"),
    ],
)
def test_a_base_is_shown_by_its_hub_id_or_the_name_of_its_folder(result, base, shown):
    assert comparable(result("mnli", {"en": 1.0}, base=base)).base == shown


def test_layer_and_pooling_tell_retrievals_apart(result):
    assert variant(result("mnli", {"de": 1.0}, details={"layer": 8, "pooling": "mean"})) == "layer 8, mean pooling"
    assert variant(result("mnli", {"de": 1.0})) == ""


def test_a_target_is_the_task_unless_a_recipe_says_another(result):
    assert comparable(result("mnli", {"en": 1.0}, task="xnli")).target == "xnli"
    assert comparable(result("mnli", {"en": 1.0}, task="xnli", target="lingnli")).target == "lingnli"


def test_details_can_say_that_rows_are_a_sample(result):
    assert comparable(result("mnli", {"en": 1.0}, details={"sample": True})).sample
    assert not comparable(result("mnli", {"en": 1.0})).sample


def test_english_beside_itself_is_english_and_keeps_its_score(result):
    one = comparable(result("stsb", {"en-en": 80.0, "en-de": 70.0})).languages
    assert {code: score.score for code, score in one.items()} == {"en": 80.0, "en-de": 70.0}
