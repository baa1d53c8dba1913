"""Vectors that are kept come back as they were, whoever wrote them, and never wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from xadapt.store.store import Store
from xadapt.store.text_cache import TextCache, read_size, text_key

WIDTH = 8
TEXTS = {text_key(np.arange(n)): np.random.default_rng(n).normal(size=(n, WIDTH)).astype(np.float16) for n in (3, 5, 9)}


def fill(cache: TextCache, space: str = "here") -> TextCache:
    cache.put(space, list(TEXTS), list(TEXTS.values()))
    return cache


def check(cache: TextCache, space: str = "here") -> None:
    for found, value in zip(cache.get(space, list(TEXTS)), TEXTS.values(), strict=True):
        assert found is not None
        np.testing.assert_array_equal(found, value)


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.npy"))


def test_what_was_put_comes_back_before_and_after_it_reaches_the_disk(tmp_path: Path) -> None:
    cache = fill(TextCache(tmp_path))
    assert not segments(tmp_path)
    check(cache)
    cache.flush()
    assert len(segments(tmp_path)) == 1
    check(cache)
    check(TextCache(tmp_path))


def test_a_text_is_found_in_its_own_space_alone(tmp_path: Path) -> None:
    cache = fill(TextCache(tmp_path))
    cache.flush()
    assert cache.get("there", list(TEXTS)) == [None] * 3
    assert cache.get("here", [text_key(np.arange(4))]) == [None]


def test_the_order_and_the_length_of_ids_decide_a_key() -> None:
    keys = {text_key(np.array(ids)) for ids in ([0, 5, 7, 2], [0, 7, 5, 2], [0, 5, 7], [0, 5, 7, 2, 1])}
    assert len(keys) == 4


def test_a_process_finds_what_another_has_written_meanwhile(tmp_path: Path) -> None:
    reader = TextCache(tmp_path)
    assert reader.get("here", list(TEXTS)) == [None] * 3
    fill(TextCache(tmp_path)).flush()
    check(reader)


def test_what_waits_is_written_when_the_program_ends(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path; from xadapt.store.text_cache import TextCache;"
        "TextCache(Path(sys.argv[1])).put('here', [b'k' * 16], [np.ones((2, 8), np.float16)])"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=60)
    (found,) = TextCache(tmp_path).get("here", [b"k" * 16])
    assert found is not None
    assert found.tolist() == [[1.0] * 8] * 2


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_damage_counts_as_missing_and_is_mended(tmp_path: Path, suffix: str, damage: str) -> None:
    fill(TextCache(tmp_path)).flush()
    (path,) = tmp_path.glob(f"*/*{suffix}")
    data = bytearray(path.read_bytes())
    # The ends of an index say nothing of what is in it.
    data[len(data) // 2] ^= 0xFF
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(bytes(data) if damage == "flip" else bytes(data[:-40]))
    cache = TextCache(tmp_path)
    found = cache.get("here", list(TEXTS))
    for vectors, value in zip(found, TEXTS.values(), strict=True):
        assert vectors is None or np.array_equal(vectors, value)
    assert any(vectors is None for vectors in found)
    fill(cache).flush()
    check(TextCache(tmp_path))


def test_the_segment_that_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = TextCache(tmp_path, size=300_000)
    names = []
    for number in range(3):
        key, value = text_key(np.array([number])), np.full((100, 500), number, np.float16)
        cache.put("here", [key], [value])
        cache.flush()
        names += [path for path in segments(tmp_path) if path not in names]
        os.utime(names[-1], (number, number))
        if number == 1:
            assert TextCache(tmp_path, size=300_000).get("here", [text_key(np.array([0]))])[0] is not None
    assert segments(tmp_path) == sorted([names[0], names[2]])
    assert not names[1].with_suffix(".npz").exists()


def test_a_cache_of_size_zero_writes_nothing(tmp_path: Path) -> None:
    fill(TextCache(tmp_path, size=0)).flush()
    assert not list(tmp_path.iterdir())


def test_a_reader_goes_on_when_another_process_has_made_room(tmp_path: Path) -> None:
    fill(TextCache(tmp_path)).flush()
    cache = TextCache(tmp_path)
    check(cache)
    for path in (*segments(tmp_path), *tmp_path.glob("*/*.npz")):
        path.unlink()
    check(cache)
    assert TextCache(tmp_path).get("here", list(TEXTS)) == [None] * 3


def test_a_disk_that_cannot_be_written_costs_the_cache_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = fill(TextCache(tmp_path / "file"))
    check(cache)
    cache.flush()
    assert cache.get("here", list(TEXTS)) == [None] * 3


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("8GB", 8 * 10**9), ("1.5 kb", 1500), (" 20MB ", 20 * 10**6), ("7", 7)]
)
def test_a_size_is_read_as_people_write_it(text: str, size: int) -> None:
    assert read_size(text) == size


def test_a_store_takes_the_size_from_the_option_then_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XADAPT_CACHE_SIZE", "3MB")
    assert Store(tmp_path).cache.size == 3 * 10**6
    assert Store(tmp_path, cache_size="0").cache.size == 0
    monkeypatch.delenv("XADAPT_CACHE_SIZE")
    assert Store(tmp_path).cache.size == 8 * 10**9
