"""Fixtures: a tiny random XLM-R, a mirror of a few rows, and a store, so that tests need no network and no minutes."""

from __future__ import annotations

import math
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.pop("XADAPT_DATA", None)
os.environ.pop("XADAPT_STORE", None)
# A console takes its width from it once and for all; processes of pytest-xdist have one of 80.
os.environ.pop("COLUMNS", None)

import pytest

from tests.mirror_rows import fill_mirror
from xadapt.data import bundled


@pytest.fixture(scope="session")
def tiny_base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random XLM-R checkpoint of 2 layers, 32 wide, and a tokenizer of 400 pieces."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizerFast

    texts = [row["first"] for code in ("en", "de", "zh") for row in bundled.rows("nli", code, "test")]
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram([*((piece, 0.0) for piece in special), *pieces(texts, 395)], 3, False))
    tokenizer.add_special_tokens(special)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    folder = tmp_path_factory.mktemp("tiny-base")
    XLMRobertaTokenizerFast(tokenizer_object=tokenizer, model_max_length=128).save_pretrained(folder)
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=130,
        type_vocab_size=1,
        pad_token_id=1,
        # With the usual 0.02 a net this narrow maps all texts to nearly one vector, and learning hangs on luck.
        initializer_range=0.06,
    )
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def pieces(texts: list[str], count: int) -> list[tuple[str, float]]:
    """Choose pieces by counting, with log probabilities: a trained tokenizer differs from run to run in close calls."""
    found: Counter[str] = Counter()
    for word in (f"▁{word}" for text in texts for word in text.split()):
        found.update(word[start:end] for start in range(len(word)) for end in range(start + 1, len(word) + 1))
    # Every character stays a piece, then whatever spares the most of them.
    ordered = sorted(found, key=lambda piece: (len(piece) > 1, -found[piece] * (len(piece) - 1), piece))
    total = sum(found.values())
    return [(piece, math.log(found[piece] / total)) for piece in ordered[:count]]


@pytest.fixture(scope="session")
def tiny(tiny_base_folder: Path) -> Any:
    """The tiny base, loaded."""
    from xadapt.backbone.base import load_backbone

    return load_backbone(str(tiny_base_folder))


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """An empty store without the shipped checkpoints."""
    from xadapt.store.store import Store

    empty = tmp_path / "no-shipped"
    empty.mkdir()
    return Store(tmp_path / "store", shipped=empty)


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A mirror with a few rows of one task of every kind, from the bundled demonstration and made up."""
    return fill_mirror(tmp_path / "mirror")


#: Settings under which a training run on the tiny base takes half a second.
QUICK: dict[str, Any] = {"epochs": 1, "batch_size": 8, "lr": 0.01, "max_length": 48, "dev_limit": 6}


def _lab(base: Path, mirror: Path, store: Any) -> Any:
    from tests.tiny_lab import TinyLab

    return TinyLab(str(base), str(mirror), store, device="cpu", precision="fp32", display=False)


@pytest.fixture
def lab(tiny_base_folder: Path, mirror: Path, store: Any) -> Any:
    """A session on the tiny base with an empty store."""
    return _lab(tiny_base_folder, mirror, store)


@pytest.fixture(scope="session")
def trained_once(tiny_base_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A store with mnli, squad, stsb, a fusion of mnli and stsb and xnli stacked on mnli; not to be changed."""
    from xadapt.store.store import Store
    from xadapt.training.plan import plan_fusion, plan_target, plan_task

    folder = tmp_path_factory.mktemp("trained")
    (folder / "no-shipped").mkdir()
    store = Store(folder / "store", shipped=folder / "no-shipped")
    made = _lab(tiny_base_folder, fill_mirror(folder / "mirror"), store)
    for plan in (
        plan_task("mnli"),
        plan_task("squad"),
        plan_task("stsb"),
        plan_fusion(["mnli", "stsb"]),
        plan_target("xnli", "mnli"),
    ):
        made.train(plan)
    return made


@pytest.fixture
def trained(trained_once: Any, tmp_path: Path) -> Any:
    """A copy of the trained store and its rows that a test may change."""
    from xadapt.store.store import Store

    shutil.copytree(trained_once.store.root, tmp_path / "trained", copy_function=shutil.copy2)
    shutil.copytree(trained_once.mirror, tmp_path / "mirror", dirs_exist_ok=True)
    copied = Store(tmp_path / "trained", shipped=trained_once.store.shipped)
    return trained_once.with_store(copied, tmp_path / "mirror")
