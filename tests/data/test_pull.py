import threading

import datasets
import pytest

from tests.data.hub_errors import gated
from tests.error_checks import check_line, refused
from xadapt import connection
from xadapt.data.files import read_table
from xadapt.data.manifest import read_manifest
from xadapt.data.mirror_check import check_mirror
from xadapt.data.pull import Wanted, failures, needed_files, pull, with_earlier
from xadapt.data.source import Source
from xadapt.store.files import sha256_file
from xadapt.tasks import get_task

LABELS = ["entailment", "neutral", "contradiction"]
FEATURES = datasets.Features(
    {
        "premise": datasets.Value("string"),
        "hypothesis": datasets.Value("string"),
        "label": datasets.ClassLabel(names=LABELS),
    }
)


def table(text="a", count=3):
    rows = [{"premise": f"{text}{n}", "hypothesis": "b", "label": n % 3} for n in range(count)]
    return datasets.Dataset.from_list(rows, features=FEATURES)


def item(config="de", splits=("test",), hub_id="facebook/xnli"):
    return Wanted(hub_id, config, splits)


@pytest.fixture
def hub(monkeypatch):
    """A stand-in for the hub: (configuration, split) to a table, or to the error that it raises."""
    calls = []

    def install(content, online=True):
        def load_dataset(hub_id, config=None, split=None, **options):
            calls.append((hub_id, config, split))
            found = content.get((config, split)) if isinstance(content, dict) else content(config, split)
            if isinstance(found, Exception):
                raise found
            if found is None:
                raise ValueError(f'Unknown split "{split}". Should be one of [].')
            return found

        monkeypatch.setattr(datasets, "load_dataset", load_dataset)
        monkeypatch.setattr(connection, "prepare_hub", lambda: online)
        return calls

    return install


def test_a_file_is_written_where_a_mirror_has_it_with_the_names_of_its_labels(hub, root):
    calls = hub({("de", "test"): table()})
    (outcome,) = pull(root, [item()])
    path = root / "facebook/xnli/de/test.parquet"
    assert outcome.file == "facebook/xnli/de/test.parquet"
    assert (outcome.entry.rows, outcome.entry.bytes, outcome.kept) == (3, path.stat().st_size, False)
    assert read_table(path).names == {"label": LABELS}
    assert read_table(path).rows == table().to_list()
    assert calls == [("facebook/xnli", "de", "test")]
    assert Source(str(root)).test(get_task("xnli"), "de").rows[2] == {"first": "a2", "second": "b", "label": 2}


def test_every_file_is_written_down_with_its_hash_and_rows(hub, root):
    hub({("de", "test"): table(), ("fr", "test"): table(count=7)})
    pull(root, [item(), item("fr")])
    manifest = read_manifest(root)
    assert sorted(manifest) == ["facebook/xnli/de/test.parquet", "facebook/xnli/fr/test.parquet"]
    assert manifest["facebook/xnli/fr/test.parquet"].rows == 7
    for name, entry in manifest.items():
        assert entry.sha256 == sha256_file(root / name)
    assert check_mirror(root, [get_task("xnli")]).findings == []


def test_the_default_configuration_has_a_folder_of_that_name(hub, root):
    calls = hub({(None, "train"): table()})
    pull(root, [item("default", ("train",), "nyu-mll/multi_nli")])
    assert (root / "nyu-mll/multi_nli/default/train.parquet").is_file()
    assert calls == [("nyu-mll/multi_nli", None, "train")]


def test_what_is_there_is_not_pulled_again(hub, root):
    calls = hub({("de", "test"): table(), ("fr", "test"): table()})
    pull(root, [item()])
    before = (root / "facebook/xnli/de/test.parquet").stat().st_mtime_ns
    outcomes = pull(root, [item(), item("fr")])
    assert [(outcome.file.split("/")[2], outcome.kept) for outcome in outcomes] == [("de", True), ("fr", False)]
    assert (root / "facebook/xnli/de/test.parquet").stat().st_mtime_ns == before
    assert [config for _, config, _ in calls] == ["de", "fr"]


def test_a_file_that_was_damaged_is_pulled_again(hub, root):
    hub({("de", "test"): table()})
    pull(root, [item()])
    path = root / "facebook/xnli/de/test.parquet"
    good = path.read_bytes()
    path.write_bytes(good[:-20])
    (outcome,) = pull(root, [item()])
    assert outcome.entry
    assert path.read_bytes() == good


def test_a_file_of_the_users_own_is_kept_and_one_that_cannot_be_read_is_not(hub, root, write):
    calls = hub({("de", "test"): table(), ("sw", "test"): table("hub")})
    write("facebook/xnli/de/test.parquet", [{"mine": 1}])
    folder = root / "facebook/xnli/fr"
    folder.mkdir(parents=True)
    (folder / "test.csv").write_text("mine\n1\n")
    write("facebook/xnli/sw/test.parquet", [{"mine": 1}]).write_bytes(b"half")
    outcomes = pull(root, [item(), item("fr"), item("sw")])
    assert [outcome.kept for outcome in outcomes] == [True, True, False]
    assert read_table(root / "facebook/xnli/de/test.parquet").rows == [{"mine": 1}]
    assert [config for _, config, _ in calls] == ["sw"]
    assert list(read_manifest(root)) == ["facebook/xnli/sw/test.parquet"]


def test_of_several_splits_the_first_that_the_hub_has_is_pulled(hub, root):
    calls = hub({("de", "validation"): table(), ("fr", "test"): table(), ("fr", "validation"): table()})
    splits = ("test", "validation")
    files = [outcome.file for outcome in pull(root, [item("de", splits), item("fr", splits)], workers=1)]
    assert files == ["facebook/xnli/de/validation.parquet", "facebook/xnli/fr/test.parquet"]
    assert ("facebook/xnli", "fr", "validation") not in calls


def test_a_split_that_two_tasks_fall_back_on_is_pulled_once(hub, root):
    calls = hub({("en", "validation"): table()})
    outcomes = pull(root, [item("en", ("validation",)), item("en", ("test", "validation"))])
    assert [split for _, _, split in calls].count("validation") == 1
    assert [outcome.kept for outcome in outcomes] == [False, True]
    again = pull(root, [item("en", ("test", "validation"))])
    assert [outcome.kept for outcome in again] == [True]


def test_a_set_that_cannot_be_had_does_not_cost_the_others(hub, root):
    gone = gated("facebook/xnli")
    hub({("de", "test"): gone, ("fr", "test"): table(), ("sw", "test"): gone, ("th", "train"): table()})
    outcomes = pull(root, [item(code) for code in ("de", "fr", "sw", "th")], workers=1)
    assert (root / "facebook/xnli/fr/test.parquet").is_file()
    assert [outcome.file.split("/")[2] for outcome in outcomes if outcome.failure] == ["de", "sw", "th"]
    refused_sets, without = failures(outcomes)
    check_line(refused_sets, "facebook/xnli", "2 files", advice="`hf auth login`")
    check_line(without, "facebook/xnli", "no split test", "th/test.parquet")
    assert not list(root.rglob("*de*"))


def test_a_half_written_file_is_never_seen(hub, root, monkeypatch):
    class Broken:
        column_names = ("a",)

        def to_parquet(self, stream):
            stream.write(b"PAR1 and then the line goes dead")
            raise ConnectionError("Connection broken\nand more")

    hub({("de", "test"): Broken()})
    (outcome,) = pull(root, [item()])
    assert outcome.failure == "ConnectionError: Connection broken"
    assert not [path for path in root.rglob("*") if path.is_file()]


def test_a_pull_that_was_cut_goes_on_from_what_is_there(hub, root):
    def until_fr(config, split):
        if config == "fr":
            raise KeyboardInterrupt
        return table(config)

    calls = hub(until_fr)
    wanted = [item(code) for code in ("de", "fr", "sw")]
    with pytest.raises(KeyboardInterrupt):
        pull(root, wanted, workers=1)
    assert "facebook/xnli/de/test.parquet" in read_manifest(root)
    assert not (root / "facebook/xnli/fr").exists()
    calls.clear()
    hub(lambda config, split: table(config))
    assert "de" not in [outcome.file.split("/")[2] for outcome in pull(root, wanted) if outcome.entry]
    assert sorted(path.parent.name for path in root.rglob("test.parquet")) == ["de", "fr", "sw"]


def test_several_sets_are_pulled_at_once_but_never_one_configuration_twice_at_a_time(hub, root):
    running, most, same = set(), [], []
    lock, second = threading.Lock(), threading.Event()

    def slow(config, split):
        with lock:
            same.append(config in running)
            running.add(config)
            most.append(len(running))
        # The first download ends only when another has begun beside it.
        if len(most) > 1:
            second.set()
        second.wait(10)
        with lock:
            running.discard(config)
        return table()

    hub(slow)
    wanted = [item(code, (split,)) for code in ("de", "fr", "sw", "th") for split in ("test", "validation")]
    outcomes = pull(root, wanted, workers=3)
    assert len(outcomes) == len(wanted)
    assert 1 < max(most) <= 3
    assert not any(same)


def test_without_the_hub_it_is_one_line_at_once_and_nothing_is_written(hub, root):
    calls = hub({}, online=False)
    with refused("hub", "nothing", advice="run this where it can", code=1):
        pull(root, [item()])
    assert calls == []
    assert not list(root.iterdir())


def test_without_the_hub_a_mirror_that_is_whole_is_whole(hub, root):
    hub({("de", "test"): table()})
    pull(root, [item()])
    hub({}, online=False)
    assert [outcome.kept for outcome in pull(root, [item()])] == [True]
    with refused("hub", "1 of 2 files", advice="run this where it can", code=1):
        pull(root, [item(), item("fr")])


def test_a_folder_that_cannot_be_written_is_one_line(hub, tmp_path):
    hub({("de", "test"): table()})
    (tmp_path / "file").write_text("")
    with refused(tmp_path / "file"):
        pull(tmp_path / "file", [item()])


def test_progress_is_reported_for_every_file(hub, root):
    hub({("de", "test"): table(), ("fr", "test"): OSError("no")})
    reports = []
    pull(
        root,
        [item(), item("fr")],
        workers=1,
        progress=lambda done, of, outcome: reports.append((done, of, str(outcome))),
    )
    assert reports == [
        (1, 2, "facebook/xnli/de/test.parquet: 3 rows, 0.0 MB"),
        (2, 2, "facebook/xnli/fr/test.parquet: OSError: no"),
    ]


def test_files_that_tasks_share_are_wanted_once():
    wanted, notes = needed_files([get_task(name) for name in ("squad", "xquad", "mlqa", "lareqa")])
    assert len(set(wanted)) == len(wanted) == 2 + 12 + 7 + 11
    assert wanted[0] == Wanted("rajpurkar/squad", "plain_text", ("train",))
    assert notes == {}


def test_languages_of_one_file_want_it_once():
    wanted, _ = needed_files([get_task("tydiqa")])
    assert [(item.config, item.splits) for item in wanted] == [
        ("secondary_task", ("train",)),
        ("secondary_task", ("validation",)),
    ]


def test_what_the_hub_does_not_have_is_noted_and_not_wanted():
    wanted, notes = needed_files([get_task("ccg"), get_task("bucc"), get_task("mnli")])
    assert {item.hub_id for item in wanted} == {"nyu-mll/multi_nli"}
    assert notes == {"ccg": get_task("ccg").note, "bucc": get_task("bucc").note}


def test_only_test_rows_of_the_languages_are_wanted():
    wanted, _ = needed_files([get_task("xnli")], ["de", "sw"])
    assert [item.config for item in wanted] == ["default", "default", "de", "sw"]
    wanted, _ = needed_files([get_task("mlqa-cross")], ["de", "ar"])
    assert {item.config for item in wanted} == {"plain_text", "mlqa.de.ar", "mlqa.ar.de"}
    wanted, _ = needed_files([get_task("sts17")], ["en-de"])
    assert {item.config for item in wanted} == {"stsb", "en-de"}


def test_a_pool_that_all_languages_share_is_wanted_with_any_of_them():
    wanted, _ = needed_files([get_task("mewslix")], ["de"])
    assert {item.config for item in wanted} == {"wikipedia_pairs", "de", "candidate_entities"}


def test_an_unknown_language_or_one_that_no_task_has_is_one_line():
    with refused("language", "'deu'", advice="'de'"):
        needed_files([get_task("xnli")], ["deu"])
    with refused("none of these tasks", "'qu'"):
        needed_files([get_task("xnli")], ["de", "qu"])


def test_the_task_that_an_adapter_is_trained_on_first_is_pulled_too():
    assert [task.name for task in with_earlier([get_task("xcopa")])] == ["xcopa", "siqa"]
    assert [task.name for task in with_earlier([get_task("siqa"), get_task("xcopa")])] == ["siqa", "xcopa"]
