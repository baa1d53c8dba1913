import pytest

from xadapt.tasks import LANGUAGES
from xadapt.tasks.languages import codes, is_known, language_name


def test_the_table_holds_the_fifty_languages_of_xtreme_r_once_each():
    assert len(LANGUAGES) == 50
    assert len({language.iso3 for language in LANGUAGES.values()}) == 50
    assert len({language.name for language in LANGUAGES.values()}) == 50
    for code, language in LANGUAGES.items():
        assert code == language.code
        assert (len(code), len(language.iso3)) == (2, 3)
        assert all((language.name, language.family, language.script))


def test_codes_are_split_and_checked():
    assert codes("de sw") == ("de", "sw")
    assert codes(" en-de\nko-ko ") == ("en-de", "ko-ko")
    assert codes("") == ()


@pytest.mark.parametrize("code", ["xx", "deu", "en-xx", "xx-en", "DE"])
def test_a_code_that_is_not_in_the_table_is_refused(code):
    assert not is_known(code)
    with pytest.raises(ValueError, match=repr(code)):
        codes(f"de {code}")


def test_a_language_and_a_pair_have_names():
    assert language_name("sw") == "Swahili"
    assert language_name("en-de") == "English–German"
    assert language_name("xx") == "xx"
    assert language_name("en-xx") == "English–xx"
