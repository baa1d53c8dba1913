import io
import subprocess
import sys

from xadapt.reports import compare, rich_tables


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
    for number in ("71.0", "54.0", "+17.0", "7.0", "−1.0", "6,000"):
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


def test_importing_the_room_imports_no_heavy_library():
    code = (
        "import sys, xadapt.reports; assert not {'rich', 'matplotlib', 'jinja2', 'numpy', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
