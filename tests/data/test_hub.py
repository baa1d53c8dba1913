import datasets
import pytest

from tests.data.hub_errors import gated
from tests.error_checks import refused
from xadapt.data.hub import read_hub
from xadapt.data.source import Source
from xadapt.tasks import Rows, get_task

ROWS = Rows("org/set", config="{language}", split=("test", "validation"))
TABLE = datasets.Dataset.from_list([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}])


@pytest.fixture
def hub(monkeypatch):
    """Replace the hub by a mapping of split to a table or to the error it raises."""
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


def test_named_columns_are_read_and_others_left(hub):
    calls = hub({"test": TABLE})
    table = read_hub(ROWS, "de", ["b", "none"])
    assert table.rows == [{"b": "x"}, {"b": "y"}]
    assert (table.columns, table.split) == (["a", "b"], "test")
    assert calls == [("org/set", "de", "test")]


def test_the_default_configuration_is_not_asked_for_by_name(hub):
    calls = hub({"test": TABLE})
    read_hub(ROWS, "default", ["a"])
    assert calls == [("org/set", None, "test")]


def test_a_split_that_the_hub_lacks_gives_way_to_the_next(hub):
    calls = hub({"validation": TABLE})
    table = read_hub(ROWS, "de", ["a"])
    assert (table.rows, table.split) == ([{"a": 1}, {"a": 2}], "validation")
    assert [split for _, _, split in calls] == ["test", "validation"]


def test_a_hub_without_any_of_the_splits_is_one_line(hub):
    hub({"train": TABLE})
    with refused("org/set (de)", "hub", "test or validation"):
        read_hub(ROWS, "de", ["a"])


def test_an_unreachable_hub_is_one_line_that_names_the_three_choices(hub):
    calls = hub({"test": ConnectionError("Couldn't reach 'org/set' on the Hub\nMaxRetryError\nand more")})
    with refused("org/set (de)", "ConnectionError: Couldn't reach", "data=hub", "data=bundled", advice="data=FOLDER"):
        read_hub(ROWS, "de", ["a"])
    assert len(calls) == 1, "an unreachable hub is not asked for the other split"


@pytest.mark.parametrize("error", [OSError(), RuntimeError("\n"), ValueError("BuilderConfig 'de' not found.")])
def test_any_other_failure_of_the_hub_is_one_line_too(hub, error):
    hub({"test": error})
    with refused("org/set (de)", type(error).__name__):
        read_hub(ROWS, "de", ["a"])


def test_a_gated_set_is_answered_with_what_to_do(hub):
    hub({"test": gated("org/set")})
    with refused("org/set (de)", "accept its terms", advice="`hf auth login`"):
        read_hub(ROWS, "de", ["a"])


def test_rows_that_are_not_on_the_hub_are_answered_with_how_to_get_them(hub):
    calls = hub({"test": TABLE})
    with refused("ccgbank/supertags (default)", advice=get_task("ccg").note):
        Source("hub").train(get_task("ccg"))
    assert calls == []


def test_a_column_that_the_hub_lacks_is_named(hub):
    hub({"test": datasets.Dataset.from_list([{"premise": "a", "label": 0}])})
    with refused("facebook/xnli de test", "'hypothesis'", "premise, label"):
        Source("hub").test(get_task("xnli"), "de")


def test_the_names_of_labels_come_with_the_rows(hub):
    tags = datasets.List(datasets.ClassLabel(names=["O", "B-PER"]))
    features = datasets.Features({"label": datasets.ClassLabel(names=["no", "yes"]), "tags": tags})
    hub({"test": datasets.Dataset.from_list([{"label": 1, "tags": [0, 1]}], features=features)})
    assert read_hub(ROWS, "de", ["label"]).names == {"label": ["no", "yes"], "tags": ["O", "B-PER"]}


SCRIPT = RuntimeError("Dataset scripts are no longer supported, but found set.py")


def test_a_set_that_is_a_script_is_read_from_what_the_hub_made_of_it(monkeypatch):
    calls = []

    def load_dataset(hub_id, config=None, **options):
        calls.append((hub_id, config, options))
        if "revision" not in options:
            raise SCRIPT
        return TABLE

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert read_hub(ROWS, "de", ["a"]).rows == [{"a": 1}, {"a": 2}]
    assert calls[-1] == ("org/set", None, {"data_dir": "de", "split": "test", "revision": "refs/convert/parquet"})


def test_a_script_that_the_hub_made_nothing_of_is_one_line(monkeypatch):
    def load_dataset(hub_id, config=None, **options):
        raise FileNotFoundError("no data files") if "revision" in options else SCRIPT

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with refused("org/set (de)", "script"):
        read_hub(ROWS, "de", ["a"])


@pytest.mark.parametrize("script", [False, True])
def test_datasets_itself_finds_configurations_and_splits_on_both_roads(monkeypatch, write, root, tmp_path, script):
    # A folder instead of the hub: as the hub lays out data sets, and as it lays out what it made of a script.
    layout = "org/set/{}/{}/0000.parquet" if script else "org/set/{}/{}.parquet"
    for config in ("de", "en"):
        write(layout.format(config, "validation"), [{"text": config, "label": 1}], names={"label": ["no", "yes"]})
    card = "configs:\n" + "".join(
        f"- config_name: {config}\n  data_files:\n  - split: validation\n    path: {config}/validation.parquet\n"
        for config in ("de", "en")
    )
    (root / "org/set/README.md").write_text("# Card\n" if script else f"---\n{card}---\n")
    loaded = datasets.load_dataset

    def load_dataset(hub_id, config=None, revision=None, **options):
        if script and revision is None:
            raise SCRIPT
        return loaded(str(root / hub_id), config, cache_dir=str(tmp_path / "cache"), **options)

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    table = read_hub(ROWS, "de", ["text", "label"])
    assert table.rows == [{"text": "de", "label": 1}]
    assert (table.split, table.names) == ("validation", {"label": ["no", "yes"]})


def test_rows_of_a_task_come_from_the_hub_by_the_tasks_own_names(hub):
    rows = [{"premise": "a", "hypothesis": "b", "label": 2, "extra": 0}]
    calls = hub({"validation": datasets.Dataset.from_list(rows)})
    row_set = Source("hub").test(get_task("xnli"), "sw")
    assert row_set.rows == [{"first": "a", "second": "b", "label": 2}]
    assert row_set.split == "validation"
    assert calls[-1] == ("facebook/xnli", "sw", "validation")
