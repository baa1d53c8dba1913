"""What the other rooms ask of kinds."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.error_checks import refused
from xadapt import tasks
from xadapt.metrics import names
from xadapt.tasks import Kind, Tagging, TextClassification, all_tasks
from xadapt.tasks.fields import Field
from xadapt.tasks.specs import KeyFault, all_specs, spec_named, spec_of

KINDS = [kind for kind in vars(tasks).values() if isinstance(kind, type) and issubclass(kind, Kind) and kind != Kind]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_xadapt_has_its_fields_and_the_metrics_that_fit(kind: Any) -> None:
    spec = spec_of(kind)
    assert spec is spec_of(kind()) is spec_named(kind.name)
    assert set(spec.fields) >= {*kind.fields, *kind.optional, *kind.pool_fields}
    assert set(spec.metrics) <= set(names())
    assert (spec.pool is not None) == spec.problem.pooled
    assert (spec.head is not None) == spec.problem.needs_head


def test_every_task_of_xadapt_is_of_a_registered_kind() -> None:
    assert all(spec_of(task.kind).kind is type(task.kind) for task in all_tasks())


def test_specs_of_kinds_are_read_without_a_heavy_library() -> None:
    script = (
        "import sys\nfrom xadapt.tasks.specs import all_specs\nassert len(all_specs()) > 5\n"
        "heavy = ('adapters', 'datasets', 'evaluate', 'pandas', 'pyarrow', 'scipy', 'torch', 'transformers')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_an_unknown_name_of_a_kind_is_one_line_that_names_the_nearest() -> None:
    with refused("kind", "'taging'", advice="'tagging'"):
        spec_named("taging")


def test_a_field_that_is_not_described_is_anything() -> None:
    assert spec_of(Tagging).field_of("else") == Field()


def test_only_kinds_with_a_head_can_be_declared() -> None:
    assert [spec.name for spec in all_specs() if spec.declarable] == [
        "text-classification",
        "pair-classification",
        "pair-regression",
        "multiple-choice",
        "span-qa",
        "tagging",
    ]


def test_training_rows_fill_open_labels_and_are_not_read_for_others() -> None:
    def unread() -> list[Any]:
        raise AssertionError("the rows were read")

    rows = [{"tokens": ["a", "b"], "tags": ["Y", "X"]}, {"tokens": ["a"], "tags": ["Y"]}]
    assert spec_of(Tagging).filled(Tagging(tagset="z"), lambda: rows) == Tagging(labels=("X", "Y"), tagset="z")
    for kind in (Tagging(labels=("A", "B")), TextClassification(labels=("a", "b")), tasks.SpanQA()):
        assert spec_of(kind).filled(kind, unread) is kind


def test_a_key_that_does_not_fit_is_named() -> None:
    with pytest.raises(KeyFault) as caught:
        spec_named("pair-regression").make({"range": (2.0, 1.0)})
    assert caught.value.key == "range"
