import pytest

from xadapt.analysis.results import read_result


def test_a_setup_is_read_in_its_canonical_form(result):
    assert read_result(result("fuse(stsb,  mnli)", {"en": 1.0})).setup == "fuse(mnli, stsb)"


def test_every_number_of_a_language_but_its_size_is_a_score(result):
    others = {"exact_match": {"en": 50.0}, "available": {"en": 9000}}
    row = read_result(result("squad", {"en": 60.0}, metric="f1", others=others)).languages["en"]
    assert dict(row.scores) == {"f1": 60.0, "exact_match": 50.0}
    assert (row.n, row.split) == (2000, "test")


@pytest.mark.parametrize(
    ("data", "shown"),
    [("hub", "hub"), ("bundled", "bundled"), ("mirror:rows", "mirror:rows"), ("/home/someone/hub", "mirror:hub")],
)
def test_a_mirror_never_passes_for_the_hub_and_shows_no_path(result, data, shown):
    assert read_result(result("mnli", {"en": 1.0}, data=data)).data == shown


@pytest.mark.parametrize(
    ("base", "shown"),
    [
        ("e5-small", "e5-small"),
        ("FacebookAI/xlm-roberta-base", "FacebookAI/xlm-roberta-base"),
        ("/models/xlmr", "xlmr"),
    ],
)
def test_a_base_is_shown_by_its_hub_id_or_the_name_of_its_folder(result, base, shown):
    assert read_result(result("mnli", {"en": 1.0}, base=base)).base == shown


def test_layer_and_pooling_tell_retrievals_apart(result):
    stored = result("mnli", {"de": 1.0}, details={"layer": 8, "pooling": "mean"})
    assert read_result(stored).variant == "layer 8, mean pooling"
