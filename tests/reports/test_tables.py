import io
import subprocess
import sys

import pytest

from xadapt.reports import compare, rich_tables
from xadapt.reports.tables import FEW, in_parts


def printed(results):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=160)
    for table in rich_tables(compare(results)):
        console.print(table)
    return console.file.getvalue()


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


def test_a_language_a_setup_lacks_is_a_dash_and_english_comes_first(result):
    text = printed([result("mnli", {"en": 1.0, "ar": 2.0}), result("stsb", {"en": 3.0, "ar": 4.0, "bg": 5.0})])
    lines = [line for line in text.splitlines() if line.startswith((" en ", " ar ", " bg "))]
    assert [line.split()[0] for line in lines] == ["en", "ar", "bg"]
    assert "–" in lines[2]


def test_many_setups_stand_below_each_other_in_tables_that_fit_80_columns(result):
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


@pytest.mark.parametrize(("number", "sizes"), [(0, []), (9, [9]), (10, [5, 5]), (39, [8, 8, 8, 8, 7])])
def test_columns_are_cut_into_parts_of_about_one_size(number, sizes):
    assert [len(part) for part in in_parts(range(number), 9)] == sizes


def test_importing_the_room_imports_no_heavy_library():
    code = (
        "import sys, xadapt.reports; assert not {'rich', 'matplotlib', 'jinja2', 'numpy', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
