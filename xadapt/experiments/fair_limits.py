"""Limits of a recipe's targets under which none of the rows is measured that a setup of it learns without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xadapt.data.unlabelled import unlabelled_rows
from xadapt.errors import XadaptError
from xadapt.experiments.steps import EvalStep
from xadapt.tasks.languages import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xadapt.context import Context
    from xadapt.experiments.recipe import Recipe
    from xadapt.experiments.steps import Step


def check_fair_limits(recipe: Recipe, steps: Iterable[Step], context: Context) -> None:
    """Check that a recipe measures no row that it learns from, before anything is trained.

    Raises:
        XadaptError: If it would; names the largest limit that is fair.
    """
    source = context.source
    for step in (step for step in steps if isinstance(step, EvalStep)):
        asked = [node.option("unlabelled") for node in step.setup.walk() if node.name == step.task.name]
        most = int(max((number for number in asked if number), default=0))
        others = [code for code in source.languages(step.task) if code != ENGLISH] if most else []
        if not step.task.parallel:
            others = [code for code in others if code in source.pick_languages(step.task, step.target.languages)]
        found = [unlabelled_rows(source, step.task, code, most) for code in others]
        fair = min((rows.available - len(rows.rows) for rows in found if rows.measured), default=None)
        if fair is not None and (step.target.limit is None or step.target.limit > fair):
            with recipe.at("targets", step.task.name):
                raise XadaptError(
                    f"{step.setup} learns from {step.task.name} rows without their labels: with limit: {fair} or less "
                    "they are not measured"
                )
