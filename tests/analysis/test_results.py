import pytest

from xadapt.analysis.results import read_result
from xadapt.errors import XadaptError


def test_a_setup_is_read_in_its_canonical_form(result):
    assert read_result(result("fuse(stsb,  mnli)", {"en": 1.0})).setup == "fuse(mnli, stsb)"


def test_every_number_of_a_language_but_its_size_is_a_score(result):
    stored = result("squad", {"en": 60.0}, metric="f1")
    stored["languages"]["en"].update(exact_match=50, available=9000)
    row = read_result(stored).languages["en"]
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


def test_another_format_is_refused(result):
    with pytest.raises(XadaptError, match="format 2 is not 1"):
        read_result(result("mnli", {"en": 1.0}, format=2))


def test_a_missing_field_is_named(result):
    stored = result("mnli", {"en": 1.0}, run="abc")
    del stored["seed"], stored["base"]
    with pytest.raises(XadaptError, match="result abc: base, seed missing"):
        read_result(stored)


def test_a_language_without_the_ranking_score_is_refused(result):
    stored = result("mnli", {"en": 1.0, "de": 1.0}, run="abc")
    del stored["languages"]["de"]["accuracy"]
    with pytest.raises(XadaptError, match="result abc: de has no n or no accuracy"):
        read_result(stored)
