"""Codes of languages as users write them."""

from __future__ import annotations

from xadapt.errors import XadaptError, option, unknown
from xadapt.tasks.languages import LANGUAGES

#: Codes of before, as Java and Android still write some, and the codes that took their place.
_EARLIER = {"iw": "he", "in": "id", "jw": "jv", "mo": "ro", "fil": "tl"}


def language_codes(text: str) -> tuple[str, ...]:
    """Read codes of languages separated by commas, each once; an empty tuple for ``all``.

    Raises:
        XadaptError: If there is none.
    """
    codes = tuple(dict.fromkeys(code.strip() for code in text.split(",") if code.strip()))
    if not codes:
        raise XadaptError(f"{option('languages')} is empty: give all, or codes such as de,sw,zh")
    return () if codes == ("all",) else codes


def unknown_language(code: str) -> XadaptError:
    """Build the error for a code that no language has, with the nearest one."""
    # Codes are too short for likeness alone: "deu" is nearer to Basque's "eu" than to "de".
    # What stands behind a mark is a script or a country, as in zh-Hans and pt_BR.
    given = code.lower().replace("_", "-").partition("-")[0]
    given = _EARLIER.get(given, given)
    for language in LANGUAGES.values():
        if given in (language.code, language.iso3, language.name.lower()):
            return XadaptError(f"unknown language {code!r}: did you mean {language.code!r}?")
    return unknown("language", code, LANGUAGES)
