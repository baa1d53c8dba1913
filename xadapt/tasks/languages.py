"""The languages of XTREME and XTREME-R: codes, names, families and scripts.

Source: XTREME (arXiv 2003.11080, table 3) and XTREME-R (arXiv 2104.07412, table 8).
"""

from __future__ import annotations

from dataclasses import dataclass

#: What adapters are trained in.
ENGLISH = "en"


@dataclass(frozen=True)
class Language:
    """A language as the benchmarks name it."""

    code: str
    iso3: str
    name: str
    family: str
    script: str


_TABLE = """
af afr Afrikaans|IE: Germanic|Latin
ar ara Arabic|Afro-Asiatic|Arabic
az aze Azerbaijani|Turkic|Latin
bg bul Bulgarian|IE: Slavic|Cyrillic
bn ben Bengali|IE: Indo-Aryan|Bengali
de deu German|IE: Germanic|Latin
el ell Greek|IE: Greek|Greek
en eng English|IE: Germanic|Latin
es spa Spanish|IE: Romance|Latin
et est Estonian|Uralic|Latin
eu eus Basque|Basque|Latin
fa fas Persian|IE: Iranian|Arabic
fi fin Finnish|Uralic|Latin
fr fra French|IE: Romance|Latin
gu guj Gujarati|IE: Indo-Aryan|Gujarati
he heb Hebrew|Afro-Asiatic|Hebrew
hi hin Hindi|IE: Indo-Aryan|Devanagari
ht hat Haitian Creole|Creole|Latin
hu hun Hungarian|Uralic|Latin
id ind Indonesian|Austronesian|Latin
it ita Italian|IE: Romance|Latin
ja jpn Japanese|Japonic|Japanese
jv jav Javanese|Austronesian|Latin
ka kat Georgian|Kartvelian|Georgian
kk kaz Kazakh|Turkic|Cyrillic
ko kor Korean|Koreanic|Hangul
lt lit Lithuanian|IE: Baltic|Latin
ml mal Malayalam|Dravidian|Malayalam
mr mar Marathi|IE: Indo-Aryan|Devanagari
ms msa Malay|Austronesian|Latin
my mya Burmese|Sino-Tibetan|Burmese
nl nld Dutch|IE: Germanic|Latin
pa pan Punjabi|IE: Indo-Aryan|Gurmukhi
pl pol Polish|IE: Slavic|Latin
pt por Portuguese|IE: Romance|Latin
qu que Quechua|Quechuan|Latin
ro ron Romanian|IE: Romance|Latin
ru rus Russian|IE: Slavic|Cyrillic
sw swa Swahili|Niger-Congo|Latin
ta tam Tamil|Dravidian|Tamil
te tel Telugu|Dravidian|Telugu
th tha Thai|Kra-Dai|Thai
tl tgl Tagalog|Austronesian|Latin
tr tur Turkish|Turkic|Latin
uk ukr Ukrainian|IE: Slavic|Cyrillic
ur urd Urdu|IE: Indo-Aryan|Arabic
vi vie Vietnamese|Austro-Asiatic|Latin
wo wol Wolof|Niger-Congo|Latin
yo yor Yoruba|Niger-Congo|Latin
zh zho Mandarin|Sino-Tibetan|Han
"""


def _parse() -> dict[str, Language]:
    table = {}
    for line in _TABLE.strip().splitlines():
        code, iso3, rest = line.split(" ", 2)
        name, family, script = rest.split("|")
        table[code] = Language(code, iso3, name, family, script)
    return table


LANGUAGES: dict[str, Language] = _parse()


def codes(text: str) -> tuple[str, ...]:
    """Split a space-separated list of language codes and check each against the table.

    A pair such as ``en-de`` is a code too, for tasks whose two texts are in two languages.
    """
    found = tuple(text.split())
    for code in found:
        if not is_known(code):
            raise ValueError(f"language code {code!r} is not in the table")
    return found


def is_known(code: str) -> bool:
    """Whether it is a language of the table, or a pair of them."""
    return all(part in LANGUAGES for part in code.split("-"))


def language_name(code: str) -> str:
    """The English name of a language or pair, the code itself where the table has none."""
    names = [LANGUAGES[part].name if part in LANGUAGES else part for part in code.split("-")]
    return "–".join(names)
