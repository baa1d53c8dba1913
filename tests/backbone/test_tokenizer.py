import itertools

import pytest


@pytest.fixture(scope="module")
def tokenizer(base):
    return base.tokenizer


def pieces(tokenizer, text):
    """Each piece with the part of the text that its offsets name."""
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    names = tokenizer.convert_ids_to_tokens(encoded["input_ids"])
    return [(name, text[a:b]) for name, (a, b) in zip(names, encoded["offset_mapping"], strict=True)]


def test_a_text_is_framed_and_a_pair_is_parted_as_xlm_r_was_trained(tokenizer):
    a, b = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("one house", "zwei Häuser"))
    assert tokenizer("one house")["input_ids"] == [0, *a, 2]
    assert tokenizer("one house", "zwei Häuser")["input_ids"] == [0, *a, 2, 2, *b, 2]


def test_special_tokens_have_the_ids_of_xlm_r(tokenizer):
    ids = (tokenizer.bos_token_id, tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id)
    assert ids == (0, 1, 2, 3)
    assert tokenizer.mask_token_id == 250001
    assert tokenizer("a <mask>")["input_ids"][-2] == 250001


def test_common_words_have_the_ids_of_xlm_r(tokenizer):
    # The ids that facebook's own model gives.
    assert tokenizer("Hello world")["input_ids"] == [0, 35378, 8999, 2]


def test_a_text_holds_at_most_as_many_tokens_as_there_are_positions(tokenizer):
    assert tokenizer.model_max_length == 512
    assert len(tokenizer("word " * 900, truncation=True)["input_ids"]) == 512


@pytest.mark.parametrize(
    "text",
    [
        "The river has frozen over.",
        "那座老桥因为河水上涨而关闭了。",
        "แม่น้ำกลายเป็นน้ำแข็งในเดือนมกราคม",
        "كم يبلغ ثمن تذكرة القطار؟ لُغَةٌ",
        "शहर तक ट्रेन का टिकट ५ रुपये का है?",
    ],
    ids=["en", "zh", "th", "ar", "hi"],
)
def test_offsets_cover_every_letter_of_the_original_text_once(tokenizer, text):
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    assert all(a[1] <= b[0] or a[0] == b[0] for a, b in itertools.pairwise(offsets)), "they go forward"
    covered = {i for a, b in offsets for i in range(a, b)}
    assert covered == {i for i, letter in enumerate(text) if not letter.isspace()}


@pytest.mark.parametrize(
    "text",
    ["The river has frozen.", "那座老桥关闭了。", "كم يبلغ ثمن تذكرة القطار", "शहर तक ट्रेन का टिकट"],
)
def test_a_piece_is_the_text_that_its_offsets_name(tokenizer, text):
    for piece, named in pieces(tokenizer, text):
        assert piece in ("▁", named, f"▁{named}") or (piece, named) == (".", "。")


def test_offsets_name_the_original_where_normalisation_changes_the_text(tokenizer):
    assert pieces(tokenizer, "Ｈｅｌｌｏ １２３") == [("▁Hello", "Ｈｅｌｌｏ"), ("▁123", "１２３")]
    assert pieces(tokenizer, "a ﬁne ㎏ №") == [("▁a", "a"), ("▁fine", "ﬁne"), ("▁kg", "㎏"), ("▁No", "№")]


def test_a_letter_that_becomes_a_phrase_is_named_by_every_piece(tokenizer):
    found = pieces(tokenizer, "x ﷺ y")
    assert (found[0], found[-1]) == (("▁x", "x"), ("▁y", "y"))
    assert {named for _, named in found[1:-1]} == {"ﷺ"}
    assert len(found) > 3


def test_composed_and_decomposed_letters_give_the_same_ids(tokenizer):
    assert tokenizer("cafe\u0301 noir")["input_ids"] == tokenizer("caf\u00e9 noir")["input_ids"]
    assert [named for _, named in pieces(tokenizer, "cafe\u0301 noir")][-1] == "noir"


def test_emoji_are_cut_out_whole(tokenizer):
    assert [named for _, named in pieces(tokenizer, "go 😀 now")] == ["go", "😀", "now"]
    text = "👩‍👩‍👧 family"
    assert pieces(tokenizer, text)[-1][1] == "family"


def test_spaces_of_any_kind_and_number_change_nothing(tokenizer):
    plain = tokenizer("one two three")["input_ids"]
    for text in ("  one  two three ", "one\ttwo\nthree", "one\u00a0two\u3000three"):
        assert tokenizer(text)["input_ids"] == plain


def test_an_empty_text_is_its_frame_alone(tokenizer):
    for text in ("", "   ", "\u200b"):
        assert tokenizer(text)["input_ids"] == [0, 2]


def test_ids_are_read_back_as_text(tokenizer):
    text = "Die alte Brücke wurde gesperrt."
    assert tokenizer.decode(tokenizer(text)["input_ids"], skip_special_tokens=True) == text
