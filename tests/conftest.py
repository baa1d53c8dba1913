"""Fixtures: a tiny random XLM-R, a mirror of a few rows, and a store, so that tests need no network and no minutes."""

from __future__ import annotations

import math
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.pop("XADAPT_DATA", None)
os.environ.pop("XADAPT_STORE", None)

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
QUICK: dict[str, Any] = {
    "epochs": 1,
    "batch_size": 8,
    "lr": 0.01,
    "max_length": 48,
    "dev_limit": 6,
    "precision": "fp32",
    "device": "cpu",
}


@dataclass(frozen=True)
class Bench:
    """A place to train on the tiny base: its rows and its store."""

    backbone: Any
    mirror: Path
    store: Any

    @property
    def source(self) -> Any:
        """The rows."""
        from xadapt.data.source import Source

        return Source(str(self.mirror))

    def train(self, plan: Any, display: Any = None, pins: Any = None, **options: Any) -> Any:
        """Train a plan quickly."""
        from xadapt.training.settings import make_settings
        from xadapt.training.train import train

        settings = make_settings(**{**QUICK, **options})
        return train(plan, self.backbone, self.source, self.store, settings, pins, display)

    def assemble(self, setup: str, **options: Any) -> Any:
        """Put a setup together from the store."""
        from xadapt.composition.builder import assemble
        from xadapt.composition.grammar import parse

        return assemble(self.backbone, parse(setup), self.store, **options)

    def evaluate(self, setup: str, task: str, languages: str = "all", **options: Any) -> Any:
        """Evaluate a setup."""
        from xadapt.composition.grammar import parse
        from xadapt.evaluation.evaluate import EvalSettings, evaluate
        from xadapt.tasks import get_task

        given = {key: options.pop(key) for key in ("pins", "display") if key in options}
        settings = EvalSettings(**{"max_length": 48, "precision": "fp32", "device": "cpu", **options})
        return evaluate(
            parse(setup), get_task(task), languages, self.backbone, self.source, self.store, settings, **given
        )


@pytest.fixture
def bench(tiny: Any, mirror: Path, store: Any) -> Bench:
    """A place to train with an empty store."""
    return Bench(tiny, mirror, store)


@pytest.fixture(scope="session")
def trained_once(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A store with mnli, squad, stsb, a fusion of mnli and stsb and xnli stacked on mnli; not to be changed."""
    from xadapt.store.store import Store
    from xadapt.training.plan import plan_fusion, plan_target, plan_task

    folder = tmp_path_factory.mktemp("trained")
    (folder / "no-shipped").mkdir()
    made = Bench(tiny, fill_mirror(folder / "mirror"), Store(folder / "store", shipped=folder / "no-shipped"))
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
def trained(trained_once: Bench, tmp_path: Path) -> Bench:
    """A copy of the trained store and its rows that a test may change."""
    from xadapt.store.store import Store

    shutil.copytree(trained_once.store.root, tmp_path / "trained", copy_function=shutil.copy2)
    shutil.copytree(trained_once.mirror, tmp_path / "mirror", dirs_exist_ok=True)
    copied = Store(tmp_path / "trained", shipped=trained_once.store.shipped)
    return Bench(trained_once.backbone, tmp_path / "mirror", copied)
