"""Extractive QA: windows over the context, answers cut from the original text by character offsets."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xadapt import metrics
from xadapt.lazy import torch
from xadapt.problems.answer_checks import answer_fault, answer_notes, answer_remarks, count_answers
from xadapt.problems.answer_forms import read_answers
from xadapt.problems.answer_places import settle_answers
from xadapt.problems.base import Batch, Defaults, Feature, Problem, rounded
from xadapt.problems.teaching import probabilities, soft_cross_entropy
from xadapt.problems.token_ends import visible, whole_ends
from xadapt.problems.weighted import weighted_mean
from xadapt.tasks import Row, SpanQA
from xadapt.tasks.fields import TEXT, Field
from xadapt.tasks.portable_heads import HeadForm
from xadapt.tasks.specs import Fault, KindSpec, register_kind
from xadapt.tasks.submission_files import Predicted, SubmissionFile, as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters import XLMRobertaAdapterModel

    from xadapt.store.records import Json

MAX_ANSWER_TOKENS = 30
#: Share of a window that the next one repeats (128 of 384 tokens in the official baselines).
_OVERLAP = 1 / 3
_MASKED = np.float32(-1e9)


class SpanQAProblem(Problem):
    """Start and end of the answer, over windows of a long context.

    Where questions may have no answer, ``<s>`` means none, and a threshold found on dev says when it is believed.
    """

    kind: SpanQA
    revision: ClassVar[int] = 2
    targets: ClassVar[dict[str, str]] = {"start_positions": "int64", "end_positions": "int64"}
    defaults: ClassVar[Defaults] = Defaults(max_length=384, batch_size=16)

    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Encode windows of ``<s> question </s> </s> context </s>``.

        A training window that does not hold the whole answer, or whose question has none, points at ``<s>``.
        """
        encoded = self.tokenizer(
            [self._short(row["question"]) for row in rows],
            [row["context"] for row in rows],
            truncation="only_second",
            max_length=self.max_length,
            stride=int(self.max_length * _OVERLAP),
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_attention_mask=False,
        )
        features: list[Feature] = []
        for window, row_number in enumerate(encoded["overflow_to_sample_mapping"]):
            offsets = np.array(encoded["offset_mapping"][window])
            inside = np.array([part == 1 for part in encoded.sequence_ids(window)])
            inside &= offsets[:, 1] > offsets[:, 0]
            ids = encoded["input_ids"][window]
            features.append({"input_ids": ids, "row": row_number, "offsets": offsets, "inside": inside})
        for row_number, windows in groupby(features, key=itemgetter("row")):
            _complete(rows[row_number], list(windows), labelled)
        return features

    def _short(self, question: str) -> str:
        # A question must leave room for more context than windows share, or no window of it would ever advance.
        room = int(self.max_length * _OVERLAP)
        while True:
            encoded = self.tokenizer(question, add_special_tokens=False, return_offsets_mapping=True)
            if len(encoded["input_ids"]) <= room:
                return question
            question = question[: encoded["offset_mapping"][room][0]]

    def add_head(self, model: XLMRobertaAdapterModel, name: str) -> None:
        """One linear layer to start and end logits."""
        model.add_qa_head(name, layers=1)

    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy of start and end over the window's tokens."""
        start, end = _visible_logits(outputs, batch)
        return (
            torch.nn.functional.cross_entropy(start, batch["start_positions"])
            + torch.nn.functional.cross_entropy(end, batch["end_positions"])
        ) / 2

    def constant_loss(self, features: list[Feature]) -> float:
        """Cross-entropy of a guess among the tokens of a window."""
        return float(np.mean([np.log(len(feature["input_ids"])) for feature in features]))

    def taught(self, raw: np.ndarray, feature: Feature) -> np.ndarray:
        """The teacher's probabilities of starts and ends, shape (tokens, 2); 0 where no answer can be.

        Those are the tokens of the context and ``<s>``, which means that the window has no answer.
        """
        # Behind a feature's own tokens there is padding.
        may = feature["inside"].copy()
        may[0] = True
        return probabilities(np.where(may[:, None], raw[: len(may)], _MASKED), axis=0) * may[:, None]

    def taught_loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Mean cross-entropy of start and end to them."""
        pair = zip(_visible_logits(outputs, batch), batch["taught"].unbind(dim=-1), strict=True)
        start, end = (soft_cross_entropy(logits, taught) for logits, taught in pair)
        return (start + end).mean() / 2

    def combine(self, raw: list[np.ndarray], weights: Sequence[float] | None = None) -> np.ndarray:
        """The mean of the logits, so that a span's score is the mean of its scores."""
        return weighted_mean(raw, weights)

    def read(self, outputs: Any) -> np.ndarray:
        """Start and end logits, shape (batch, tokens, 2)."""
        return torch.stack((outputs.start_logits, outputs.end_logits), dim=-1).float().cpu().numpy()

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[Json]:
        """The best span of at most :data:`MAX_ANSWER_TOKENS` tokens over all windows of a row.

        Where questions may have no answer, ``null_gap`` is the lowest score of ``<s>`` over all windows minus the score
        of that span; None where no window has a span.

        Source: SQuAD 2.0 (arXiv 1806.03822) as BERT's own code decodes it.
        """
        best = [(-np.inf, "")] * len(rows)
        null = [np.inf] * len(rows)
        for logits, feature in zip(raw, features, strict=True):
            number = feature["row"]
            score, first, last = best_span(logits[: len(feature["input_ids"])], feature["inside"])
            if score > best[number][0]:
                best[number] = (score, answer_text(rows[number]["context"], feature["offsets"], first, last))
            null[number] = min(null[number], float(logits[0].sum()))
        predictions: list[Json] = [{"id": row["id"], "text": text} for row, (_, text) in zip(rows, best, strict=True)]
        if self.kind.unanswerable:
            for prediction, (score, _), lowest in zip(predictions, best, null, strict=True):
                prediction["null_gap"] = lowest - score if np.isfinite(score) else None
        return predictions

    def readable(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[Json]:
        """The answer's text, "" for none, with its score.

        That of an answer is the probability of its start times that of its end in the window that holds it, that of no
        answer ``<s>``'s in the least sure window.
        """
        from scipy.special import softmax

        best = [(-np.inf, 0.0)] * len(rows)
        none = [1.0] * len(rows)
        for logits, feature in zip(raw, features, strict=True):
            logits, row = logits[: len(feature["input_ids"])], feature["row"]  # noqa: PLW2901 - without padding
            shares = softmax(logits, axis=0)
            score, first, last = best_span(logits, feature["inside"])
            if score > best[row][0]:
                best[row] = (score, shares[first, 0] * shares[last, 1])
            none[row] = min(none[row], shares[0].prod())
        threshold = self.calibration.get("null_threshold", 0.0)
        results = []
        for prediction, (_, share), nothing in zip(self.decode(raw, features, rows), best, none, strict=True):
            gap = prediction.get("null_gap")
            answered = gap is None or gap <= threshold
            text, score = (prediction["text"], share) if answered else ("", nothing)
            results.append({"prediction": text, "score": rounded(score)})
        return results

    def references(self, rows: list[Row]) -> list[Json]:
        """Ids with all accepted answers, none where the question has no answer."""
        return [{"id": row["id"], "answers": list(row["answers"]["text"] or ())} for row in rows]

    def calibrate(self, predictions: list[Any], rows: list[Row]) -> dict[str, float]:
        """The null gap above which a question is best taken for one without an answer; nothing for other kinds."""
        if not self.kind.unanswerable:
            return {}
        threshold, _ = metrics.best_null_threshold(predictions, self.references(rows))
        return {"null_threshold": threshold}


def _visible_logits(outputs: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Start and end logits in float32, out of the question at padding."""
    hidden = batch["attention_mask"] == 0
    start = outputs.start_logits.float().masked_fill(hidden, float(_MASKED))
    end = outputs.end_logits.float().masked_fill(hidden, float(_MASKED))
    return start, end


def _complete(row: Row, windows: list[Feature], labelled: bool) -> None:
    """Give all windows of a row the whole ends of their tokens and, where wanted, their labels."""
    ends = whole_ends(row["context"], [window["offsets"][window["inside"]] for window in windows])
    for window, offsets in zip(windows, ends, strict=True):
        window["offsets"][window["inside"]] = offsets
        if labelled:
            first, last = answer_tokens(row, window)
            window |= {"start_positions": first, "end_positions": last}


def answer_tokens(row: Row, feature: Feature) -> tuple[int, int]:
    """First and last token of the first gold answer in a window; (0, 0) when there is none or not all of it is in."""
    if not row["answers"]["text"]:
        return 0, 0
    # White space at an answer's edges is in no token, and must not make it look cut.
    start, end = row["answers"]["answer_start"][0] + np.array(visible(row["answers"]["text"][0]))
    offsets, inside = feature["offsets"], feature["inside"]
    touched = np.flatnonzero(inside & (offsets[:, 0] < end) & (offsets[:, 1] > start))
    context = offsets[inside]
    if not len(touched) or context[0, 0] > start or context[-1, 1] < end:
        return 0, 0
    return int(touched[0]), int(touched[-1])


def answer_text(context: str, offsets: np.ndarray, first: int, last: int) -> str:
    """Cut the text from the first to the last token, both included, out of the context."""
    return context[offsets[first][0] : offsets[last][1]].strip()


def best_span(logits: np.ndarray, inside: np.ndarray) -> tuple[float, int, int]:
    """Find the span with the highest start + end logit.

    Args:
        logits: Start and end logits, shape (tokens, 2).
        inside: Whether a token may be part of an answer, bool, shape (tokens,).

    Returns:
        Score, first and last token; a score of −inf when no token may be.
    """
    allowed = np.flatnonzero(inside)
    if not len(allowed):
        return -np.inf, 0, 0
    low, high = allowed[0], allowed[-1] + 1
    start = np.where(inside[low:high], logits[low:high, 0], _MASKED)
    end = np.where(inside[low:high], logits[low:high, 1], _MASKED)
    best = (-np.inf, 0, 0)
    for width in range(min(MAX_ANSWER_TOKENS, len(start))):
        sums = start[: len(start) - width] + end[width:]
        first = int(sums.argmax())
        if sums[first] > best[0]:
            best = (float(sums[first]), int(low) + first, int(low) + first + width)
    return best


def _answer_fault(row: Row, kind: SpanQA) -> Fault | None:
    return answer_fault(row, may_lack=kind.unanswerable)


def _metric(kind: SpanQA) -> str:
    return "squad_v2" if kind.unanswerable else "squad"


def _metric_fault(kind: SpanQA, metric: str) -> str | None:
    unfit = metric == "squad" and kind.unanswerable
    return "squad cannot score unanswerable questions: take squad_v2" if unfit else None


def _submitted(predicted: Predicted) -> str:
    return as_json({prediction["id"]: prediction["text"] for prediction in predicted.predictions})


register_kind(
    KindSpec(
        kind=SpanQA,
        problem=SpanQAProblem,
        fields={
            "id": Field("id", found=True),
            "question": TEXT,
            "context": TEXT,
            "answers": Field(parts=("text", "answer_start")),
            "is_impossible": Field(found=True),
        },
        metrics=("squad", "squad_v2"),
        metric_of=_metric,
        metric_fault=_metric_fault,
        keys={"unanswerable": (bool, False)},
        read_row=read_answers,
        row_fault=_answer_fault,
        settle=settle_answers,
        notes=answer_notes,
        remarks=answer_remarks,
        remarked=count_answers,
        unique_ids=True,
        head=HeadForm("question_answering", outputs=2, example='"Wo steht es?", "Es steht am Fluss."'),
        submission=SubmissionFile("json", _submitted),
        suite_scores=("f1", "exact_match"),
        suite_metric="F1 and exact match",
    )
)
