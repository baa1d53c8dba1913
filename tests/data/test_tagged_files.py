"""A token a line, in all the forms that tagged sentences are handed around in."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.error_checks import refused
from xadapt.data.tagged_files import read_tagged
from xadapt.data.text_lines import text_lines
from xadapt.errors import DataFault

WORDS = [["In", "Bern", "."], ["Ann", "naps"]]
TAGS = [["O", "B-LOC", "O"], ["B-PER", "O"]]


def read(text: str, name: str = "rows.conll", **more):
    return read_tagged(Path(name), text_lines(name, io.BytesIO(text.encode())), **more)


def both(text: str, name: str = "rows.conll") -> tuple[list[list[str]], list[list[str]]]:
    rows = read(text, name).rows
    return [row["tokens"] for row in rows], [row["tags"] for row in rows]


def lines(separator: str = "\t", before: str = "", middle: str = "", end: str = "\n") -> str:
    """The sentences of above, with something before each, between token and tag, and at the end of each line."""
    sentences = [
        "".join(f"{token}{separator}{middle}{tag}{end}" for token, tag in zip(tokens, tags, strict=True))
        for tokens, tags in zip(WORDS, TAGS, strict=True)
    ]
    return end.join(before + sentence for sentence in sentences)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(lines(), id="tabs"),
        pytest.param(lines(" "), id="blanks"),
        pytest.param(lines("   \t "), id="blanks and tabs"),
        pytest.param(lines(end="\r\n"), id="CR LF"),
        pytest.param(lines(end="\r"), id="CR"),
        pytest.param(lines(end="\t\n"), id="a tab at the end"),
        pytest.param(lines(end="  \n"), id="blanks behind a tag"),
        pytest.param(lines(before="# id 0a1\tdomain=train\n"), id="MultiCoNER"),
        pytest.param(lines(" ", before="# id 0a1\tdomain=train\n", middle="_ _ "), id="MultiCoNER with four columns"),
        pytest.param(lines(before="# sent_id = 3\n# text = In Bern .\n"), id="CoNLL-U comments"),
        pytest.param(lines(before="#sent_id=3\n"), id="a comment without a blank"),
        pytest.param(lines(before="## klue-ner-v1_dev_00001\tBern <LOC> naps\n"), id="KLUE"),
        pytest.param(lines(before="-DOCSTART-\tO\n\n"), id="documents"),
        pytest.param(lines(" ", before="-DOCSTART- -X- -X- O\n\n", middle="NN B-NP "), id="CoNLL-2003"),
        pytest.param(lines(" ", before="#begin document (a/b); part 000\n"), id="OntoNotes documents"),
        pytest.param("token\ttag\n" + lines(), id="a first line with names"),
        pytest.param("\n\n" + lines() + "\n\n\n", id="empty lines around"),
        pytest.param(lines().replace("\n\n", "\n \t\n"), id="a line of blanks"),
    ],
)
def test_every_form_gives_tokens_and_tags(text: str) -> None:
    assert both(text) == (WORDS, TAGS)


def test_a_first_line_says_which_columns_are_which() -> None:
    text = "tag\tnote\tword\n" + "".join(f"{tag}\tx\t{word}\n" for word, tag in [("Ann", "B-PER"), ("naps", "O")])
    assert both(text) == ([["Ann", "naps"]], [["B-PER", "O"]])
    assert read(text, columns=["word", "note"]).rows == [{"word": ["Ann", "naps"], "note": ["x", "x"]}]


CONLLU = """\
# sent_id = 1
# text = Vámonos al mar
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tVERB\tvmip\tMood=Ind\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\tpp\t_\t1\tobj\t_\t_
3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_
3\ta\ta\tADP\tsp\t_\t5\tcase\t_\t_
4\tel\tel\tDET\tda\t_\t5\tdet\t_\t_
4.1\tgrande\tgrande\tADJ\taq\t_\t_\t_\t_\t_
5\tmar\tmar\tNOUN\tnc\t_\t1\tobl\t_\t_
"""


@pytest.mark.parametrize("name", ["rows.conllu", "rows.conll"])
def test_words_of_conllu_have_their_universal_part_of_speech(name: str) -> None:
    assert both(CONLLU, name) == (
        [["Vamos", "nos", "a", "el", "mar"]],
        [["VERB", "PRON", "ADP", "DET", "NOUN"]],
    )
    assert read(CONLLU, name).lines == [[4, 5, 7, 8, 10]]


def test_other_columns_are_named_by_their_numbers() -> None:
    assert read(CONLLU, "rows.conllu", columns=["3", "5"]).rows == [
        {"3": ["ir", "nosotros", "a", "el", "mar"], "5": ["vmip", "pp", "sp", "da", "nc"]}
    ]
    german = "Anna\tAnna\tNE\tI-NC\tI-PER\nruht\truhen\tVVFIN\tO\tO\n"
    assert read(german).columns == ["tokens", "tags", "1", "2", "3", "4", "5"]
    assert read(german, columns=["tokens", "3"]).rows == [{"tokens": ["Anna", "ruht"], "3": ["NE", "VVFIN"]}]


def test_numbers_of_words_are_no_tokens() -> None:
    text = "1\tIn\tO\n2\tBern\tB-LOC\n3\t.\tO\n\n1\tAnn\tB-PER\n2\tnaps\tO\n"
    assert both(text) == (WORDS, TAGS)
    named = text.replace("LOC\n", "LOC\t-\tann\n").replace("PER\n", "PER\t-\tann\n").replace("O\n", "O\t-\tann\n")
    assert both(named) == (WORDS, TAGS)
    layers = text.replace("O\n", "O\tO\n").replace("LOC\n", "LOC\tB-ORG\n").replace("PER\n", "PER\tO\n")
    with refused("rows.conll", "line 1", advice="columns: {tokens: 2, tags: 3}"):
        read(layers)
    assert read(layers, columns=["2", "4"]).rows[0] == {"2": WORDS[0], "4": ["O", "B-ORG", "O"]}
    with refused("rows.conll", "line 1", "no tags"):
        read("1\tIn\n2\tBern\n\n1\tAnn\n")


def test_tags_that_are_not_in_the_last_column_are_named() -> None:
    with refused("rows.conll", "column 2", advice="columns: {tokens: 2, tags: 3}"):
        read("In\tO\tann\nBern\tB-LOC\tann\n")
    with refused("rows.conll", "column 1", advice="columns: {tokens: 2, tags: 3}"):
        read("O\tIn\nB-LOC\tBern\n")
    assert read("O\tIn\nB-LOC\tBern\n", columns=["2", "1"]).rows == [{"2": ["In", "Bern"], "1": ["O", "B-LOC"]}]


def test_the_choice_among_several_columns_is_told() -> None:
    (note,) = read(lines(" ", middle="NN B-NP ")).notes
    assert "column 1 is read as tokens and column 4 as tags" in note
    assert read(lines()).notes == ()
    assert read(CONLLU, "rows.conllu").notes == ()


def test_hashes_are_tokens_where_they_have_a_tag_and_comments_where_not() -> None:
    assert both("#\tSYM\n1\tNUM\n") == ([["#", "1"]], [["SYM", "NUM"]])
    assert both("#love\tB-X\nit\tO\n") == ([["#love", "it"]], [["B-X", "O"]]), "a hashtag"
    assert both("a # O\n") == ([["a"]], [["O"]]), "three columns"
    assert both("# NN\nup NN\n") == ([["#", "up"]], [["NN", "NN"]])
    assert both("# a note\n# another one, O\nup O\n") == ([["up"]], [["O"]])
    assert both("up\tO\n# 1\tO\n") == ([["up", "# 1"]], [["O", "O"]]), "a token with a blank in it"


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("up\tO\n# id 3\tdomain=train\nin\tO\n", ("line 2", "comment")),
        ("# train\nup NN\nin NN\n", ("line 1", "comment", "tab")),
        ("# O\nup\tO\nin\tO\n", ("line 1", "comment", "tab")),
        ("#love O\nup\tO\nin\tO\n", ("line 1", "tab")),
        ("ok\tO\n'\nok\tO\n", ("line 2", "tab")),
        ("ok\tO\nDoctors'I-ORG\nok\tO\n", ("line 2", "tab")),
        ("ok O\nDoctors'I-ORG\nok O\n", ("line 2", "tab")),
        ("ok O\nNew York B-LOC\nok O\n", ("line 2", "3")),
        ("ok\tO\n\tO\nok\tO\n", ("line 2", "tokens", "empty")),
        ("In\nBern\n", ("line 1", "tag")),
        ("a b O\nc d O\ne O\n", ("line 3", "3 columns")),
    ],
)
def test_a_line_that_is_not_like_the_others_is_named(text: str, subjects: tuple[str, ...]) -> None:
    with refused("rows.conll", *subjects):
        read(text)


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        (CONLLU.replace("\tmar\tNOUN\t", "\tmar\t_\t"), ("line 10", "'mar'", "part of speech")),
        (CONLLU + "6\t.\tPUNCT\n", ("line 11", "10 columns")),
        ("1\t_\t_\tNOUN" + "\t_" * 6 + "\n2\t_\t_\tVERB" + "\t_" * 6 + "\n", ("line 1", "text")),
    ],
)
def test_what_a_treebank_lacks_is_named(text: str, subjects: tuple[str, ...]) -> None:
    with refused("rows.conllu", *subjects):
        read(text, "rows.conllu")


@pytest.mark.parametrize("space", ["\u3000", "\u200b", "\u00a0", "\u2009", "\ufeff", "\u2028"])
def test_a_space_that_is_none_of_ascii_is_a_token(space: str) -> None:
    for separator in ("\t", " "):
        assert both(f"In{separator}O\n{space}{separator}O\nBern{separator}B-LOC\n") == (
            [["In", space, "Bern"]],
            [["O", "O", "B-LOC"]],
        )
    assert read(f"In\n{space}\nBern\n", labelled=False).rows == [{"tokens": ["In", space, "Bern"]}]


def test_a_blank_with_a_tab_behind_it_is_a_token() -> None:
    assert both("경\tB-LC\n \tO\n찰\tO\n") == ([["경", " ", "찰"]], [["B-LC", "O", "O"]])


def test_the_code_of_a_language_before_every_token_is_left_out_and_told() -> None:
    found = read("".join(f"{'zh-min-nan:' + line if line else ''}\n" for line in lines().split("\n")))
    assert [row["tokens"] for row in found.rows] == WORDS
    (note,) = found.notes
    assert note.startswith("rows.conll: zh-min-nan: ")
    assert both("en:In\tO\nBern\tO\n")[0] == [["en:In", "Bern"]], "only where every token has it"
    assert both("en::\tO\nen:\tO\n")[0] == [[":", ""]]


def test_a_file_without_empty_lines_is_told() -> None:
    (note,) = read("a\tO\n" * 1001).notes
    assert "1001 tokens" in note


def test_without_tags_a_token_a_line_is_enough() -> None:
    text = "In\nBern\n.\n\n# a comment\nAnn\nnaps\n"
    assert read(text, labelled=False).rows == [{"tokens": tokens} for tokens in WORDS]
    assert read("New York\nnaps\n\nAnn\n", labelled=False).rows == [
        {"tokens": ["New York", "naps"]},
        {"tokens": ["Ann"]},
    ]
    assert read("In\tO\nBern\nnaps\tO\n", labelled=False).rows == [{"tokens": ["In", "Bern", "naps"]}]
    assert read(lines(), labelled=False).rows[0] == {"tokens": WORDS[0], "tags": TAGS[0]}
    assert read("1\tIn\n2\tBern\n3\t.\n", labelled=False).rows == [{"tokens": WORDS[0]}]


LINE = st.lists(
    st.sampled_from(
        ["#", "# ", "##", "-DOCSTART-", "1", "2", "1-2", "_", "O", "B-X", "I-X", "en:", "en:a", "\u3000", "a", ""]
    ),
    max_size=5,
)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(LINE, st.sampled_from(["\t", " "])), max_size=8),
    st.booleans(),
    st.sampled_from(["conll", "conllu"]),
)
def test_whatever_stands_in_a_file_is_read_with_a_tag_a_token_or_refused(lines, labelled: bool, ending: str) -> None:
    text = "\n".join(separator.join(cells) for cells, separator in lines)
    try:
        found = read(text, f"rows.{ending}", labelled=labelled)
    except DataFault:
        return
    for row, numbers in zip(found.rows, found.lines, strict=True):
        assert {len(column) for column in row.values()} == {len(numbers)}
        assert numbers == sorted(numbers)


def test_an_empty_file_has_no_rows() -> None:
    assert read("").rows == read("\n\n", "rows.conllu").rows == read("# a comment\n").rows == []


def test_quotes_around_all_cells_are_no_part_of_tokens_and_tags() -> None:
    text = "".join(f'"{token}"\t"{tag}"\n' for token, tag in [("Ann", "B-PER"), ('""', "O"), ("naps", "O")])
    assert both(text) == ([["Ann", '"', "naps"]], [["B-PER", "O", "O"]])


def test_a_quote_that_is_a_token_is_one() -> None:
    text = '"\tO\nAnn\tB-PER\n"\tO\n'
    assert both(text) == ([['"', "Ann", '"']], [["O", "B-PER", "O"]])
    assert both('"Ann"\tB-PER\nnaps\tO\n') == ([['"Ann"', "naps"]], [["B-PER", "O"]])


def test_the_address_of_a_document_is_no_token() -> None:
    text = "#\thttp://a.example [2009]\n1\tAnn\tB-PER\tO\n2\tnaps\tO\tO\n"
    assert read(text, columns=["2", "3"]).rows == [{"2": ["Ann", "naps"], "3": ["B-PER", "O"]}]


def test_numbers_of_words_are_no_tokens_in_a_file_of_one_short_sentence_either() -> None:
    assert both("1\tAnn\tB-PER\n2\tnaps\tO\n") == ([["Ann", "naps"]], [["B-PER", "O"]])


def test_a_column_that_tells_sentences_apart_needs_empty_lines_where_it_does() -> None:
    head = "sentence_id\tword\tner\n"
    with refused("rows.conll, line 3", "sentence_id", advice="empty line"):
        read(f"{head}1\tAnn\tB-PER\n2\tBo\tB-PER\n")
    assert both(f"{head}1\tAnn\tB-PER\n\n2\tBo\tB-PER\n")[0] == [["Ann"], ["Bo"]]


def test_a_file_of_spans_is_named() -> None:
    with refused("rows.tsv", "WebAnno", advice="CoNLL"):
        read("#FORMAT=WebAnno TSV 3.3\n\n#Text=Ann\n1-1\t0-3\tAnn\tPER\n", "rows.tsv")
