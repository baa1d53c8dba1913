import datasets
import pytest

from xadapt.data.hub import read_hub
from xadapt.data.source import Source
from xadapt.errors import XadaptError
from xadapt.tasks import Rows, get_task

ROWS = Rows("org/set", config="{language}", split=("test", "validation"))
TABLE = datasets.Dataset.from_list([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}])


@pytest.fixture
def hub(monkeypatch):
    """Put a stand-in in the place of the hub: a mapping of split to a table or to the error it raises."""
    calls = []

    def install(splits):
        def load_dataset(hub_id, config, split):
            calls.append((hub_id, config, split))
            if split not in splits:
                raise ValueError(f'Unknown split "{split}". Should be one of {sorted(splits)}.')
            if isinstance(splits[split], Exception):
                raise splits[split]
            return splits[split]

        monkeypatch.setattr(datasets, "load_dataset", load_dataset)
        return calls

    return install


def fault(columns=("a",), rows=ROWS):
    with pytest.raises(XadaptError) as caught:
        read_hub(rows, "de", list(columns))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_named_columns_are_read_and_others_left(hub):
    calls = hub({"test": TABLE})
    assert read_hub(ROWS, "de", ["b"]) == ([{"b": "x"}, {"b": "y"}], "test")
    assert calls == [("org/set", "de", "test")]


def test_the_default_configuration_is_not_asked_for_by_name(hub):
    calls = hub({"test": TABLE})
    read_hub(ROWS, "default", ["a"])
    assert calls == [("org/set", None, "test")]


def test_a_split_that_the_hub_lacks_gives_way_to_the_next(hub):
    calls = hub({"validation": TABLE})
    assert read_hub(ROWS, "de", ["a"]) == ([{"a": 1}, {"a": 2}], "validation")
    assert [split for _, _, split in calls] == ["test", "validation"]


def test_a_hub_without_any_of_the_splits_is_one_line(hub):
    hub({"train": TABLE})
    assert fault() == "org/set (de) on the hub has no split test or validation"


def test_an_unreachable_hub_is_one_line_that_names_the_three_choices(hub):
    calls = hub({"test": ConnectionError("Couldn't reach 'org/set' on the Hub\nMaxRetryError\nand more")})
    message = fault()
    assert message.startswith("cannot get org/set (de) from the hub (ConnectionError: Couldn't reach")
    for choice in ("--data hub", "--data bundled", "--data FOLDER"):
        assert choice in message
    assert len(calls) == 1, "an unreachable hub is not asked for the other split"


@pytest.mark.parametrize("error", [OSError(), RuntimeError("\n"), ValueError("BuilderConfig 'de' not found.")])
def test_any_other_failure_of_the_hub_is_one_line_too(hub, error):
    hub({"test": error})
    assert fault().startswith(f"cannot get org/set (de) from the hub ({type(error).__name__}: ")


def test_a_column_that_the_hub_lacks_is_named(hub):
    hub({"test": TABLE})
    assert fault(["a", "label"]) == "org/set on the hub has no column 'label'"


def test_rows_of_a_task_come_from_the_hub_by_the_tasks_own_names(hub):
    rows = [{"premise": "a", "hypothesis": "b", "label": 2, "extra": 0}]
    calls = hub({"validation": datasets.Dataset.from_list(rows)})
    row_set = Source("hub").test(get_task("xnli"), "sw")
    assert row_set.rows == [{"first": "a", "second": "b", "label": 2}]
    assert row_set.split == "validation"
    assert calls[-1] == ("facebook/xnli", "sw", "validation")
