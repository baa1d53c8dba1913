"""What a stranger called something is words on a page, in a table and in a picture, and nothing else."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
import yaml

from xadapt.analysis.comparison import compare
from xadapt.outside_text import plain
from xadapt.portable.hub.front_page import front_page, public_base
from xadapt.portable.hub.index import Entry, Index, PushedCheckpoint
from xadapt.reports.export import results_csv, setups_csv
from xadapt.reports.markdown import plot_names, render
from xadapt.reports.page import render_page
from xadapt.reports.plots import comparison_png
from xadapt.reports.report import make_report
from xadapt.store.cards import card
from xadapt.store.records import RunRecord
from xadapt.tables import (
    Cell,
    Table,
    csv_text,
    fence_of,
    html_table,
    markdown_code,
    markdown_table,
    markdown_text,
    words,
)

MARKUP = "x</td><script>alert(1)</script>[here](javascript:alert(2))`|\n# a heading\n<img src=x onerror=alert(3)>"
FORMULAS = ("=1+1", "+1+1", "-1+1|cmd", "@SUM(A1)", '=HYPERLINK("http://x","y")', "\t=1")


def is_words(page: str) -> bool:
    """Whether a page in Markdown has no tag, link or heading of what it was given, outside of code."""
    outside = re.sub(r"(`+)(?:(?!\1).)+\1", "", page.replace(r"\`", ""))
    return not re.search(r"(?<!\\)<(script|img)|(?<!\\)\]\(javascript|^# a heading", outside, re.M | re.I)


@pytest.fixture
def hostile(measured):
    """Results whose base and data are called by a stranger."""
    return [measured(setup, {"en": 0.6, "de": 0.5}, base=MARKUP, data=MARKUP) for setup in ("mnli", "fuse(mnli, stsb)")]


def test_a_report_in_markdown_shows_them_as_words(hostile):
    report = replace(make_report(hostile, MARKUP), recipe=f"name: x\n```\n{MARKUP}\n````", commands=(MARKUP,))
    page = render(report, plot_names(report.comparisons))
    recipe = page.index("`````yaml")
    assert page.index("`````", recipe + 5) > page.index("````", recipe + 9)
    assert is_words(page[:recipe].partition("## Commands")[0])


def test_a_page_shows_them_as_words(hostile):
    page = render_page(make_report(hostile, MARKUP), {})
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page, "the title"


def test_a_picture_draws_them(measured):
    name = r"a$\frac$b$_{x$"
    results = [measured(setup, {"en": 0.6, "de": 0.5}, base=name, data=name) for setup in ("mnli", "fuse(mnli, stsb)")]
    assert comparison_png(compare(results)[0]).startswith(b"\x89PNG")


def test_tables_show_them_as_words():
    table = Table(MARKUP, words(MARKUP, "b"), [[Cell(MARKUP), Cell("x", link="javascript:alert(1)")]], caption=MARKUP)
    assert "<script" not in html_table(table)
    assert "javascript:" not in html_table(table).replace("(javascript:alert(2))", "")
    written = markdown_table(table)
    assert is_words(written)
    assert len(written.splitlines()) == 3
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in written.splitlines())
    assert 'href="https://example.org/a"' in html_table(
        replace(table, rows=[[Cell("a"), Cell("x", link="https://example.org/a")]])
    )


@pytest.mark.parametrize("text", ["`", "``", "a`b``c", "`x`", MARKUP])
def test_code_ends_where_it_should(text):
    written = markdown_code(text)
    fence = re.match("`+", written)[0]
    assert fence not in written.removeprefix(fence).removesuffix(fence).replace(fence + "`", "")
    assert "\n" not in written
    assert len(fence_of(text)) > max(map(len, re.findall("`+", text)), default=2)


@pytest.mark.parametrize("text", ["pair-regression", "train (500 rows)", "p < 0.05", "a_b", "±1.0", "mirror:hub"])
def test_ordinary_words_stay_as_they_are(text):
    assert markdown_text(text) == text


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_in_a_table_is_words(formula, measured):
    rows = [[Cell(formula), Cell(-1.5)], [Cell("-2.5"), Cell("+3")], [Cell("\r=1"), Cell(None)]]
    written = csv_text(Table("t", words(formula, "n"), rows))
    assert cells(written) == [[f"'{formula}", "n"], [f"'{formula}", "-1.5"], ["-2.5", "+3"], [r"\x0d=1", ""]]
    result = measured("mnli", {"en": 0.6, "de": 0.5}, base=formula, data=formula)
    for text in (results_csv([result]), setups_csv(compare([result]))):
        assert not [cell for line in cells(text) for cell in line if cell == formula]
        assert f"'{plain(formula)}" in cells(text)[1]


def record(**changes) -> RunRecord:
    made = {"run": "a" * 16, "setup": "mnli", "heads": ["mnli"], "base": {"name": MARKUP, "fingerprint": "f" * 64}}
    made |= {"seed": 42, "data": MARKUP, "rows": {"mnli": 3}, "sources": {"mnli": MARKUP}, "first": MARKUP, "files": {}}
    settings = {"epochs": 1.0, "batch_size": 8, "lr": 1e-3, "adapter_config": MARKUP, "precision": "fp32"}
    return RunRecord.of({**made, "decides": {"settings": settings}, **changes}, "a record")


@pytest.mark.parametrize("imported", [None, {"form": "peft", "name": MARKUP, "base": MARKUP, "library": MARKUP}])
def test_a_card_shows_them_as_words(imported):
    page = card(record(imported=imported) if imported else record())
    _, matter, rest = page.split("---\n", 2)
    assert set(yaml.safe_load(matter)) == {"library_name", "tags", "language"}
    assert is_words(rest)


def test_the_front_page_of_a_repository_shows_them_as_words():
    line = " ".join(MARKUP.split())
    entry = Entry(
        setup="mnli", base="./my base; touch x", fingerprint="f" * 64, seed=42, datasets=[line], runs={"mnli": "a" * 16}
    )
    about = PushedCheckpoint(record="f" * 64, about=line, heads=["mnli"])
    page = front_page(Index(setups=[entry], runs={"a" * 16: about}), "some one/a$(touch x)")
    matter, rest = page.removeprefix("---\n").split("---\n", 1)
    assert yaml.safe_load(matter)["datasets"] == [line]
    assert is_words(rest)
    assert "xadapt pull 'some one/a$(touch x)'" in rest


def test_a_bases_folder_is_called_by_plain_signs(tmp_path):
    assert public_base(str(tmp_path / "a[b]`c`\n<d>")) == "./a-b-c-d-"
