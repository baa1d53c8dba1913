import subprocess
import sys

from tests.error_checks import check_line
from xadapt.data.inventory import declared_facts, hub_sets, parts_of, take_stock, total, undeclared
from xadapt.data.source import Source
from xadapt.tasks import Rows, Task, get_task

NLI = [{"premise": "a", "hypothesis": "b", "label": 0}]


def stock(root, name):
    return take_stock(Source(str(root)), get_task(name))


def test_the_parts_of_a_task_are_all_rows_that_it_declares():
    assert [(part.role, part.config) for part in parts_of(get_task("mnli"))] == [
        ("train", "default"),
        ("dev", "default"),
    ]
    roles = [part.role for part in parts_of(get_task("anli"))]
    assert (roles.count("train"), roles.count("dev"), len(roles)) == (5, 3, 8)
    bucc = {(part.role, part.language): part.config for part in parts_of(get_task("bucc"))}
    assert len(bucc) == 12
    assert bucc["gold", "zh"] == "bucc18.zh"
    assert bucc["pool", "zh"] == "bucc18.zh.target"


def test_a_pool_that_all_languages_share_is_one_part():
    roles = [part.role for part in parts_of(get_task("mewslix"))]
    assert (roles.count("pool"), roles.count("test")) == (1, 11)


def test_a_part_finds_its_file(root, write):
    (part,) = [part for part in parts_of(get_task("tydiqa")) if part.role == "test" and part.language == "fi"]
    assert part.file(root) is None
    path = write("google-research-datasets/tydiqa/secondary_task/validation.parquet", [{"id": "finnish-1"}])
    assert part.file(root) == path
    assert part.id_prefix == "finnish-"


def test_a_part_of_the_users_own_is_a_file_anywhere(root, tmp_path):
    rows = Rows("own", path=str(tmp_path / "rows-{language}.csv"))
    task = Task(name="own", kind=get_task("xnli").kind, metric="accuracy", source="", test=rows, languages=("de", "sw"))
    (tmp_path / "rows-de.csv").write_text("first\na\n")
    assert [part.file(root) is None for part in parts_of(task)] == [False, True]
    assert take_stock(Source(str(root)), task).languages == ("de",)
    assert hub_sets(task, "test") == [rows.path]


def test_stock_counts_rows_and_names_what_is_missing(root, write):
    write("nyu-mll/multi_nli/default/train.parquet", NLI * 5)
    write("facebook/xnli/de/test.parquet", NLI * 2)
    write("facebook/xnli/en/validation.parquet", NLI * 3)
    found = stock(root, "xnli")
    assert (found.train, found.dev, found.test) == (5, 0, 5)
    assert found.languages == ("de", "en")
    assert set(found.splits) == {"test", "validation"}
    assert len(found.missing_languages) == 13
    assert found.missing() == ["dev", "13 languages"]
    assert not found.empty


def test_few_missing_languages_are_named_and_all_are_counted(root, write):
    for code in ("de", "en", "es", "fr", "ja", "ko"):
        write(f"google-research-datasets/paws-x/{code}/test.parquet", [{"id": 1}])
    assert stock(root, "pawsx").missing() == ["train", "dev", "zh"]
    write("rajpurkar/squad/plain_text/train.parquet", [{"id": "1"}])
    assert stock(root, "mlqa-cross").missing() == ["dev", "all 42 pairs"]


def test_a_part_of_several_files_is_counted_by_files(root, write):
    write("facebook/anli/plain_text/train_r2.parquet", NLI * 2)
    found = stock(root, "anli")
    assert found.train == 2
    assert found.missing() == ["train (4 of 5 files)", "dev"]


def test_pool_and_gold_pairs_are_missed_where_the_language_is_there(root, write):
    write("google/xtreme/bucc18.zh.source/validation.parquet", [{"id": "1"}])
    assert stock(root, "bucc").missing() == ["candidates all 4 languages", "gold pairs all 4 languages", "de fr ru"]
    write("izhx/mewsli-x/de/test.parquet", [{"mention": "a"}])
    assert "candidates" in stock(root, "mewslix").missing()


def test_a_task_of_which_nothing_is_there_is_empty(root):
    found = stock(root, "xnli")
    assert found.empty
    assert found.missing() == ["nothing here"]
    assert found.facts()["languages_missing"] == list(get_task("xnli").languages)


def test_rows_of_a_language_are_counted_by_their_ids(root, write):
    names = ["english-1", "english-2", "finnish-1"]
    write("google-research-datasets/tydiqa/secondary_task/validation.parquet", [{"id": name} for name in names])
    found = stock(root, "tydiqa")
    assert (found.dev, found.test, found.languages) == (2, 3, ("en", "fi"))
    assert found.missing() == ["train", "ar bn id ko ru sw te"]


def test_a_file_that_cannot_be_read_is_named_and_missed(root, write):
    path = write("facebook/xnli/de/test.parquet", NLI)
    path.write_text("nothing")
    found = stock(root, "xnli")
    assert found.languages == ()
    (line,) = found.unreadable
    check_line(line, path, advice="pull it again")


def test_the_bundled_demonstration_is_counted_too():
    source = Source("bundled")
    found = take_stock(source, get_task("xnli"))
    assert (found.train, found.dev) == (
        len(source.train(get_task("xnli")).rows),
        len(source.dev(get_task("xnli")).rows),
    )
    assert set(found.languages) == set(source.languages(get_task("xnli"))) & set(get_task("xnli").languages)
    assert found.test == sum(len(source.test(get_task("xnli"), code).rows) for code in found.languages)
    assert take_stock(source, get_task("csqa")).empty
    assert take_stock(source, get_task("mnli")).missing() == []


def test_tasks_are_whole_in_part_or_not_there(root, write):
    for split in ("train", "validation_matched"):
        write(f"nyu-mll/multi_nli/default/{split}.parquet", NLI)
    assert total([stock(root, name) for name in ("mnli", "xnli", "squad")]) == {
        "whole": 1,
        "in part": 1,
        "not there": 1,
    }


def test_files_that_no_task_reads_are_named_together(root, write):
    write("facebook/xnli/de/test.parquet", NLI)
    write("facebook/xnli/de/validation.parquet", NLI)
    (root / "facebook/xnli/de/train.csv").write_text("a")
    for code in ("de", "fr"):
        write(f"facebook/xnli/{code}/train.parquet", NLI)
    write("org/other/default/test.parquet", NLI)
    for name in ("README.md", ".hidden", "xadapt-mirror.json"):
        (root / name).write_text("{}")
    assert undeclared(root) == [
        "README.md",
        "facebook/xnli: 3 files (train.csv, train.parquet)",
        "org/other/default/test.parquet",
    ]


def test_a_file_of_any_ending_that_can_be_read_is_one_that_a_task_reads(root):
    folder = root / "ccgbank/supertags/default"
    folder.mkdir(parents=True)
    (folder / "train.tsv").write_text("a\tN\n")
    (folder / "notes.txt").write_text("a")
    assert undeclared(root) == ["ccgbank/supertags/default/notes.txt"]


def test_facts_of_a_declaration_are_plain_values():
    facts = declared_facts(get_task("anli"))
    assert facts["train_sets"] == ["facebook/anli", "nyu-mll/multi_nli", "stanfordnlp/snli"]
    assert facts["languages"] == []
    assert declared_facts(get_task("xnli"))["test_sets"] == ["facebook/xnli"]


def test_counting_brings_no_model_library_along(root, write):
    write("facebook/xnli/de/test.parquet", NLI)
    heavy = "('torch', 'transformers', 'adapters', 'datasets')"
    code = f"""
import sys
from tests.error_checks import check_line
from xadapt.data.inventory import take_stock
from xadapt.data.source import Source
from xadapt.tasks import get_task
print(take_stock(Source({str(root)!r}), get_task('xnli')).test, [name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1 []"
