from importlib import metadata

from xadapt import __version__
from xadapt.store import versions as module
from xadapt.store.versions import versions


def test_versions_of_the_package_and_of_what_computes_are_named():
    found = versions()
    assert found["xadapt"] == __version__
    assert {"adapters", "torch", "transformers", "tokenizers"} < found.keys()
    assert found["adapters"] == metadata.version("adapters")


def test_builds_of_one_release_for_other_hardware_have_one_version(monkeypatch):
    module._versions.cache_clear()
    monkeypatch.setattr(module, "version", lambda name: "2.9.1+cu126")
    try:
        assert versions()["torch"] == "2.9.1"
    finally:
        module._versions.cache_clear()


def test_a_caller_that_changes_its_versions_changes_no_one_elses():
    versions()["torch"] = "0"
    assert versions()["torch"] != "0"
