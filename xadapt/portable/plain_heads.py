"""Heads of the adapters library and those of plain transformers that compute the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from adapters.head_utils import STATIC_TO_FLEX_HEAD_MAP

from xadapt.tasks.portable_heads import PlainHead
from xadapt.tasks.specs import spec_of

if TYPE_CHECKING:
    from xadapt.store.records import Json
    from xadapt.tasks import Task

CLASSES = ("SequenceClassification", "TokenClassification", "QuestionAnswering")


class HeadConfig(TypedDict, total=False):
    """What the configuration of a head says in the adapters library, as far as it matters here."""

    head_type: str
    num_labels: int
    layers: int
    activation_function: str | None
    bias: bool
    use_pooler: bool
    label2id: dict[str, int] | None


def plain_head(config: HeadConfig, task: Task | None) -> PlainHead | None:
    """The class of transformers that has an equal head, None if there is none.

    Args:
        config: The head's configuration in the adapters library.
        task: The task that it answers, None for one that is not in the catalogue.
    """
    if not config.get("bias", True):
        return None
    for name in CLASSES:
        standard = STATIC_TO_FLEX_HEAD_MAP[f"XLMRobertaFor{name}"]
        wanted = {key: value for key, value in standard["config"].items() if key != "activation_function"}
        activation = config["layers"] == 1 or config["activation_function"] == standard["config"]["activation_function"]
        if activation and all(config.get(key) == value for key, value in wanted.items()):
            own = spec_of(task.kind).head if task else None
            if own and own.plain and own.type == config["head_type"]:
                return own.plain
            layers = {str(number): layer for number, layer in enumerate(standard["layers"]) if layer}
            return PlainHead(f"XLMRobertaFor{name}", layers)
    return None


def plain_config(config: HeadConfig, head: PlainHead) -> Json:
    """What the configuration of a model with this head says besides that of its encoder."""
    if head.choices:
        return {}
    ids = config["label2id"] or {}
    problem = {"problem_type": "regression" if len(ids) == 1 else "single_label_classification"}
    return {
        "id2label": {number: label for label, number in sorted(ids.items(), key=lambda item: item[1])},
        "label2id": ids,
        **(problem if head.architecture.endswith(CLASSES[0]) else {}),
    }
