import pytest

from tests.error_checks import refused
from xadapt.data.mirror import mirror_file, read_mirror
from xadapt.tasks import Rows

ROWS = Rows("org/set", config="{language}", split=("test", "validation"))
TABLE = [{"a": 1, "b": "x", "c": None}, {"a": 2, "b": "y", "c": None}]


def test_named_columns_are_read_and_others_left(root, write):
    write("org/set/de/test.parquet", TABLE)
    table = read_mirror(root, ROWS, "de", ["b", "a", "none"], "")
    assert table.rows == [{"b": "x", "a": 1}, {"b": "y", "a": 2}]
    assert (table.columns, table.split) == (["a", "b", "c"], "test")


def test_nested_columns_come_as_the_hub_gives_them(root, write):
    answers = {"text": ["你好"], "answer_start": [3]}
    write("org/set/de/test.parquet", [{"answers": answers}])
    assert read_mirror(root, ROWS, "de", ["answers"], "").rows == [{"answers": answers}]


def test_the_first_split_that_is_there_is_read(root, write):
    later = write("org/set/de/validation.parquet", TABLE)
    assert mirror_file(root, ROWS, "de") == later
    assert read_mirror(root, ROWS, "de", ["a"], "").split == "validation"
    first = write("org/set/de/test.parquet", TABLE)
    assert mirror_file(root, ROWS, "de") == first


def test_a_missing_file_is_named_with_how_to_get_it(root):
    with refused(f"{root}/org/set/de/test.parquet", advice="buy it"):
        read_mirror(root, ROWS, "de", ["a"], "buy it")
    assert mirror_file(root, ROWS, "de") is None


@pytest.mark.parametrize("ending", ["csv", "jsonl", "tsv", "conll"])
def test_a_file_may_have_any_ending_that_can_be_read(root, ending):
    path = root / f"org/set/de/test.{ending}"
    path.parent.mkdir(parents=True)
    path.write_text({"csv": "a\n1\n", "jsonl": '{"a": 1}\n', "tsv": "a\tb\n1\t2\n", "conll": "a\tX\n"}[ending])
    assert mirror_file(root, ROWS, "de") == path
    assert len(read_mirror(root, ROWS, "de", ["a"], "").rows) == 1


def test_parquet_goes_before_other_endings_and_an_earlier_split_before_both(root, write):
    write("org/set/de/validation.parquet", TABLE)
    (root / "org/set/de/validation.csv").write_text("a\n1\n")
    assert mirror_file(root, ROWS, "de").name == "validation.parquet"
    (root / "org/set/de/test.csv").write_text("a\n1\n")
    assert mirror_file(root, ROWS, "de").name == "test.csv"


def test_the_names_of_labels_come_with_the_rows(root, write):
    write("org/set/de/test.parquet", TABLE, names={"a": ["no", "yes", "maybe"]})
    assert read_mirror(root, ROWS, "de", ["a"], "").names == {"a": ["no", "yes", "maybe"]}


def test_a_file_that_is_not_parquet_is_named(root, write):
    path = write("org/set/de/test.parquet", TABLE)
    path.write_text("<html>not found</html>")
    with refused(path, "parquet", advice="pull it again"):
        read_mirror(root, ROWS, "de", ["a"], "")


def test_an_empty_file_is_named(root, write):
    path = write("org/set/de/test.parquet", TABLE)
    path.write_bytes(b"")
    with refused(path, "parquet", advice="pull it again"):
        read_mirror(root, ROWS, "de", ["a"], "")


@pytest.mark.parametrize("part", ["head", "tail", "page", "footer"])
def test_a_damaged_parquet_file_is_one_line(root, write, part):
    path = write("org/set/de/test.parquet", [{"a": i} for i in range(5000)])
    data = path.read_bytes()
    size = len(data)
    footer = int.from_bytes(data[-8:-4], "little")
    path.write_bytes(
        {
            "head": data[: size // 2],
            "tail": data[size // 2 :],
            "page": data[:4] + bytes(255 for _ in range(64)) + data[68:],
            "footer": data[: size - 8 - footer] + b"\xff" * footer + data[-8:],
        }[part]
    )
    with refused(path, "parquet", advice="pull it again"):
        read_mirror(root, ROWS, "de", ["a"], "")
