"""The rows of the small mirror that tests read: a few of one task of every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from xadapt.data import bundled


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as a parquet file of a mirror."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(rows), path)
    return path


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
        rows: list[dict[str, Any]] = []
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
