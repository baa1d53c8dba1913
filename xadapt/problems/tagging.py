"""Tagging: one tag a word, read at the first piece of the word that carries content."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xadapt.errors import XadaptError, quoted
from xadapt.lazy import torch
from xadapt.metrics.schemes import SCHEMES, strange_tag
from xadapt.metrics.tag_sets import read_tag_set
from xadapt.problems.base import Batch, Defaults, Feature, Problem, entropy
from xadapt.problems.teaching import probabilities, soft_cross_entropy
from xadapt.tasks import Row, Tagging
from xadapt.tasks.fields import TAGS, Field
from xadapt.tasks.portable_heads import HeadForm
from xadapt.tasks.specs import Fault, FieldFault, KindSpec, RowFault, register_kind
from xadapt.tasks.submission_files import Predicted, SubmissionFile, lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adapters import XLMRobertaAdapterModel

    from xadapt.store.records import Json

_METRICS = ("entities", "pos", "tokens", *(f"entities_{name.lower()}" for name in SCHEMES))
#: The label of tokens that no tag is learnt at.
IGNORED = -100
#: How XLM-R's pieces spell the beginning of a word.
_BOUNDARY = "▁"


class TaggingProblem(Problem):
    """A tag for every word, whatever its script and however long the sentence."""

    kind: Tagging
    defaults: ClassVar[Defaults] = Defaults(max_length=128, batch_size=32, epochs=2.0, lr=1e-3)

    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Encode ``<s> words </s>``; a sentence that is too long gives several features of whole words.

        Every word has exactly one tagged token in exactly one feature: the features of a row are in the order of its
        words, and ``tagged`` holds the index of that token for each of them. A word of which the tokenizer leaves
        nothing is read as ``<unk>``; one that is longer than a feature loses its end.

        Raises:
            XadaptError: If a row is to be learnt from and has a tag that is not one of the labels.

        Source: XTREME (arXiv 2003.11080) cuts sentences in the same way, without overlap.
        """
        encoded = self.tokenizer(
            [row["tokens"] for row in rows],
            is_split_into_words=True,
            add_special_tokens=False,
            return_attention_mask=False,
            verbose=False,
        )
        room = self.max_length - self.tokenizer.num_special_tokens_to_add()
        features = []
        for number, row in enumerate(rows):
            words = self._words(encoded["input_ids"][number], encoded.word_ids(number), len(row["tokens"]), room)
            tags = iter(self._indices(row["tags"], number) if labelled else ())
            for window in whole_words(words, room):
                feature = self._feature(window) | {"row": number}
                if labelled:
                    feature["labels"] = [IGNORED] * len(feature["input_ids"])
                    for index in feature["tagged"]:
                        feature["labels"][index] = next(tags)
                features.append(feature)
        return features

    def _words(self, pieces: list[int], owners: list[int], count: int, room: int) -> list[list[int]]:
        words: list[list[int]] = [[] for _ in range(count)]
        for piece, owner in zip(pieces, owners, strict=True):
            words[owner].append(piece)
        return [word[:room] or [self.tokenizer.unk_token_id] for word in words]

    def _indices(self, tags: list[str], number: int) -> list[int]:
        indices = {tag: index for index, tag in enumerate(self.kind.labels)}
        wrong = next((tag for tag in tags if tag not in indices), None)
        if wrong is not None:
            raise XadaptError(
                f"{self.task.name}, training row {number}: tag {quoted(wrong)} is not one of its {len(indices)} "
                "labels: correct the row or declare the label"
            )
        return [indices[tag] for tag in tags]

    def _feature(self, words: list[list[int]]) -> Feature:
        tagged: list[int] = []
        pieces: list[int] = []
        for word in words:
            # Behind <s>.
            tagged.append(1 + len(pieces) + tag_index(self.tokenizer.convert_ids_to_tokens(word)))
            pieces += word
        return {"input_ids": self.tokenizer.build_inputs_with_special_tokens(pieces), "tagged": tagged}

    def collate(self, features: list[Feature]) -> Batch:
        """Pad ids, and labels with :data:`IGNORED`; all int64, shape (batch, tokens)."""
        batch = super().collate(features)
        if "labels" in features[0]:
            width = batch["input_ids"].shape[1]
            padded = [feature["labels"] + [IGNORED] * (width - len(feature["labels"])) for feature in features]
            batch["labels"] = torch.tensor(padded)
        return batch

    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """One linear layer on every token, as XLM-R's own token classification head."""
        labels = self.kind.labels
        model.add_tagging_head(name, num_labels=len(labels), layers=1, id2label=dict(enumerate(labels)))

    def terms(self, features: list[Feature]) -> int:
        """Words, each of which has a tag."""
        return sum(len(feature["tagged"]) for feature in features)

    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy over the words of a batch."""
        return torch.nn.functional.cross_entropy(
            outputs.logits.float().flatten(0, 1), batch["labels"].flatten(), ignore_index=IGNORED
        )

    def constant_loss(self, features: list[Feature]) -> float:
        """Entropy of the tags."""
        return entropy([tag for feature in features for tag in feature["labels"] if tag != IGNORED])

    def taught(self, raw: np.ndarray, feature: Feature) -> np.ndarray:
        """The teacher's probabilities at the token where a word's tag is read, shape (tokens, labels); 0 at others."""
        taught = np.zeros((len(feature["input_ids"]), raw.shape[-1]), np.float32)
        taught[feature["tagged"]] = probabilities(raw[feature["tagged"]])
        return taught

    def taught_loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy to them over the words of a batch."""
        words = (batch["taught"] > 0).any(dim=-1).sum()
        return soft_cross_entropy(outputs.logits, batch["taught"]).sum() / words

    def read(self, outputs: Any) -> np.ndarray:
        """Logits, shape (batch, tokens, labels)."""
        return outputs.logits.float().cpu().numpy()

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[list[str]]:
        """The tag of the highest logit for every word, as many as the row has words, in their order.

        Tags are not made consistent with their neighbours; XTREME scores them as they are.
        """
        tags: list[list[str]] = [[] for _ in rows]
        for logits, feature in zip(raw, features, strict=True):
            best = logits[feature["tagged"]].argmax(axis=-1)
            tags[feature["row"]] += [self.kind.labels[int(index)] for index in best]
        return tags

    def details(self) -> Json:
        """What a reader must know beside the score: the scheme that entities are held to, and an unusual spelling."""
        metric, tags = self.task.metric, read_tag_set(self.kind.labels)
        scheme = metric.removeprefix("entities_").upper() if metric != "entities" else ""
        strict = scheme if scheme in SCHEMES else "BILOU" if (metric, tags.scheme) == ("entities", "BILOU") else ""
        told = {"entities": f"strict {strict}"} if strict else {}
        if metric.startswith("entities") and not tags.plain:
            told["spelling"] = tags.spelling
        return {**super().details(), **told}

    def references(self, rows: list[Row]) -> list[list[str]]:
        """Gold tags, also such as are not among the labels: those can only be missed."""
        return [list(row["tags"]) for row in rows]


def whole_words(words: list[list[int]], room: int) -> Iterator[list[list[int]]]:
    """Cut a sentence into as few runs of whole words as hold at most ``room`` pieces each.

    Args:
        words: The pieces of each word, at most ``room`` a word.
        room: Pieces a run.
    """
    run: list[list[int]] = []
    used = 0
    for word in words:
        if run and used + len(word) > room:
            yield run
            run, used = [], 0
        run.append(word)
        used += len(word)
    if run:
        yield run


def tag_index(pieces: list[str]) -> int:
    """Find the piece of a word that its tag is learnt and read at: the first that is more than a word's opening mark.

    XLM-R's vocabulary has few pieces that begin a Chinese or Japanese word, because text has no space there: 68 to 94 %
    of the words of the benchmarks begin with a bare mark, against 8 to 10 % in English. A head that learnt English tags
    at pieces with content has to find content in other languages too. XTREME's own code takes the first piece always.

    Args:
        pieces: The pieces of one word, at least one.
    """
    return next((index for index, piece in enumerate(pieces) if piece.strip(_BOUNDARY)), 0)


def _tag_fault(row: Row, kind: Tagging) -> Fault | None:
    for field in ("tokens", "tags"):
        if not isinstance(row[field], list):
            where = " (.jsonl and .parquet have lists)" if isinstance(row[field], str) else ""
            return FieldFault(field, f"{type(row[field]).__name__}, not a list{where}")
    tokens, tags = row["tokens"], row["tags"]
    if len(tokens) != len(tags):
        return RowFault(f"{len(tokens)} tokens and {len(tags)} tags: give each token one", "lengths")
    if not tokens:
        return "there is no token: take the row out"
    strange = next((token for token in tokens if not isinstance(token, str)), "")
    if strange != "":
        return RowFault(f"token {quoted(strange)} is not text", "token")
    wrong = [tag for tag in tags if not isinstance(tag, str) or (kind.labels and tag not in kind.labels)]
    if not wrong:
        return None
    return RowFault(f"tag {quoted(wrong[0])} is not one of {', '.join(kind.labels) or 'any tag set'}", "tag")


def _filled(kind: Tagging, rows: Iterable[Row]) -> Tagging:
    return replace(kind, labels=tuple(sorted({tag for row in rows for tag in row["tags"]})))


def _metric(kind: Tagging) -> str:
    scheme = read_tag_set(kind.labels).scheme
    # By IOB and IOE alone nobody can tell whether a file is of IOB1 or 2; leniently both are read as they are meant.
    strict = f"entities_{scheme.lower()}"
    return ("entities" if strict not in _METRICS else strict) if scheme else "tokens"


def _metric_fault(kind: Tagging, metric: str) -> str | None:
    tags = read_tag_set(kind.labels)
    if not metric and tags.odd:
        what = (
            f"{quoted(tags.odd[0])} is no tag of {tags.scheme} as the others are"
            if tags.scheme
            else (f"{quoted(tags.odd[0])} is a tag of entities and most of the others are not")
        )
        return f"{what}: correct it, or choose metric: {' or '.join(('entities', 'tokens'))}"
    scheme = metric.removeprefix("entities_").upper()
    strange = strange_tag([tags.standard.get(tag, tag) for tag in kind.labels], scheme) if scheme in SCHEMES else None
    return (
        f"{quoted(strange)} is no tag of {scheme}: choose metric: entities or that of its scheme" if strange else None
    )


def _submitted(predicted: Predicted) -> str:
    # A line for each tag and an empty one between two sentences; a sentence that ends on one would add another.
    return "\n".join(lines(tags) for tags in predicted.predictions)


register_kind(
    KindSpec(
        kind=Tagging,
        problem=TaggingProblem,
        fields={"tokens": Field("words", asked=True, item="token"), "tags": TAGS},
        metrics=_METRICS,
        metric_of=_metric,
        metric_fault=_metric_fault,
        row_fault=_tag_fault,
        fill=_filled,
        head=HeadForm("tagging", example='["Ein", "Satz"], is_split_into_words=True'),
        submission=SubmissionFile("tsv", _submitted),
    )
)
