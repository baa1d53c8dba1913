import pytest

from xadapt.metrics.tag_sets import clean_tag, read_tag_set


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("O B-PER I-PER B-LOC", "IOB"),
        ("O I-PER I-LOC", "IOB"),
        ("B-PER", "IOB"),
        ("O I-PER E-PER", "IOE"),
        ("O B-PER I-PER E-PER S-PER", "IOBES"),
        ("O S-PER S-LOC", "IOBES"),
        ("O B-PER E-PER", "IOBES"),
        ("O B-PER M-PER E-PER S-PER", "IOBES"),
        ("O B-PER M-PER E-PER W-PER", "IOBES"),
        ("O B-PER I-PER L-PER U-PER", "BILOU"),
        ("O U-PER U-LOC", "BILOU"),
        ("B I O", "IOB"),
        ("B M E S", "IOBES"),
        ("NOUN VERB ADJ X", ""),
        ("O", ""),
        ("N/N NP S[dcl]\\NP", ""),
        ("S_pos S_neg E_mail", ""),
        ("-LRB- -RRB- NN", ""),
        ("I O U", ""),
        ("", ""),
    ],
)
def test_the_scheme_is_told_by_all_tags_together(tags, scheme):
    found = read_tag_set(tags.split())
    assert (found.scheme, found.odd) == (scheme, ())
    assert read_tag_set(reversed(tags.split())).scheme == scheme


@pytest.mark.parametrize(
    ("tags", "usual"),
    [
        ("B-PER I-PER O", "B-PER I-PER O"),
        ("b-per i-per o", "B-per I-per O"),
        ("B_PER I_PER O", "B-PER I-PER O"),
        ("b_per i_per 0", "B-per I-per O"),
        ("B:PER I:PER O", "B-PER I-PER O"),
        ("PER-B PER-I O", "B-PER I-PER O"),
        ("PER_B PER_I O", "B-PER I-PER O"),
        ("B-PER I-PER 0", "B-PER I-PER O"),
        ("B-PER M-PER E-PER W-PER O", "B-PER I-PER E-PER S-PER O"),
        ("B-ART-BOOK I-ART-BOOK", "B-ART-BOOK I-ART-BOOK"),
        ("B_ART-BOOK I_ART-BOOK", "B-ART-BOOK I-ART-BOOK"),
        ("B M E S", "B I E S"),
    ],
)
def test_every_spelling_has_a_usual_one(tags, usual):
    found = read_tag_set(tags.split())
    assert found.standard == dict(zip(tags.split(), usual.split(), strict=True))
    assert found.plain == (tags == usual)


@pytest.mark.parametrize(
    ("tags", "odd"),
    [
        ("O B-PER I-PER PER", ("PER",)),
        ("O B-PER I-PER B_PER", ("B_PER",)),
        ("O B-PER I-PER b-per", ("b-per",)),
        ("O 0 B-PER I-PER", ("0",)),
        ("O B-PER I-PER L-PER U-PER S-PER", ("S-PER",)),
        ("O B-PER I-PER B-LOC I-LOC S-LOC", ("S-LOC",)),
        ("O B-PER I-PER B-LOC I-LOC B-ORG L-LOC", ("L-LOC",)),
        ("O B-PER I-PER domain=train", ("domain=train",)),
        ("NOUN VERB ADJ B-PER", ("B-PER",)),
    ],
)
def test_a_tag_that_does_not_fit_the_others_is_odd(tags, odd):
    assert read_tag_set(tags.split()).odd == odd


def test_what_nobody_sees_around_a_tag_is_no_part_of_it():
    assert clean_tag(" B-PER\u200b\u00a0") == "B-PER"
    assert clean_tag("\ufeffO\u3000") == "O"
