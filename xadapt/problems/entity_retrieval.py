"""Entity retrieval: the description of the entity that a mention means, among a million in fifty languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from xadapt.errors import XadaptError
from xadapt.problems.base import Defaults, Feature
from xadapt.problems.dual_encoder import TOP, DualEncoderProblem, query_id
from xadapt.tasks import EntityRetrieval, Row
from xadapt.tasks.fields import ID, TEXT
from xadapt.tasks.specs import KindSpec, PoolSpec, register_kind
from xadapt.tasks.submission_files import Predicted, SubmissionFile, as_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np


class EntityRetrievalProblem(DualEncoderProblem):
    """Rank the entities of a pool for each mention.

    The pool's vectors are held as float32: 1.5 GB for a million 384 wide, and as much again while they are stacked.

    Source: Mewsli-X in XTREME-R (arXiv 2104.07412), whose 64 tokens a text are the default.
    """

    defaults: ClassVar[Defaults] = Defaults(max_length=64)

    def encode(self, rows: list[Row], labelled: bool) -> list[Feature]:
        """Encode mentions; with labels also the descriptions of their entities."""
        mentions = self.encode_texts([row["text"] for row in rows])
        mentions = [{**feature, "row": number} for number, feature in enumerate(mentions)]
        if not labelled:
            return mentions
        numbers: dict[str, int] = {}
        keys = [numbers.setdefault(self._description(row), len(numbers)) for row in rows]
        return self.paired(mentions, self.encode_texts(list(numbers)), keys)

    def own_pool(self, rows: list[Row]) -> list[Row]:
        """The rows' own descriptions, each once."""
        pool = {self._entity(row): self._description(row) for row in rows}
        return [{"entity": entity, "description": description} for entity, description in pool.items()]

    def encode_pool(self, pool: list[Row]) -> list[Feature]:
        """Encode the descriptions."""
        return self.encode_texts([row["description"] for row in pool])

    def fill(self, pool: list[Row], raw: list[np.ndarray]) -> None:
        """Take the descriptions' vectors."""
        self.hold([row["entity"] for row in pool], raw)

    def references(self, rows: list[Row]) -> list[list[str]]:
        """The one entity that is right for each mention."""
        return [[self._entity(row)] for row in rows]

    def _entity(self, row: Row) -> str:
        # Rows that name no entity, such as training pairs, mean that of their description.
        return row.get("entity") or self._description(row)

    def _description(self, row: Row) -> str:
        description = row.get("description")
        if not description:
            raise XadaptError(f"{self.task.name}: the mention {row['text'][:60]!r} has no description of its entity")
        return description


def _entity_fault(row: Row, kind: EntityRetrieval) -> str | None:
    return None if row.get("entity") or row.get("description") else "it has neither entity nor description"


def _wanted(rows: Iterable[Row], gold: Iterable[tuple[str, str]]) -> set[Any]:
    return {row.get("entity") for row in rows}


def _submitted(predicted: Predicted) -> str:
    queries = [query_id(predicted.task, row) for row in predicted.same_rows()]
    ranked = ([str(entity) for entity in entities[:TOP]] for entities in predicted.predictions)
    return as_json(dict(zip(queries, ranked, strict=True)))


register_kind(
    KindSpec(
        kind=EntityRetrieval,
        problem=EntityRetrievalProblem,
        fields={"id": ID, "text": TEXT, "entity": ID, "description": TEXT},
        metrics=("map@20",),
        row_fault=_entity_fault,
        pool=PoolSpec(_wanted, key="entity", named_by="entity"),
        submission=SubmissionFile("json", _submitted),
    )
)
