import json

import pytest

from tests.error_checks import refused
from xadapt.data.manifest import Entry, read_manifest, write_manifest

FILES = {"b/c/d/test.parquet": Entry("f" * 64, 5, 100), "a/c/d/test.parquet": Entry("0" * 64, 2, 50)}


def test_what_is_written_is_read(tmp_path):
    write_manifest(tmp_path, FILES)
    assert read_manifest(tmp_path) == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["xadapt-mirror.json"]


def test_a_folder_without_a_list_has_nothing_pulled(tmp_path):
    assert read_manifest(tmp_path) == {}
    assert read_manifest(tmp_path / "none") == {}


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"format": 1}', '{"format": 1, "files": {"a": {}}}', '{"format": 1, "files": []}', "{"]
)
def test_a_damaged_list_is_one_line(tmp_path, content):
    (tmp_path / "xadapt-mirror.json").write_text(content)
    with refused("xadapt-mirror.json"):
        read_manifest(tmp_path)


def test_a_list_of_another_version_is_one_line(tmp_path):
    (tmp_path / "xadapt-mirror.json").write_text(json.dumps({"format": 2, "files": {}}))
    with refused("xadapt-mirror.json", "another version", advice="pull again"):
        read_manifest(tmp_path)
