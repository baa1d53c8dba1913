"""One of a few labels for a single text."""

from __future__ import annotations

from typing import ClassVar

from xadapt.problems.first_token import LabelProblem, hub_labels, label_fault, metric_fault
from xadapt.tasks import TextClassification
from xadapt.tasks.fields import LABEL, TEXT
from xadapt.tasks.portable_heads import HeadForm
from xadapt.tasks.specs import KindSpec, register_kind
from xadapt.tasks.submission_files import SubmissionFile


class TextClassificationProblem(LabelProblem):
    """One of a few labels for a single text."""

    text_fields: ClassVar[tuple[str, ...]] = ("first",)


register_kind(
    KindSpec(
        kind=TextClassification,
        problem=TextClassificationProblem,
        fields={"first": TEXT, "label": LABEL},
        metrics=("accuracy", "accuracy_f1"),
        metric_fault=metric_fault,
        row_fault=label_fault,
        head=HeadForm("classification", example='"Ein Satz."'),
        submission=SubmissionFile("tsv", hub_labels),
    )
)
