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


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as a parquet file of a mirror."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A mirror with a few rows of one task of every kind, from the bundled demonstration and made up."""
    return fill_mirror(tmp_path / "mirror")


def fill_mirror(root: Path) -> Path:
    """Write the rows of the mirror."""
    nli = {"first": "premise", "second": "hypothesis", "label": "label"}
    for split, part in (("train", "train"), ("validation_matched", "dev")):
        rows = [{nli[k]: v for k, v in row.items()} for row in bundled.rows("nli", "en", part)[:24]]
        write_parquet(root / f"nyu-mll/multi_nli/default/{split}.parquet", rows)
    for code in ("en", "de"):
        rows = [{nli[k]: v for k, v in row.items()} for row in bundled.rows("nli", code, "test")[:12]]
        write_parquet(root / f"facebook/xnli/{code}/validation.parquet", rows)
        write_parquet(root / f"google/xquad/xquad.{code}/validation.parquet", bundled.rows("qa", code, "test")[:6])
    for split, part in (("train", "train"), ("validation", "dev")):
        write_parquet(root / f"rajpurkar/squad/plain_text/{split}.parquet", bundled.rows("qa", "en", part)[:12])
        rows = [
            {"sentence1": row["first"], "sentence2": row["second"], "label": row["score"]}
            for row in bundled.rows("sts", "en", part)[:24]
        ]
        write_parquet(root / f"nyu-mll/glue/stsb/{split}.parquet", rows)
    fill_choices(root)
    fill_tags(root)
    fill_answers(root)
    fill_unanswerable(root)
    fill_entities(root)
    fill_mining(root)
    pairs = [{"sentence1": r["first"], "sentence2": r["second"]} for r in bundled.rows("retrieval", "de", "test")[:12]]
    write_parquet(root / "mteb/tatoeba-bitext-mining/deu-eng/test.parquet", pairs)
    return root


def fill_choices(root: Path) -> None:
    """Write SocialIQA, COPA and XCOPA, whose right choice repeats the premise's last word."""
    words = ["bread", "rain", "music", "stone", "river", "glass"]
    for split, count in (("train", 12), ("validation", 6)):
        rows = []
        for number in range(count):
            right, others = words[number % 6], [words[(number + 1) % 6], words[(number + 2) % 6]]
            choices = [*others[: number % 3], right, *others[number % 3 :]]
            rows.append(
                {
                    "context": f"Ana likes {right}.",
                    "question": "What does Ana want?",
                    **dict(zip(("answerA", "answerB", "answerC"), choices, strict=True)),
                    "label": str(choices.index(right) + 1),
                }
            )
        write_parquet(root / f"allenai/social_i_qa/default/{split}.parquet", rows)
    for place, names in (("aps/super_glue/copa", ("train", "validation")), ("cambridgeltl/xcopa/et", ("test",))):
        for split in names:
            rows = [
                {
                    "premise": f"There was {words[number % 6]}.",
                    "question": ("cause", "effect")[number % 2],
                    "choice1": words[number % 6] if number % 2 else "nothing",
                    "choice2": "nothing" if number % 2 else words[number % 6],
                    "label": (number + 1) % 2,
                    "idx": number,
                }
                for number in range(8)
            ]
            write_parquet(root / f"{place}/{split}.parquet", rows)


def fill_tags(root: Path) -> None:
    """Write UD-POS and WikiANN in English and German, tags as whole numbers as on the hub."""
    tokens = ["Ana", "eats", "the", "bread", "in", "Rome", "."]
    for name, splits in (("English", ("train", "validation")), ("German", ("test",))):
        for split in splits:
            rows = [{"tokens": tokens[n % 3 :], "pos_tags": [11, 15, 5, 7, 1, 11, 12][n % 3 :]} for n in range(12)]
            write_parquet(root / f"google/xtreme/udpos.{name}/{split}.parquet", rows)
    for code, splits in (("en", ("train", "validation")), ("de", ("test",))):
        for split in splits:
            rows = [{"tokens": tokens[n % 3 :], "ner_tags": [1, 0, 0, 0, 0, 5, 0][n % 3 :]} for n in range(12)]
            write_parquet(root / f"unimelb-nlp/wikiann/{code}/{split}.parquet", rows)


def fill_answers(root: Path) -> None:
    """Write XQuAD-R in English and German: the rows of extractive QA, each context one sentence list."""
    for code in ("en", "de"):
        rows = []
        for row in bundled.rows("qa", code, "test")[:6]:
            cut = row["context"].find(". ") + 1
            breaks = [[0, cut], [cut + 1, len(row["context"])]] if cut else [[0, len(row["context"])]]
            sentences = [row["context"][start:end] for start, end in breaks]
            rows.append({**row, "sentences": sentences, "sentence_breaks": breaks})
        write_parquet(root / f"google-research-datasets/xquad_r/{code}/validation.parquet", rows)


def fill_unanswerable(root: Path) -> None:
    """Write SQuAD 2.0: every second question has no answer."""
    for split, part in (("train", "train"), ("validation", "dev")):
        rows = bundled.rows("qa", "en", part)[:12]
        rows = [{**r, "answers": {"text": [], "answer_start": []}} if n % 2 else r for n, r in enumerate(rows)]
        write_parquet(root / f"rajpurkar/squad_v2/squad_v2/{split}.parquet", rows)


def fill_entities(root: Path) -> None:
    """Write Mewsli-X in English and German: mentions of six places."""
    places = [f"Q{number}" for number in range(6)]
    told = [f"place number {number} on the map" for number in range(6)]
    pairs = [
        {"mention": f"they went to [E] {place} [/E] today", "entity": text}
        for place, text in zip(places, told, strict=True)
    ]
    for split in ("train", "validation"):
        write_parquet(root / f"izhx/mewsli-x/wikipedia_pairs/{split}.parquet", pairs)
    for code in ("en", "de"):
        rows = [{"mention": f"[E] {place} [/E]", "entity_id": place} for place in places[:4]]
        write_parquet(root / f"izhx/mewsli-x/{code}/test.parquet", rows)
    pool = [{"entity_id": place, "description": text} for place, text in zip(places, told, strict=True)]
    write_parquet(root / "izhx/mewsli-x/candidate_entities/test.parquet", pool)


def fill_mining(root: Path) -> None:
    """Write BUCC in German: twelve sentences a side, of which eight are translations of each other."""
    pairs = bundled.rows("retrieval", "de", "test")[:16]
    place = root / "google/xtreme"
    sources = [{"id": f"de-{n}", "sentence": row["first"]} for n, row in enumerate(pairs[:12])]
    targets = [{"id": f"en-{n}", "sentence": row["second"]} for n, row in enumerate(pairs[4:])]
    gold = [{"source_id": f"de-{n + 4}", "target_id": f"en-{n}"} for n in range(8)]
    for name, rows in (("bucc18.de.source", sources), ("bucc18.de.target", targets), ("bucc18.de", gold)):
        write_parquet(place / name / "test.parquet", rows)


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
