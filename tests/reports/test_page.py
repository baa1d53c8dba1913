import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from xadapt.analysis.comparison import compare
from xadapt.analysis.suites import SetupOnSuite
from xadapt.analysis.tested import Tested
from xadapt.evaluation.suite_scores import score_suite
from xadapt.reports.conclusion import conclude
from xadapt.reports.page import inline, write_page
from xadapt.reports.report import Report, make_report
from xadapt.store.explanation_record import ExplanationRecord
from xadapt.tasks.languages import LANGUAGES
from xadapt.tasks.suites import XTREME

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>'\""

STORED = {
    "explained": "fuse(mnli, stsb)",
    "fusion": True,
    "task": "xnli",
    "base": "e5-small",
    "data": "hub",
    "seed": 42,
    "limit": 20,
    "members": ["mnli", "stsb"],
    "layers": ["1", "2", "all"],
    "uniform": 0.5,
    "statements": ["Most weight goes to mnli."],
    "mean": {"weights": [[0.7, 0.3], [0.6, 0.4], [0.65, 0.35]]},
    "languages": {"en": {"weights": [[0.7, 0.3], [0.6, 0.4], [0.65, 0.35]]}},
}

EXPLANATION = ExplanationRecord.of(STORED, "made up")


def page_of(comparisons, to, title="Does fusion help?", explanation=EXPLANATION):
    """The page of a report with everything in it."""
    report = Report(
        comparisons,
        [],
        title,
        commands=["xadapt run recipes/fusion.yaml"],
        recipe="name: fusion\nseeds: [42]\n",
        adapters=["`mnli`: 4,000 rows"],
        suites=[SetupOnSuite(score_suite(XTREME, []), {"setup": "mnli", "seed": 42})],
        explanations=[explanation],
    )
    return write_page(report, to)


class Tags(HTMLParser):
    """Collects tags with their attributes, and checks that they are closed in order."""

    def __init__(self):
        super().__init__()
        self.tags, self.open = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def tags(text):
    parser = Tags()
    parser.feed(text)
    parser.close()
    assert not parser.open
    return parser.tags


def rename(comparison, label):
    """Give the fusion another label."""
    block = comparison.blocks[0]
    rows = [replace(row, label=label) if row.family == "fuse" else row for row in block.rows]
    return replace(comparison, blocks=(replace(block, rows=tuple(rows)),))


def test_a_page_and_its_numbers_are_written_and_nothing_else(fusion_loses, tmp_path):
    page = page_of(compare(fusion_loses), tmp_path / "out", "Does fusion help?")
    assert page == tmp_path / "out" / "report.html"
    assert sorted(path.name for path in page.parent.iterdir()) == ["report.html", "report.json"]
    numbers = json.loads((page.parent / "report.json").read_text(encoding="utf-8"))
    assert [row["zero_shot"] for row in numbers["comparisons"][0]["blocks"][0]["rows"]] == [45.0, 55.0, 59.0, 54.0]


def test_the_page_says_everything_in_its_order(fusion_loses, tmp_path):
    text = page_of(compare(fusion_loses), tmp_path, "Does fusion help?").read_text(encoding="utf-8")
    expected = [
        "<h1>Does fusion help?</h1>",
        "Nothing was tested for significance: the fusion",
        "<dt>seeds</dt><dd>42</dd>",
        "XTREME is not complete",
    ]
    expected += ["Where it helps", "<h2>Summary</h2>", "<h2>xnli on e5-small, hub data</h2>", "What fusions attend to"]
    expected += ["<h2>Data</h2>", "4,000 rows", "<h2>Methods</h2>", "xadapt run recipes"]
    expected += ["name: fusion", 'href="report.json"']
    positions = [text.find(each) for each in expected]
    assert -1 not in positions
    assert positions == sorted(positions)


def test_the_page_is_well_formed_and_its_identifiers_are_unique(fusion_loses, tmp_path):
    found = tags(page_of(compare(fusion_loses), tmp_path, "Whole").read_text(encoding="utf-8"))
    identifiers = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(set(identifiers)) == len(identifiers)
    named = [name for _, attributes in found for name in attributes.get("aria-labelledby", "").split()]
    named += [attributes["href"][1:] for _, attributes in found if attributes.get("href", "").startswith("#")]
    assert len(named) > 10
    assert set(named) <= set(identifiers)


def test_every_figure_has_a_title_and_a_description(fusion_loses, tmp_path):
    found = [tag for tag, _ in tags(page_of(compare(fusion_loses), tmp_path, "Seen").read_text())]
    assert found.count("svg") == 2
    assert found.count("desc") == 2
    assert found.count("title") == 1 + 2


def test_nothing_that_is_named_badly_becomes_markup(fusion_loses, tmp_path):
    comparison = rename(compare(fusion_loses)[0], HOSTILE)
    named = {"explained": HOSTILE, "members": [HOSTILE, "stsb"], "statements": [HOSTILE], "task": HOSTILE}
    lines = [f"`{HOSTILE}`", HOSTILE]
    hostile = replace(comparison, task=HOSTILE, data=HOSTILE)
    explanations = [EXPLANATION.model_copy(update=named)]
    suites = [SetupOnSuite(score_suite(XTREME, []), {"setup": HOSTILE, "seed": 42})]
    report = Report(
        [hostile], [], HOSTILE, lines, HOSTILE, lines, suites, explanations=explanations, names={HOSTILE: HOSTILE}
    )
    text = write_page(report, tmp_path).read_text()
    found = tags(text)
    assert [attributes.get("type") for tag, attributes in found if tag == "script"] == ["application/json", None]
    assert "img" not in [tag for tag, _ in found]
    assert not any(name.startswith("on") for _, attributes in found for name in attributes)
    assert text.count("alert(1)") > 10


def test_no_address_outside_the_page_is_named(fusion_loses, tmp_path):
    text = page_of(compare(fusion_loses), tmp_path, "Alone").read_text(encoding="utf-8")
    assert not re.search(r"https?:|url\(|@import|//[a-z]+\.", text)
    named = {attributes[key] for _, attributes in tags(text) for key in ("href", "src") if key in attributes}
    assert {name for name in named if not name.startswith("#")} == {"report.json"}


def test_the_browser_may_run_the_page_s_own_script_only(fusion_loses, tmp_path):
    text = page_of(compare(fusion_loses), tmp_path, "Script").read_text(encoding="utf-8")
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in text
    assert "default-src 'none'" in text


def test_only_files_that_are_there_are_linked(fusion_loses, tmp_path):
    (tmp_path / "setups.csv").write_text("")
    text = page_of(compare(fusion_loses), tmp_path, "Files").read_text(encoding="utf-8")
    assert 'href="setups.csv"' in text
    assert 'href="results.csv"' not in text


def test_what_was_not_tested_is_not_called_significant(fusion_loses, tmp_path):
    comparison = compare(fusion_loses)[0]
    text = page_of([comparison], tmp_path, "Untested").read_text(encoding="utf-8")
    assert text.count("Nothing") == 3
    assert "p (Holm)" not in text
    test = Tested(-1.0, -1.9, -0.2, 0.01, 0.03, None, 4000, 1)
    rows = tuple(replace(row, tested=test) for row in comparison.blocks[0].rows)
    comparison = replace(comparison, blocks=(replace(comparison.blocks[0], rows=rows),))
    text = page_of([comparison], tmp_path, "Tested").read_text(encoding="utf-8")
    assert "Nothing" not in text
    assert "−1.0 (−1.9 to −0.2)" in text
    assert "−1.0*" in text


def test_a_bare_page_concludes_from_its_numbers(fusion_loses, tmp_path):
    comparisons = compare(fusion_loses)
    text = write_page(Report(comparisons, [], "Bare"), tmp_path).read_text(encoding="utf-8")
    assert len(conclude(comparisons)) == 3
    shown = text.split('aria-label="Verdict">')[1].split("</section>")[0]
    assert shown.strip().split("\n") == [f"<p>{inline(sentence)}</p>" for sentence in conclude(comparisons)]
    for absent in ("What fusions attend to", "<h2>Suites</h2>", "Adapters in use", "<pre", 'id="cost"'):
        assert absent not in text


def test_bundled_data_is_labelled_before_the_verdict(result, tmp_path):
    text = write_page(make_report([result("mnli", {"en": 1.0}, data="bundled")]), tmp_path).read_text()
    assert "A demonstration." in text.split('class="verdict"')[0]
    text = write_page(make_report([result("mnli", {"en": 1.0})]), tmp_path).read_text()
    assert "A demonstration." not in text


def test_nothing_to_compare_is_a_page_too(result, tmp_path):
    text = write_page(make_report([result("mnli", {"en": 50.0})]), tmp_path).read_text(encoding="utf-8")
    tags(text)
    assert "Where it helps" not in text
    assert "no target language was scored by every setup" in text


def test_twelve_tasks_with_eleven_setups_in_forty_five_languages_stay_small(result, tmp_path):
    codes = ["en", *[code for code in LANGUAGES if code != "en"][:44]]
    names = [f"adapter{number}" for number in range(10)] + [f"fuse({', '.join(f'adapter{n}' for n in range(10))})"]
    results = [
        result(f"stack({name}, task{task})", {code: 40.0 + at for at, code in enumerate(codes)}, task=f"task{task}")
        for task in range(12)
        for name in names
    ]
    test = Tested(-11.0, -11.9, -10.2, 0.01, 0.03, None, 4000, 1)
    comparisons = []
    for comparison in compare(results):
        rows = tuple(replace(row, tested=test, tests=dict.fromkeys(codes, test)) for row in comparison.blocks[0].rows)
        comparisons.append(replace(comparison, blocks=(replace(comparison.blocks[0], rows=rows),)))
    assert page_of(comparisons, tmp_path, "Big").stat().st_size < 1_500_000


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**Loses** by `a < b`.", "<strong>Loses</strong> by <code>a &lt; b</code>."),
        ("<b> & 'x'", "&lt;b&gt; &amp; &#39;x&#39;"),
        ("2 * 3 * 4", "2 * 3 * 4"),
    ],
)
def test_sentences_keep_their_code_and_their_weight_and_lose_their_tags(text, html):
    assert str(inline(text)) == html
