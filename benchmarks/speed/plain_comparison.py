"""The jobs of a whole comparison as a user would write them with the adapters library alone, each by itself.

fp32, every batch a random draw of one task padded to its longest row, dev loss after every epoch, the library's own
encoder and fusion, nothing kept from one job to the next but the loaded base. Adapters that a job would load are fresh
ones here, because time does not depend on what they have learnt.
"""

from __future__ import annotations

import random
import tempfile
import time
from functools import partial
from typing import TYPE_CHECKING

import torch
from adapters import AdapterTrainer
from adapters.composition import Fuse, Stack
from transformers import TrainingArguments
from transformers.trainer_callback import PrinterCallback

from xadapt.problems.base import Feature, Problem, bind
from xadapt.tasks.catalogue import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adapters import XLMRobertaAdapterModel
    from comparison_view import Times

    from xadapt.backbone.base import Backbone
    from xadapt.data.source import Source
    from xadapt.experiments.recipe import Budget, Recipe
    from xadapt.tasks import Task

CONFIG = "seq_bn[reduction_factor=8]"
EVAL_BATCH = 32
SEED = 42
#: What a target adapter is put on, from the bottom up.
Parts = tuple[str | Fuse, ...]
#: Rows of one task that are a batch.
Rows = tuple[str, list[Feature]]


class PlainJobs:
    """Every kind of job that the plain way of a recipe consists of.

    Attributes:
        jobs: By name; a job returns processor seconds, all of it and by language where it evaluates.
    """

    def __init__(self, recipe: Recipe, backbone: Backbone, source: Source) -> None:
        """Bind to a recipe with intermediate adapters and one target."""
        self.backbone, self.source = backbone, source
        target, self.test = next(iter(recipe.targets.items()))
        self.target, self.members = DEFAULT[target], tuple(recipe.adapters)
        assert self.test.train is not None
        # An ordinary model has its words unpacked.
        self.words = backbone.model().get_input_embeddings().weight.data
        under: dict[str, Parts] = {
            "none": (),
            "single": self.members[:1],
            "stack": self.members,
            "fuse": (Fuse(*self.members),),
        }
        self.jobs: dict[str, Callable[[], Times]] = {
            **{f"adapter {name}": partial(self._adapter, [name], recipe.adapters[name]) for name in self.members},
            "multitask": partial(self._adapter, list(self.members), recipe.multitask),
            "fusion": partial(self._fusion, recipe.fusion),
            **{f"target on {name}": partial(self._target, parts, self.test.train) for name, parts in under.items()},
            **{f"evaluate {name}": partial(self._evaluate, parts) for name, parts in under.items()},
        }

    def run(self, name: str) -> Times:
        """Do a job."""
        began = time.process_time()
        times = self.jobs[name]()
        return {"seconds": time.process_time() - began, **times}

    def _model(self, adapters: Iterable[str], tasks: Iterable[Task]) -> XLMRobertaAdapterModel:
        model = self.backbone.model()
        model.set_input_embeddings(torch.nn.Embedding.from_pretrained(self.words, padding_idx=1))
        for name in adapters:
            model.add_adapter(name, config=CONFIG)
        for task in tasks:
            self._problem(task).add_head(model, task.name)
        return model

    def _problem(self, task: Task) -> Problem:
        return bind(task, self.backbone)

    def _on_setup(self, parts: Parts) -> XLMRobertaAdapterModel:
        """A model with a fresh target adapter on a frozen setup, ready to train."""
        fused = [part for part in parts if isinstance(part, Fuse)]
        named = [name for part in parts for name in (part.children if isinstance(part, Fuse) else [part])]
        model = self._model([*named, self.target.name], [self.target])
        for part in fused:
            model.add_adapter_fusion(part)
        model.train_adapter(self.target.name)
        model.set_active_adapters(Stack(*parts, self.target.name) if parts else self.target.name)
        return model

    def _adapter(self, names: list[str], budget: Budget) -> Times:
        tasks = [DEFAULT[name] for name in names]
        model = self._model(["new"], tasks)
        model.train_adapter("new")
        model.set_active_adapters("new")
        return self._train(model, tasks, budget)

    def _fusion(self, budget: Budget) -> Times:
        tasks = [DEFAULT[name] for name in self.members]
        model = self._model(self.members, tasks)
        fused = Fuse(*self.members)
        model.add_adapter_fusion(fused)
        model.train_adapter_fusion(fused)
        return self._train(model, tasks, budget, even=True)

    def _target(self, parts: Parts, budget: Budget) -> Times:
        return self._train(self._on_setup(parts), [self.target], budget)

    def _train(self, model: XLMRobertaAdapterModel, tasks: list[Task], budget: Budget, even: bool = False) -> Times:
        problems = {task.name: self._problem(task) for task in tasks}
        train: dict[str, list[Feature]] = {}
        dev: dict[str, list[Feature]] = {}
        for task in tasks:
            problem = problems[task.name]
            train[task.name] = problem.encode(self.source.train(task, budget.limit).rows, labelled=True)
            dev[task.name] = problem.encode(self.source.dev(task, budget.dev_limit).rows, labelled=True)
        if even:
            least = min(map(len, train.values()))
            train = {name: part[:least] for name, part in train.items()}
        assert budget.batch_size is not None
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                output_dir=folder,
                num_train_epochs=budget.epochs,
                # What the Trainer sees as a row is a batch already: the tasks of a mixture have heads of their own.
                per_device_train_batch_size=1,
                per_device_eval_batch_size=1,
                prediction_loss_only=True,
                learning_rate=1e-3,
                warmup_ratio=0.06,
                use_cpu=True,
                eval_strategy="epoch",
                save_strategy="no",
                remove_unused_columns=False,
                report_to=[],
                disable_tqdm=True,
                logging_strategy="no",
                seed=SEED,
            )
            trainer = AdapterTrainer(
                model=model,
                args=arguments,
                train_dataset=_batches(train, budget.batch_size),
                eval_dataset=_batches(dev, EVAL_BATCH),
                data_collator=lambda items: {**problems[items[0][0]].collate(items[0][1]), "head": items[0][0]},
            )
            trainer.remove_callback(PrinterCallback)
            trainer.train()
        return {"steps": trainer.state.global_step}

    @torch.inference_mode()
    def _evaluate(self, parts: Parts) -> Times:
        model, problem = self._on_setup(parts).eval(), self._problem(self.target)
        seconds = {}
        for language in self.source.pick_languages(self.target, self.test.languages):
            began = time.process_time()
            rows = self.source.test(self.target, language, self.test.limit).rows
            features, raw = problem.encode(rows, labelled=False), []
            for start in range(0, len(features), EVAL_BATCH):
                batch = problem.collate(features[start : start + EVAL_BATCH])
                raw += list(problem.read(model(**batch, head=self.target.name)))
            problem.score(problem.decode(raw, features, rows), rows, language)
            seconds[language] = time.process_time() - began
        return {"languages": seconds}


def _batches(parts: dict[str, list[Feature]], size: int) -> list[Rows]:
    """Random batches, each of one task."""
    order = random.Random(SEED)
    batches: list[Rows] = []
    for name, features in parts.items():
        drawn = order.sample(features, len(features))
        batches += [(name, drawn[start : start + size]) for start in range(0, len(drawn), size)]
    return batches
