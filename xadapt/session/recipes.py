"""The verbs of a session for experiments: read a recipe, run it, look ahead, report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from xadapt.data.source import open_source

if TYPE_CHECKING:
    from xadapt.context import Context
    from xadapt.experiments.outlook import Expected
    from xadapt.experiments.prospects import Prospect
    from xadapt.experiments.recipe import Recipe
    from xadapt.experiments.recipe_run import RecipeRun
    from xadapt.reports.report import Report
    from xadapt.session.session import Session


def recipe(session: Session, path: Path | str, only: str | None = None, keep_tasks: bool = True) -> Recipe:
    """Read and check a recipe.

    Args:
        session: The session.
        path: A YAML file.
        only: Some of its targets, separated by commas.
        keep_tasks: Whether the tasks that it declares are kept in the store.
    """
    from xadapt.experiments.loading import load_recipe
    from xadapt.experiments.steps import narrowed

    loaded = load_recipe(Path(path), session.tasks, session.store if keep_tasks else None, session.display.say)
    return loaded if only is None else narrowed(loaded, only)


def run(
    session: Session,
    recipe: Path | str | Recipe,
    only: str | None = None,
    max_hours: float | None = None,
    resume: bool = True,
) -> RecipeRun:
    """Run a recipe: train, fuse, evaluate; started again, it goes on from what is done.

    Args:
        session: The session.
        recipe: A YAML file, or a recipe that was read.
        only: Some of its targets, separated by commas.
        max_hours: No run is begun that is not expected to end within so many hours.
        resume: Whether a training that was cut goes on, or begins again.

    Returns:
        Its results; ``.report(folder)`` writes the report. Base and data are the recipe's unless this session was
        given others.
    """
    from xadapt.experiments.foresight import check_ground
    from xadapt.experiments.recipe_run import run_recipe

    path = Path(recipe) if isinstance(recipe, str | Path) else None
    loaded = session.recipe(recipe, only) if isinstance(recipe, str | Path) else recipe
    context = _context_for(session, loaded)
    check_ground(loaded, context, given_base=session.given.base is not None, only_look=False)
    return run_recipe(context, loaded, path, only=only, hours=max_hours, resume=resume)


def plan(session: Session, recipe: Path | str, only: str | None = None) -> list[Expected]:
    """The steps of a recipe: which are done, and how long the others will take. Nothing is run or kept."""
    from xadapt.experiments.foresight import check_ground
    from xadapt.experiments.outlook import look_ahead
    from xadapt.experiments.steps import plan_steps

    loaded = session.recipe(recipe, only, keep_tasks=False)
    context = _context_for(session, loaded)
    check_ground(loaded, context, given_base=session.given.base is not None, only_look=True)
    steps = plan_steps(loaded, session.tasks)
    return look_ahead(steps, session.store, context.base_name, context.source.name, session.tasks)


def prospects(session: Session, recipe: Path | str, only: str | None = None) -> list[Prospect]:
    """Which difference to the reference each target of a recipe could show, by what is in the store."""
    from xadapt.experiments.prospects import prospects as foreseen

    loaded = session.recipe(recipe, only, keep_tasks=False)
    return foreseen(loaded, session.store, _context_for(session, loaded).base_name)


def _context_for(session: Session, recipe: Recipe) -> Context:
    say = session.context.display.say
    with recipe.at("data"):
        source = session.source if session.given.data or not recipe.data else open_source(recipe.data, say)
    return replace(session.context, base=session.given.base or recipe.base, source=source)


def report(
    session: Session,
    results: Path | str | None = None,
    to: Path | str | None = None,
    title: str | None = None,
    tested: bool = True,
) -> Report:
    """Compare everything that was evaluated.

    Args:
        session: The session.
        results: A folder of result files; None for the store's.
        to: The report's folder; None writes nothing.
        title: Its title.
        tested: Whether differences are tested, which takes its time.
    """
    from xadapt.reports.recipe_report import report_results

    folder = Path(results) if results else session.store.root / "results"
    return report_results(folder, Path(to) if to else None, title, tested, session.store.left_out)
