"""One of a few labels for a pair of texts."""

from __future__ import annotations

from xadapt.problems.first_token import LabelProblem, hub_labels, label_fault, metric_fault
from xadapt.tasks import PairClassification
from xadapt.tasks.fields import LABEL, TEXT
from xadapt.tasks.portable_heads import HeadForm
from xadapt.tasks.specs import KindSpec, register_kind
from xadapt.tasks.submission_files import SubmissionFile


class PairClassificationProblem(LabelProblem):
    """One of a few labels for a pair of texts."""


register_kind(
    KindSpec(
        kind=PairClassification,
        problem=PairClassificationProblem,
        fields={"first": TEXT, "second": TEXT, "label": LABEL},
        metrics=("accuracy", "accuracy_f1"),
        metric_fault=metric_fault,
        row_fault=label_fault,
        head=HeadForm("classification"),
        submission=SubmissionFile("tsv", hub_labels),
    )
)
