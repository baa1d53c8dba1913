import json
import re
from dataclasses import replace

from tests.error_checks import refused
from xadapt.analysis.comparison import compare
from xadapt.reports import make_report, write_report
from xadapt.reports.markdown import plot_names


def report_of(results, to, title, commands=(), recipe="", adapters=(), cost=None, examples=None):
    made = make_report(results, title, cost, examples)
    return write_report(replace(made, commands=commands, recipe=recipe, adapters=adapters), to)


def test_a_report_has_text_numbers_and_every_picture_it_shows(fusion_loses, tmp_path):
    report = report_of(fusion_loses, tmp_path / "out", "Does fusion help?")
    assert report == tmp_path / "out" / "report.md"
    text = report.read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)
    assert len(pictures) == 1
    assert all((report.parent / picture).is_file() for picture in pictures)
    assert (report.parent / "results.csv").read_text(encoding="utf-8").count("\n") == 1 + 4 * 3
    assert not list((tmp_path / "out").rglob(".*"))


def test_the_report_says_what_it_must(fusion_loses, tmp_path):
    text = report_of(fusion_loses, tmp_path, "Does fusion help?", ["xadapt run recipes/fusion.yaml"]).read_text()
    assert text.startswith("# Does fusion help?\n")
    assert "Fusion loses to the reference by 1.0" in text
    assert "chosen by its **English** score" in text
    assert "Base `e5-small`; data: hub, split test; limit: none; metric: accuracy." in text
    assert "`target only` is `xnli`" in text
    assert "```sh\nxadapt run recipes/fusion.yaml\n```" in text


def test_every_table_is_whole(fusion_loses, tmp_path):
    lines = report_of(fusion_loses, tmp_path, "Tables").read_text().splitlines()
    rules = [index for index, line in enumerate(lines) if line.startswith("| ---")]
    assert len(rules) == 4
    for rule in rules:
        cells = lines[rule].count("|")
        following = lines[rule + 1 :]
        body = following[: next(index for index, line in enumerate(following) if not line.startswith("|"))]
        assert body
        assert {line.count("|") for line in [lines[rule - 1], *body]} == {cells}


def test_tables_show_each_language_with_its_n_and_its_best_setup(fusion_loses, tmp_path):
    text = report_of(fusion_loses, tmp_path, "Languages").read_text()
    assert "| language | N | `target only` | `mnli` \\* | `stsb` | `fuse(mnli, stsb)` |" in text
    assert "| sw | 2,000 | 40.0 | 50.0 | **57.0** | 47.0 |" in text


def test_bundled_results_are_labelled_at_the_top_and_other_results_are_not(result, tmp_path):
    bundled = report_of([result("mnli", {"en": 1.0}, data="bundled")], tmp_path / "a", "A").read_text()
    assert "never a benchmark" in bundled.split("## ")[0]
    assert "demonstration" not in report_of([result("mnli", {"en": 1.0})], tmp_path / "b", "B").read_text()


def test_parameters_and_megabytes_are_shown_only_if_they_were_recorded(result, tmp_path):
    sized = result("mnli", {"en": 1.0}, parameters=1_000_000, head_parameters=500_000)
    text = report_of([sized, result("stsb", {"en": 1.0})], tmp_path / "a", "A").read_text()
    assert "| parameters | MB |" in text
    assert "| 1,000,000 | 3.00 |" in text
    assert "| – | – |" in text
    assert "| MB" not in report_of([result("mnli", {"en": 1.0})], tmp_path / "b", "B").read_text()


def test_measured_times_are_shown_and_kept_beside_the_report(fusion_loses, measurement, tmp_path):
    cost = measurement({"stack(mnli, xnli)": [10, 12, 11], "xnli": [5, 6, 5.5]})
    report = report_of(fusion_loses, tmp_path / "out", "Timed", cost=cost)
    text = report.read_text()
    assert "| ms per example | × reference |" in text
    assert re.search(r"`target only` .* \| 5.5 \| 0.50 \|", text)
    assert re.search(r"`stsb` .* \| – \| – \|", text)
    assert "* Time of an example: 32 rows of en" in text
    assert "not measured" not in text
    assert json.loads((report.parent / "cost.json").read_text()) == cost.sealed()


def test_a_report_without_measured_times_says_how_to_get_them(fusion_loses, tmp_path):
    text = report_of(fusion_loses, tmp_path / "out", "Untimed").read_text()
    assert "python benchmarks/cost.py" in text
    assert "| ms per example |" not in text
    assert not (tmp_path / "out" / "cost.json").exists()


def test_several_seeds_are_shown_as_mean_and_spread(result, tmp_path):
    results = []
    for seed in (1, 3):
        results.append(result("mnli", {"en": 70.0 + seed, "de": 60.0 + seed}, seed=seed))
        results.append(result("stsb", {"en": 60.0, "de": 59.0}, seed=seed))
    text = report_of(results, tmp_path, "Seeds").read_text()
    assert "| `mnli` \\* | 72.0 ± 1.4 | **62.0** ± 1.4 | 0.0 |" in text
    assert "| `stsb` | 60.0 ± 0.0 | 59.0 ± 0.0 | −3.0 ± 1.4 |" in text
    assert "* Seeds: 1, 3." in text


def test_many_setups_have_a_line_each_in_the_table_of_languages(result, tmp_path):
    results = [result(f"task{number}", {"en": 50.0 + number, "de": 50.0}, n=10 + number) for number in range(6)]
    text = report_of(results, tmp_path, "Many").read_text()
    assert "| setup | en | de |\n| --- | --: | --: |\n| N | 10 | 10 |\n| `task5` \\* | **55.0** | **50.0** |" in text


def test_the_same_results_give_the_same_report(fusion_loses, tmp_path):
    first, second = (
        report_of(order, tmp_path / str(number), "Same")
        for number, order in enumerate(
            (
                fusion_loses,
                fusion_loses[::-1],
            )
        )
    )
    assert first.read_bytes() == second.read_bytes()
    picture = "plots/xnli-e5-small-hub.png"
    assert (first.parent / picture).read_bytes() == (second.parent / picture).read_bytes()


def test_comparisons_never_share_a_picture(result):
    results = [
        result("mnli", {"en": 1.0}, task=task, limit=limit) for task in ("a_b", "a-b", "a--b") for limit in (None, 9)
    ]
    names = plot_names(compare(results))
    assert len(set(names)) == len(names) == 6
    assert all(re.fullmatch(r"[\w.-]+\.png", name) for name in names)


def test_no_results_are_an_error_and_no_empty_report(tmp_path):
    with refused(tmp_path / "out", advice="evaluate a setup"):
        report_of([], tmp_path / "out", "Nothing")
    assert not (tmp_path / "out").exists()


def test_the_report_quotes_recipe_and_adapters_and_leaves_them_out_when_there_are_none(fusion_loses, tmp_path):
    given = report_of(
        fusion_loses, tmp_path / "a", "Title", ["xadapt run r.yaml"], "name: small\n", ["mnli: run abc, 300 rows"]
    ).read_text()
    assert "```yaml\nname: small\n```" in given
    assert "* mnli: run abc, 300 rows" in given
    bare = report_of(fusion_loses, tmp_path / "b", "Title").read_text()
    assert "yaml" not in bare
    assert "Adapters in use" not in bare


def test_one_setup_alone_is_shown_without_a_verdict_or_a_picture(result, tmp_path):
    text = report_of([result("stack(mnli, xnli)", {"en": 70.0, "de": 60.0})], tmp_path, "One").read_text()
    assert "verdict" not in text.lower()
    assert "![" not in text
    assert not (tmp_path / "plots").exists()
    assert "| de |" in text


def test_a_tested_report_begins_with_its_conclusion_and_shows_intervals_and_marks(tested_fusion, tmp_path):
    text = report_of(tested_fusion, tmp_path / "out", "Tested", examples=tmp_path / "examples").read_text()
    assert text.split("\n\n")[1].startswith(
        "**Does combining adapters beat not combining them, where, and by how much?**"
    )
    assert "| vs reference | 95 % interval | p (Holm) | languages: better/worse (significant) | gap |" in text
    assert re.search(r"`fuse\(mnli, stsb\)` \|.*\| −\d+\.\d to −\d+\.\d \| [<0-9.]+ \| \d/\d \(0/2\) \|", text)
    assert re.search(r"\| de \| 200 \|.* \d+\.\d†", text)
    assert re.search(r"\| `fuse\(mnli, stsb\)` \| −.* \| 3 \| 600 \|", text)
    assert "family: IE: Germanic (de, nl)" in text
    assert "**How it was tested.**" in text
    assert "Nothing here was tested" not in text


def test_an_untested_report_says_why_and_has_no_empty_columns(fusion_loses, tmp_path):
    text = report_of(fusion_loses, tmp_path / "out", "Untested", examples=tmp_path / "examples").read_text()
    assert "Nothing here was tested for significance: there are no per-example scores" in text
    assert "p (Holm)" not in text
    assert "†" not in text
