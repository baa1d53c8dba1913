"""Answer retrieval: the sentences, in any language, that answer a question."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from xadapt.errors import XadaptError
from xadapt.problems.answer_checks import answer_fault, answer_remarks, break_fault, count_answers
from xadapt.problems.answer_forms import read_answers
from xadapt.problems.answer_places import settle_answers
from xadapt.problems.base import Defaults, Feature
from xadapt.problems.dual_encoder import TOP, DualEncoderProblem, query_id
from xadapt.problems.sentence_split import split_sentences
from xadapt.tasks import AnswerRetrieval, Row
from xadapt.tasks.fields import ID, TEXT, VALUE
from xadapt.tasks.specs import Fault, KindSpec, PoolSpec, Remark, register_kind
from xadapt.tasks.submission_files import Predicted, SubmissionFile, as_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from xadapt.store.records import Json

#: Tokens of a question at most, as in XTREME-R.
QUERY_LENGTH = 96


@dataclass
class _Pool:
    """Every sentence of every context, once, with its context.

    Attributes:
        ids: ``LANGUAGE:CONTEXT:SENTENCE``, contexts and sentences counted from 0.
        sentences: The sentences.
        contexts: The context of each.
        relevant: By question, the ids of the sentences that answer it.
        given: Whether all sentence boundaries came with the rows.
    """

    ids: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    relevant: dict[str, list[str]] = field(default_factory=dict)
    given: bool = True


class AnswerRetrievalProblem(DualEncoderProblem):
    """Rank the sentences of all contexts of all languages; the answer's sentence in each language is relevant.

    A candidate is a sentence with its context. ``max_length`` is a candidate's; a question has :data:`QUERY_LENGTH`
    tokens at most. Where a data set names no sentences, contexts are split by rule.

    Source: LAReQA (arXiv 2004.05484) in XTREME-R (arXiv 2104.07412), which trains the same way on SQuAD.
    """

    defaults: ClassVar[Defaults] = Defaults(max_length=256)
    _pool = _Pool()

    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Encode questions; with labels also the sentence of each one's first answer."""
        length = min(QUERY_LENGTH, self.max_length)
        questions = self.encode_texts([row["question"] for row in rows], length=length)
        questions = [{**feature, "row": number} for number, feature in enumerate(questions)]
        if not labelled:
            return questions
        numbers: dict[tuple[str, str], int] = {}
        keys = []
        for row in rows:
            breaks = sentence_breaks(row)
            start, end = breaks[answer_sentence(row, breaks)]
            keys.append(numbers.setdefault((row["context"][start:end], row["context"]), len(numbers)))
        sentences, contexts = [pair[0] for pair in numbers], [pair[1] for pair in numbers]
        return self.paired(questions, self.encode_texts(sentences, contexts), keys)

    def own_pool(self, rows: list[Row]) -> list[Row]:
        """The rows' own contexts, taken to be English."""
        return [{**row, "language": "en"} for row in rows]

    def encode_pool(self, pool: list[Row]) -> list[Feature]:
        """Encode every sentence of every context once, together with the context."""
        read = _sentences_of(pool)
        return self.encode_texts(read.sentences, read.contexts)

    def fill(self, pool: list[Row], raw: list[np.ndarray]) -> None:
        """Take the sentences' vectors."""
        self.read_pool(pool)
        self.hold(self._pool.ids, raw)

    def read_pool(self, pool: list[Row]) -> None:
        """Take which sentences answer which question."""
        self._pool = _sentences_of(pool)

    def references(self, rows: list[Row]) -> list[list[str]]:
        """Ids of the sentences, one in each language of the pool, that answer each question.

        Raises:
            XadaptError: If the pool does not hold a question.
        """
        for row in rows:
            if row["id"] not in self._pool.relevant:
                raise XadaptError(f"{self.task.name}: question {row['id']} is not in the pool, which needs its context")
        return [self._pool.relevant[row["id"]] for row in rows]

    def details(self) -> Json:
        """The lengths and, once the pool is filled, where its sentence boundaries came from."""
        details = {**super().details(), "query_length": min(QUERY_LENGTH, self.max_length)}
        if self.ids:
            details["sentences"] = "given" if self._pool.given else "split"
        return details


def sentence_breaks(row: Row) -> list[tuple[int, int]]:
    """First character and last character + 1 of each sentence of a row's context, given or split by rule."""
    given = row.get("breaks")
    if given:
        return [(int(start), int(end)) for start, end in given]
    return split_sentences(row["context"]) or [(0, len(row["context"]))]


def answer_sentence(row: Row, breaks: list[tuple[int, int]]) -> int:
    """Number of the sentence in which the first answer begins; of the next one when it begins between two."""
    start = row["answers"]["answer_start"][0]
    return next((number for number, (_, end) in enumerate(breaks) if start < end), len(breaks) - 1)


def _sentences_of(pool: list[Row]) -> _Pool:
    read = _Pool()
    numbers: dict[str, dict[str, int]] = {}
    for row in pool:
        language, context = row["language"], row["context"]
        breaks = sentence_breaks(row)
        seen = numbers.setdefault(language, {})
        if context not in seen:
            seen[context] = len(seen)
            read.given = read.given and bool(row.get("breaks"))
            read.ids += [f"{language}:{seen[context]}:{number}" for number in range(len(breaks))]
            read.sentences += [context[start:end] for start, end in breaks]
            read.contexts += [context] * len(breaks)
        relevant = read.relevant.setdefault(row["id"], [])
        answer = f"{language}:{seen[context]}:{answer_sentence(row, breaks)}"
        if answer not in relevant:
            relevant.append(answer)
    return read


def _answer_fault(row: Row, kind: AnswerRetrieval) -> Fault | None:
    return answer_fault(row)


def _remarks(row: Row) -> list[Remark]:
    moved = break_fault(row)
    return [*answer_remarks(row), *([Remark(moved, "breaks")] if moved else [])]


def _wanted(rows: Iterable[Row], gold: Iterable[tuple[str, str]]) -> set[str]:
    return {row["id"] for row in rows}


def _submitted(predicted: Predicted) -> str:
    queries = [f"{query_id(predicted.task, row)}_{predicted.language}" for row in predicted.same_rows()]
    ranked = ([_candidate(name) for name in names[:TOP]] for names in predicted.predictions)
    return as_json(dict(zip(queries, ranked, strict=True)))


def _candidate(name: str) -> str:
    # The official code counts contexts from 1.
    language, context, sentence = name.split(":")
    return f"{language}_{int(context) + 1}_{sentence}"


register_kind(
    KindSpec(
        kind=AnswerRetrieval,
        problem=AnswerRetrievalProblem,
        fields={"id": ID, "question": TEXT, "context": TEXT, "answers": VALUE, "sentences": VALUE, "breaks": VALUE},
        metrics=("map@20",),
        read_row=read_answers,
        row_fault=_answer_fault,
        settle=settle_answers,
        remarks=_remarks,
        remarked=count_answers,
        unique_ids=True,
        pool=PoolSpec(_wanted, of_rows=True),
        submission=SubmissionFile("json", _submitted),
    )
)
