"""Dual encoders: queries and candidates become vectors of the same encoder, trained on in-batch negatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xadapt.errors import XadaptError
from xadapt.lazy import torch
from xadapt.problems.nearest import top_k
from xadapt.problems.vectors import VectorProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters import XLMRobertaAdapterModel

    from xadapt.problems.base import Batch, Feature
    from xadapt.store.records import Json
    from xadapt.tasks import Row, Task

#: Candidates that a query is answered with: the metric looks at no more.
TOP = 20
#: What cosines are multiplied by in training, as XTREME-R's dual encoders begin with.
SCALE = 100.0


class DualEncoderProblem(VectorProblem):
    """Rank the candidates of a pool for each query.

    A training feature holds a query's ``input_ids``, its candidate's ``candidate_ids`` and, as ``key``, a number that
    equal candidates share.
    """

    pooled: ClassVar[bool] = True
    #: Every query is compared with the candidates of the whole batch.
    divisible: ClassVar[bool] = False
    targets: ClassVar[dict[str, str]] = {"key": "int64"}
    ids: Sequence[str] = ()

    def collate(self, features: list[Feature]) -> Batch:
        """Pad the queries and, where there are any, the candidates by themselves."""
        batch = super().collate(features)
        if "candidate_ids" in features[0]:
            padded = self.tokenizer.pad({"input_ids": [f["candidate_ids"] for f in features]}, return_tensors="pt")
            batch |= {"candidate_ids": padded["input_ids"], "candidate_mask": padded["attention_mask"]}
        return batch

    def tokens(self, feature: Feature) -> int:
        """Tokens of the query and of its candidate."""
        return len(feature["input_ids"]) + len(feature.get("candidate_ids", ()))

    def forward(self, model: XLMRobertaAdapterModel, batch: Batch, head: str | None) -> Any:
        """Vectors of the queries, shape (batch, width); with candidates, a pair of both sides' vectors."""
        queries = super().forward(model, batch, head)
        if "candidate_ids" not in batch:
            return queries
        return queries, self.pooled_layer(model, batch["candidate_ids"], batch["candidate_mask"])

    def loss(self, outputs: Any, batch: Batch) -> torch.Tensor:
        """Cross-entropy of each query's own candidate among those of the batch."""
        queries, candidates = outputs
        return contrastive_loss(queries, candidates, batch["key"], SCALE)

    def constant_loss(self, features: list[Feature]) -> float:
        """Cross-entropy of a guess in a batch of the usual size."""
        return float(np.log(self.defaults.batch_size))

    def paired(self, queries: list[Feature], candidates: list[Feature], keys: list[int]) -> list[Feature]:
        """Training features.

        Args:
            queries: Encoded queries.
            candidates: Encoded candidates, each once.
            keys: The index of each query's own candidate among the candidates.
        """
        return [
            {**query, "candidate_ids": candidates[key]["input_ids"], "key": key}
            for query, key in zip(queries, keys, strict=True)
        ]

    def hold(self, ids: list[str], raw: list[np.ndarray]) -> None:
        """Keep the candidates' ids and unit vectors."""
        self.ids, self.vectors = ids, np.stack(raw)

    def decode(self, raw: list[np.ndarray], features: list[Feature], rows: list[Row]) -> list[list[str]]:
        """Ids of the :data:`TOP` nearest candidates, best first, for each row."""
        _, nearest = top_k(np.stack(raw), self.vectors, TOP)
        return [[self.ids[index] for index in found] for found in nearest]

    def details(self) -> Json:
        """What a vector depends on, and how many candidates there are once they are known."""
        return {**super().details(), **({"candidates": len(self.ids)} if self.ids else {})}


def contrastive_loss(queries: torch.Tensor, candidates: torch.Tensor, keys: torch.Tensor, scale: float) -> torch.Tensor:
    """Mean cross-entropy of scaled cosines, every other candidate of the batch a negative.

    Args:
        queries: Float, shape (batch, width).
        candidates: Float, shape (batch, width); row i belongs to query i.
        keys: Int64, shape (batch,); a candidate of the query's own key is no negative.
        scale: What cosines are multiplied by.

    Returns:
        A scalar; 0 when no row has a negative.
    """
    cosines = (
        torch.nn.functional.normalize(queries.float(), dim=-1)
        @ torch.nn.functional.normalize(candidates.float(), dim=-1).T
    )
    same = keys[:, None] == keys[None, :]
    same.fill_diagonal_(False)
    own = torch.arange(len(keys), device=keys.device)
    return torch.nn.functional.cross_entropy((scale * cosines).masked_fill(same, float("-inf")), own)


def query_id(task: Task, row: Row) -> str:
    """The id of a query, for a submission.

    Raises:
        XadaptError: If the row has none.
    """
    if row.get("id") is None:
        raise XadaptError(f"the rows of {task.name} have no id, which the file needs: pull them again")
    return str(row["id"])
