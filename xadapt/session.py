"""What a user holds: a base, rows, a store and hardware, and all that can be done with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xadapt.bases import DEFAULT_BASE
from xadapt.context import Context
from xadapt.data.own_tasks import known_tasks, open_task
from xadapt.data.source import open_source
from xadapt.display import Display, make_display
from xadapt.errors import XadaptError, option
from xadapt.store.store import Store
from xadapt.validation import validated

if TYPE_CHECKING:
    import torch

    from xadapt.backbone.base import Backbone
    from xadapt.data.source import Source
    from xadapt.evaluation.run_suite import SuiteRun
    from xadapt.evaluation.submission import Submission
    from xadapt.experiments.outlook import Expected
    from xadapt.experiments.recipe import Recipe
    from xadapt.experiments.recipe_run import RecipeRun
    from xadapt.explain.explanation import Explanation
    from xadapt.info import Info
    from xadapt.model import Cells, Model, PredictedFile
    from xadapt.portable.export import Export
    from xadapt.portable.hub.pull import Pulled
    from xadapt.portable.hub.push import Pushed
    from xadapt.reports.report import Report
    from xadapt.store.checkpoints import Checkpoint
    from xadapt.store.result_record import Result
    from xadapt.tasks import Task
    from xadapt.tasks.catalogue import Catalogue
    from xadapt.training.plan import TrainPlan

#: ``all``, codes separated by commas, or codes.
Languages = str | Iterable[str]


class Session:
    """Everything that the command line does, from Python.

    >>> import xadapt
    >>> lab = xadapt.Session(data="bundled", store="runs", display=False)
    >>> result = lab.evaluate("lingnli", "xnli", languages=["de", "sw"], limit=4)
    >>> list(result.languages), result["de"].n
    (['de', 'sw'], 4)

    A session cannot be changed; :meth:`replace` makes another one. Base and hardware are looked at when they are first
    needed.
    """

    _context: Context
    #: Base and data as the user gave them, None where a recipe may choose.
    _given: Mapping[str, str | None]

    def __init__(
        self,
        base: str | None = None,
        data: str | None = None,
        store: Store | Path | str | None = None,
        *,
        seed: int = 42,
        device: str = "auto",
        precision: str = "auto",
        display: bool | Display = True,
        cache_size: str | None = None,
    ) -> None:
        """Open a session.

        Args:
            base: ``e5-small``, which is the default, a hub id or a folder of an XLM-R checkpoint.
            data: ``hub``, ``bundled`` or the folder of a mirror; None for ``$XADAPT_DATA``, else the hub.
            store: The store or its folder; None for ``$XADAPT_STORE``, else ``xadapt-store``.
            seed: Seed of initialisation and batch order; its checkpoints are preferred.
            device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
            precision: ``auto``, ``fp32`` or ``bf16``.
            display: Whether progress is shown, or a display of your own.
            cache_size: Disk for what setups, and the layers below all adapters, made of texts, such as ``8GB``; None
                for ``$XADAPT_CACHE_SIZE``, else ``8GB``.

        Raises:
            XadaptError: If the data source or the store is wrong, or a task of yours in it was damaged.
        """
        opened = store if isinstance(store, Store) else Store(store, cache_size=cache_size)
        source, tasks, shown = open_source(data), known_tasks(opened), make_display(display)
        context = Context(source, opened, base or DEFAULT_BASE, tasks, seed, device, precision, shown)
        self._hold(context, {"base": base, "data": data})

    @classmethod
    def of(cls, context: Context) -> Session:
        """A session on a context that is there already."""
        made = cls.__new__(cls)
        made._hold(context, {"base": context.base, "data": context.source.name})
        return made

    def _hold(self, context: Context, given: Mapping[str, str | None]) -> None:
        object.__setattr__(self, "_context", context)
        object.__setattr__(self, "_given", given)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a session cannot be changed: make another one with replace({name}=...)")

    def __repr__(self) -> str:
        return (
            f"Session(base={self._context.base!r}, data={self.source.name!r}, store={str(self.store.root)!r}, "
            f"seed={self.seed})"
        )

    def replace(self, **changes: Any) -> Session:
        """The same with some arguments of :class:`Session` changed, such as ``seed=43``."""
        context = self._context
        same: dict[str, Any] = {
            "base": self._given["base"],
            "store": context.store,
            "seed": context.seed,
            "device": context.device_name,
            "precision": context.precision_name,
            "display": context.display,
        }
        if "cache_size" in changes:
            same["store"] = context.store.root
        if "data" in changes:
            return Session(**{**same, **changes})
        # Rows that were read need not be read again.
        other = Session(data="bundled", **{**same, **changes})
        made = Session.of(replace(other.context, source=context.source, pins=context.pins))
        made._hold(made.context, {**other._given, "data": self._given["data"]})
        return made

    @property
    def context(self) -> Context:
        """What runs of this session share."""
        return self._context

    @property
    def backbone(self) -> Backbone:
        """The frozen base."""
        return self._context.backbone

    @property
    def source(self) -> Source:
        """Where rows come from."""
        return self._context.source

    @property
    def store(self) -> Store:
        """Where checkpoints and results are."""
        return self._context.store

    @property
    def tasks(self) -> Catalogue:
        """The tasks that are known: those of xadapt and your own."""
        return self._context.tasks

    @property
    def seed(self) -> int:
        """Seed of initialisation and batch order."""
        return self._context.seed

    @property
    def device(self) -> torch.device:
        """Where models run."""
        return self._context.device

    @property
    def precision(self) -> str:
        """``fp32`` or ``bf16``."""
        return self._context.precision

    @property
    def display(self) -> Display:
        """How progress is shown."""
        return self._context.display

    def task(self, name: str) -> Task:
        """A task by its name, or by the YAML file that declares it, which is kept in the store from then on.

        Raises:
            XadaptError: If there is none, or its declaration or a row is wrong.
        """
        return open_task(name, self.store, self.tasks)

    # Training.

    def train(self, task: str, on: str | None = None, mode: str = "stack", **settings: Any) -> Checkpoint:
        """Train an adapter for a task in English, on the bare base or on a setup.

        Args:
            task: A task, or a YAML file that declares one of yours.
            on: The setup that a target adapter stands on, such as ``fuse(mnli, squad, stsb)``; None for none.
            mode: ``stack``: a fresh adapter on top. ``continue``: the setup's own weights are trained on.
            settings: See :class:`~xadapt.training.settings.TrainSettings`.

        Returns:
            The stored checkpoint, with ``.scores`` on English dev rows, ``.path`` and ``.parameters``. A run that is
            there already is not done again, one that was cut goes on.

        Raises:
            XadaptError: If a setting, a member or a data file is wrong.
            RunFailed: If training diverged.
        """
        made = self.train_each(task, on, mode, **settings)
        if len(made) > 1:
            raise XadaptError(f"{on} is {len(made)} models: train_each gives a checkpoint for each")
        return made[0]

    def train_each(self, task: str, on: str | None = None, mode: str = "stack", **settings: Any) -> list[Checkpoint]:
        """Like :meth:`train`, on an ensemble too: one checkpoint for each of its members."""
        from xadapt.training.plan import plan_targets, plan_task

        name = self.task(task).name
        plans = [plan_task(name, self.tasks)] if on is None else plan_targets(name, on, mode, self.tasks)
        return [self._train(plan, settings) for plan in plans]

    def fuse(self, *members: str, on: str | None = None, rank: int | None = None, **settings: Any) -> Checkpoint:
        """Learn AdapterFusion over trained adapters.

        Args:
            members: Adapters or setups that are one adapter, two or more.
            on: The task on whose English rows it is learnt; None for an even mixture of the members' own.
            rank: Rank of queries, keys and values of a small fusion; None for the full one.
            settings: See :class:`~xadapt.training.settings.TrainSettings`.
        """
        from xadapt.training.plan import plan_fusion

        return self._train(plan_fusion(members, self.task(on).name if on else None, rank, self.tasks), settings)

    def multitask(self, *tasks: str, **settings: Any) -> Checkpoint:
        """Train one adapter on several tasks, mixed in proportion to their sizes.

        Args:
            tasks: Two or more.
            settings: See :class:`~xadapt.training.settings.TrainSettings`.
        """
        from xadapt.training.plan import plan_multitask

        return self._train(plan_multitask([self.task(task).name for task in tasks], self.tasks), settings)

    def soup(self, *members: str, on: str, method: str = "greedy", **settings: Any) -> Checkpoint:
        """Average trained adapters with weights that a task's English dev rows choose.

        Args:
            members: Adapters or setups that are one adapter, two or more.
            on: The task.
            method: ``greedy``: add members while it helps. ``learned``: optimise the weights.
            settings: See :class:`~xadapt.training.settings.TrainSettings`.
        """
        from xadapt.training.plan import plan_soup

        return self._train(plan_soup(members, self.task(on).name, method, self.tasks), settings)

    def _train(self, plan: TrainPlan, settings: Mapping[str, Any]) -> Checkpoint:
        from xadapt.training.settings import make_settings
        from xadapt.training.train import train

        return train(self._context, plan, make_settings(**settings))

    # Measuring and predicting.

    def evaluate(self, setup: str, task: str, languages: Languages = "all", **settings: Any) -> Result:
        """Evaluate a setup zero-shot, language by language.

        Args:
            setup: Such as ``mnli``, ``stack(fuse(mnli, squad, stsb), xnli)`` or ``none``.
            task: A task, or a YAML file that declares one of yours.
            languages: ``all`` or codes.
            settings: See :class:`~xadapt.evaluation.evaluate.EvalSettings`.

        Returns:
            The result: ``result["de"].score``, ``result.mean``, ``result.to_dataframe()``; scores are 0–100.

        Raises:
            XadaptError: If the setup, the data, a setting or a language is wrong, or no head answers the task.
        """
        from xadapt.composition.grammar import parse
        from xadapt.evaluation.evaluate import EvalSettings, evaluate
        from xadapt.problems import problem_class

        target, node, wanted = self.task(task), parse(setup), _codes(languages)
        self.source.pick_languages(target, wanted)
        checked = validated(EvalSettings, **settings)
        if checked.pool_limit and not problem_class(target).pooled:
            kind = target.kind.name
            raise XadaptError(f"{option('pool_limit')} is for tasks that retrieve from a pool; {target.name} is {kind}")
        return evaluate(self._context, node, target, wanted, checked)

    def evaluate_suite(self, setup: str, suite: str, languages: Languages = "all", **settings: Any) -> SuiteRun:
        """Evaluate a setup on a whole benchmark, ``xtreme`` or ``xtreme-r``, and score it as its paper does."""
        from xadapt.composition.grammar import parse
        from xadapt.evaluation.evaluate import EvalSettings
        from xadapt.evaluation.run_suite import run_suite
        from xadapt.tasks.suites import get_suite

        checked = validated(EvalSettings, **settings)
        return run_suite(self._context, get_suite(suite), parse(setup), _codes(languages), checked)

    def submit(self, setup: str, suite: str, to: Path | str, allow_sample: bool = False) -> Submission:
        """Write stored predictions in the layout that XTREME's evaluator reads; nothing is computed."""
        from xadapt.composition.grammar import parse
        from xadapt.evaluation.submission import write_submission
        from xadapt.tasks.suites import get_suite

        return write_submission(self._context, get_suite(suite), parse(setup), Path(to), allow_sample)

    def load(self, setup: str, task: str, max_length: int | None = None) -> Model:
        """Load a setup to predict a task in any language; see :func:`xadapt.load`."""
        from xadapt.composition.grammar import parse
        from xadapt.evaluation.evaluate import EvalSettings
        from xadapt.model import check_predictable, load_model

        node, target = parse(setup), self.task(task)
        check_predictable(target)
        checked = validated(EvalSettings, max_length=max_length)
        return load_model(self._context, node, target, checked.max_length)

    def predict(self, setup: str, task: str, rows: Iterable[Mapping[str, Any]]) -> list[Cells]:
        """Predict rows of your own; see :func:`xadapt.load` for what rows and results hold."""
        return self.load(setup, task).predict(rows)

    def predict_file(
        self,
        setup: str,
        task: str,
        file: Path | str,
        to: Path | str | None = None,
        *,
        form: str | None = None,
        max_length: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> PredictedFile:
        """Predict the rows of a file, which may be larger than memory.

        Args:
            setup: The setup.
            task: A task, or a YAML file that declares one of yours.
            file: ``.jsonl``, ``.csv``, ``.parquet`` or, for tagging, ``.conll``; ``-`` for standard input.
            to: A ``.jsonl`` or ``.csv`` file; None for standard output.
            form: ``jsonl`` or ``csv``, None for what the file's ending says.
            max_length: Tokens a row, None for the problem's default.
            progress: Called with the number of rows that a batch finished.
        """
        from xadapt.composition.grammar import parse
        from xadapt.evaluation.evaluate import EvalSettings
        from xadapt.model import predict_file

        checked = validated(EvalSettings, max_length=max_length)
        node, output = parse(setup), Path(to) if to else None
        return predict_file(
            self._context,
            node,
            self.task(task),
            str(file),
            output,
            form=form,
            max_length=checked.max_length,
            progress=progress,
        )

    def explain(
        self,
        setup: str,
        task: str,
        languages: Languages = "all",
        limit: int | None = 50,
        max_length: int | None = None,
    ) -> Explanation:
        """Explain a fusion: which adapter it attends to, layer by layer, and how alike its members are.

        Args:
            setup: A setup with a fusion, or another composition of adapters side by side.
            task: A task with test rows; no head for it is needed.
            languages: ``all`` or codes.
            limit: Rows a language, a fixed sample; None for all.
            max_length: Tokens a row, None for the problem's default.
        """
        from xadapt.composition.grammar import parse
        from xadapt.evaluation.evaluate import EvalSettings
        from xadapt.explain.explanation import explain, explained_part

        node, target, wanted = parse(setup), self.task(task), _codes(languages)
        self.source.pick_languages(target, wanted)
        explained_part(node)
        settings = validated(EvalSettings, limit=limit, max_length=max_length)
        return explain(self._context, node, target, wanted, settings)

    # Recipes.

    def recipe(self, path: Path | str, only: str | None = None, keep_tasks: bool = True) -> Recipe:
        """Read and check a recipe.

        Args:
            path: A YAML file.
            only: Some of its targets, separated by commas.
            keep_tasks: Whether the tasks that it declares are kept in the store.
        """
        from xadapt.experiments.loading import load_recipe
        from xadapt.experiments.steps import narrowed

        loaded = load_recipe(Path(path), self.tasks, self.store if keep_tasks else None)
        return loaded if only is None else narrowed(loaded, only)

    def run(
        self, recipe: Path | str | Recipe, only: str | None = None, max_hours: float | None = None, resume: bool = True
    ) -> RecipeRun:
        """Run a recipe: train, fuse, evaluate; started again, it goes on from what is done.

        Args:
            recipe: A YAML file, or a recipe that was read.
            only: Some of its targets, separated by commas.
            max_hours: No run is begun that is not expected to end within so many hours.
            resume: Whether a training that was cut goes on, or begins again.

        Returns:
            Its results; ``.report(folder)`` writes the report. Base and data are the recipe's unless this session was
            given others.
        """
        from xadapt.experiments.recipe_run import run_recipe

        path = Path(recipe) if isinstance(recipe, str | Path) else None
        loaded = self.recipe(recipe, only) if isinstance(recipe, str | Path) else recipe
        context = self._for_recipe(loaded)
        return run_recipe(context, loaded, path, only=only, hours=max_hours, resume=resume)

    def plan(self, recipe: Path | str, only: str | None = None) -> list[Expected]:
        """The steps of a recipe: which are done, and how long the others will take. Nothing is run or kept."""
        from xadapt.experiments.outlook import look_ahead
        from xadapt.experiments.steps import plan_steps

        loaded = self.recipe(recipe, only, keep_tasks=False)
        context = self._for_recipe(loaded)
        steps = plan_steps(loaded, self.tasks)
        return look_ahead(steps, self.store, context.base_name, context.source.name, self.tasks)

    def _for_recipe(self, recipe: Recipe) -> Context:
        source = self.source if self._given["data"] or not recipe.data else open_source(recipe.data)
        return replace(self._context, base=self._given["base"] or recipe.base, source=source)

    def report(
        self,
        results: Path | str | None = None,
        to: Path | str | None = None,
        title: str | None = None,
        tested: bool = True,
    ) -> Report:
        """Compare everything that was evaluated.

        Args:
            results: A folder of result files; None for the store's.
            to: The report's folder; None writes nothing.
            title: Its title.
            tested: Whether differences are tested, which takes its time.
        """
        from xadapt.reports.recipe_report import report_results

        folder = Path(results) if results else self.store.root / "results"
        return report_results(folder, Path(to) if to else None, title, tested)

    # Adapters that leave and enter.

    def export(
        self,
        setup: str,
        to: Path | str,
        form: str,
        task: str | None = None,
        precision: str | None = None,
        with_base: bool = False,
    ) -> Export:
        """Write a setup for another library, ``adapterhub``, ``peft`` or ``merged``, load it there and compare."""
        from xadapt.composition.grammar import parse
        from xadapt.portable.export import export

        target = self.task(task) if task else None
        return export(self.context, parse(setup), Path(to), form, target, precision, with_base)

    def import_adapter(
        self, folder: Path | str, task: str | None = None, name: str | None = None, labels: Iterable[str] = ()
    ) -> list[Checkpoint]:
        """Import an adapter of AdapterHub or peft, or an export, into the store."""
        from xadapt.portable.import_adapter import import_adapter

        target = self.task(task) if task else None
        return import_adapter(self.context, Path(folder), target, name, list(labels))

    def push(
        self,
        setup: str,
        repo: str,
        *,
        private: bool = False,
        message: str | None = None,
        revision: str | None = None,
        members: bool = True,
    ) -> Pushed:
        """Push a setup to the Hugging Face hub, in one commit; needs a token that may write."""
        from xadapt.composition.grammar import parse
        from xadapt.portable.hub.push import push

        return push(
            self.context,
            parse(setup),
            repo,
            private=private,
            message=message,
            revision=revision,
            members=members,
        )

    def pull(self, repo: str, setup: str | None = None, revision: str | None = None) -> Pulled:
        """Pull setups that were pushed with xadapt into the store."""
        from xadapt.composition.grammar import parse
        from xadapt.portable.hub.pull import pull

        node = parse(setup) if setup else None
        return pull(self.context, repo, node, revision=revision)

    def info(self) -> Info:
        """Versions, revisions of the kinds of run, hardware, base, and the adapters that are there."""
        from xadapt.info import collect_info

        return collect_info(self._context)


def _codes(languages: Languages) -> str:
    return languages if isinstance(languages, str) else ",".join(languages)


def load(
    setup: str,
    task: str,
    *,
    base: str = DEFAULT_BASE,
    store: Store | Path | str | None = None,
    seed: int = 42,
    device: str = "auto",
    precision: str = "auto",
    max_length: int | None = None,
    display: bool | Display = False,
) -> Model:
    """Load a setup to predict a task in any language.

    >>> import xadapt
    >>> model = xadapt.load("lingnli", task="xnli")
    >>> answers = model.predict([{"premise": "Sie liest ein Buch.", "hypothesis": "Jemand liest."}])
    >>> answers[0]["prediction"], sorted(answers[0]["probabilities"])
    ('entailment', ['contradiction', 'entailment', 'neutral'])

    A row is a mapping. It has the fields of the task's kind or else the columns of the task's own data set
    (``xadapt tasks TASK`` shows them); gold answers are not needed, and further columns do no harm.

    ===================== ======================================== =====================================================
    kind                  fields of a row                          result
    ===================== ======================================== =====================================================
    text-classification   ``first``                                ``prediction``, a label; ``probabilities``, by label
    pair-classification   ``first``, ``second``                    the same
    pair-regression       ``first``, ``second``                    ``prediction``, a number on the task's scale, which
                                                                   it may overstep a little
    multiple-choice       ``context``, ``choices`` (texts, two or  ``prediction``, the text of a choice;
                          more), where the task has it             ``probabilities``, a list in the order of choices
                          ``question``
    span-qa               ``question``, ``context``                ``prediction``, cut from the context, ``""`` for no
                                                                   answer; ``score``
    tagging               ``tokens`` (texts, or one text, which is ``prediction``, as many tags as tokens
                          split at spaces)
    ===================== ======================================== =====================================================

    Probabilities are 0–1; an ensemble's are the mean of its members'. The score of an answer is the probability of its
    start times that of its end in the window that holds it, 0–1; that of no answer is ``<s>``'s in the least sure
    window.

    Args:
        setup: An expression such as ``stack(lingnli, xnli)``.
        task: The name of a task, or a YAML file that declares one.
        base: ``e5-small``, a hub id or a folder of an XLM-R checkpoint.
        store: The store or its folder; None for ``$XADAPT_STORE``, else ``xadapt-store``.
        seed: The seed whose checkpoints are preferred.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        precision: ``auto``, ``fp32`` or ``bf16``.
        max_length: Tokens a row, None for the problem's default.
        display: Whether the checkpoints in use are told.

    Raises:
        XadaptError: If an option or the setup is wrong, a member is missing, the task has no head (retrieval, mining)
            or no head of the setup answers it.
    """
    # Rows are the caller's own, whatever $XADAPT_DATA says.
    lab = Session(base, "bundled", store, seed=seed, device=device, precision=precision, display=display)
    return lab.load(setup, task, max_length)
