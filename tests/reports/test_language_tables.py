import pytest

from tests.reports.blocks import column, lines
from xadapt.reports.language_tables import family_and_script, in_parts, page_languages


def test_languages_have_family_and_script_and_only_sure_differences_are_marked(loses):
    table = page_languages(loses, loses.blocks[0])
    assert lines(table)["Swahili"][:3] == ["sw", "Niger-Congo", "Latin"]
    assert column(table, "fuse(mnli, stsb)") == {"English": "71.0", "German": "61.0 ▲", "Swahili": "47.0"}
    assert column(table, "fuse(mnli, stsb) vs reference")["German"] == "+1.0 (+0.3 to +1.8)"
    assert [row[0].text for row in table.rows] == ["English", "German", "Swahili"]


def test_a_pair_of_languages_has_the_family_of_the_other_than_english():
    assert family_and_script("en-sw") == ("Niger-Congo", "Latin")
    assert family_and_script("en") == ("IE: Germanic", "Latin")
    assert family_and_script("xx") == ("", "")


@pytest.mark.parametrize(("number", "sizes"), [(0, []), (9, [9]), (10, [5, 5]), (39, [8, 8, 8, 8, 7])])
def test_columns_are_cut_into_parts_of_about_one_size(number, sizes):
    assert [len(part) for part in in_parts(range(number), 9)] == sizes
