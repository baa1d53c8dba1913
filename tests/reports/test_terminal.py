import io
import re
import subprocess
import sys

from xadapt.analysis.comparison import compare
from xadapt.reports.language_tables import FEW
from xadapt.reports.terminal import comparison_tables
from xadapt.tables import terminal_table


def rich_tables(comparisons):
    """The tables as the command line shows them."""
    return [terminal_table(table, padding=0) for table in comparison_tables(comparisons)]


def printed(results, width=160, **how):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width)
    for table in rich_tables(compare(results, **how)):
        console.print(table)
    return console.file.getvalue()


def lines_of(text, label):
    """Words of the lines that begin with a label, first in the table of setups and then in that of languages."""
    return [line.split(label, 1)[1].split() for line in text.splitlines() if line.startswith(f" {label} ")]


def test_each_block_has_a_table_of_setups_and_one_of_languages(fusion_loses):
    setups, languages = rich_tables(compare(fusion_loses))
    assert (setups.row_count, languages.row_count) == (4, 3)


def test_a_setup_line_shows_its_numbers(fusion_loses):
    line = next(line for line in printed(fusion_loses).splitlines() if "fuse(mnli, stsb)" in line)
    for number in ("71.0", "54.0", "7.0", "−1.0", "6,000"):
        assert number in line


def test_the_chosen_single_adapter_has_a_star_that_is_explained(fusion_loses):
    text = printed(fusion_loses)
    assert "mnli *" in text
    assert "stsb *" not in text
    assert "chosen by English" in text


def test_target_languages_that_chose_the_reference_are_named(fusion_loses):
    text = printed(fusion_loses, by_targets=True)
    assert "stsb *" in text
    assert "chosen by the target languages, as asked" in " ".join(text.split())
    assert "chosen by English" not in text


def test_a_tested_setup_has_its_adjusted_p_and_what_is_significant_is_marked_and_explained(tested_fusion, tmp_path):
    text = printed(tested_fusion, examples=tmp_path / "examples")
    fused, average = lines_of(text, "fuse(mnli, stsb)")[0], lines_of(text, "average(mnli, stsb)")[0]
    assert fused[3][:2] == "▼−"
    assert float(fused[5]) < 0.05
    assert not average[3].startswith(("▲", "▼"))
    assert 0.05 < float(average[5]) <= 1
    assert lines_of(text, "mnli *")[0][5] == "–", "the reference is not tested against itself"
    german = next(line for line in text.splitlines() if line.startswith(" de "))
    assert re.search(r" ▼\d\d\.\d", german)
    assert "p < 0.05 (over seeds and rows, Holm-adjusted)" in text


def test_what_is_significantly_above_points_up(measured, tmp_path):
    shares = {"mnli": {"en": 0.4, "de": 0.3}, "fuse(mnli, stsb)": {"en": 0.7, "de": 0.7}}
    results = [measured(setup, shares[setup], seed) for setup in shares for seed in (1, 2, 3)]
    text = printed(results, examples=tmp_path / "examples")
    (german,) = (line for line in text.splitlines() if line.startswith(" de "))
    assert lines_of(text, "fuse(mnli, stsb)")[0][3].startswith("▲+")
    assert german.split()[-1].startswith("▲")


def test_without_tests_there_is_no_p_and_no_mark(fusion_loses):
    text = printed(fusion_loses)
    assert " p " not in text
    assert not {"▲", "▼"} & set(text)


def test_every_number_of_a_tested_setup_fits_80_columns(tested_fusion, tmp_path):
    many = [
        one.model_copy(
            update={"languages": {code: row.model_copy(update={"n": 12_345}) for code, row in one.languages.items()}}
        )
        for one in tested_fusion
    ]
    text = printed(many, width=80, examples=tmp_path / "examples")
    assert all(heading in text for heading in ("English", "zero-shot", "±lang", "seeds"))
    assert re.search(r" 0\.\d{3} ", text)
    assert text.count(" 49,380 ") == 4
    assert "…" not in text


def test_a_language_a_setup_lacks_is_a_dash_and_english_comes_first(result):
    text = printed([result("mnli", {"en": 1.0, "ar": 2.0}), result("stsb", {"en": 3.0, "ar": 4.0, "bg": 5.0})])
    lines = [line for line in text.splitlines() if line.startswith((" en ", " ar ", " bg "))]
    assert [line.split()[0] for line in lines] == ["en", "ar", "bg"]
    assert "–" in lines[2]


def test_many_setups_are_below_each_other_in_tables_that_fit_80_columns(result):
    from rich.console import Console

    codes = ["en", *(f"l{number}" for number in range(14))]
    setups = [f"task{number}" for number in range(FEW)]
    results = [result(setup, dict.fromkeys(codes, 70.0)) for setup in [*setups, "stack(task1, task2)"]]
    _, *languages = rich_tables(compare(results))
    assert [len(table.columns) for table in languages] == [9, 8]
    assert [table.row_count for table in languages] == [FEW + 2] * 2
    console = Console(file=io.StringIO(), width=80)
    for table in languages:
        console.print(table)
    assert "…" not in console.file.getvalue()


def test_importing_the_room_imports_no_heavy_library():
    code = (
        "import sys, xadapt.reports; assert not {'rich', 'matplotlib', 'jinja2', 'numpy', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
