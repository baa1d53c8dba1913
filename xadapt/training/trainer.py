"""The training loop: the Trainer of transformers with our batches, losses and checkpoints."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from xadapt.errors import RunFailed, XadaptError, option, unknown
from xadapt.libraries.transformers import OwnStates
from xadapt.problems.predict import autocast
from xadapt.problems.teaching import learning_loss
from xadapt.store.disk import make_folder
from xadapt.store.files import atomic_write_bytes, read_json
from xadapt.training.batches import LengthBatches, MicroBatch, MixedFeatures, TaskBatch, TaskCollator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapters import XLMRobertaAdapterModel

    from xadapt.problems.base import Problem

#: Padded tokens of a micro-batch: 32 rows of 128 tokens take turns, in half the memory.
#: A GPU takes a batch whole, because it is slower on small ones.
MICRO_BATCH_TOKENS = {"cpu": 2048}
_STATE = "trained.safetensors"


class Diverged(RunFailed):
    """What is being trained is not finite any more."""


def trained_state(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The parameters that are being trained, by name, detached and on the CPU."""
    return {
        name: parameter.detach().to("cpu").clone().contiguous()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def load_trained(model: torch.nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Put parameters back that :func:`trained_state` took."""
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in state.items():
            parameters[name].copy_(value)


class XadaptTrainer(OwnStates, Trainer):
    """The Trainer of transformers, one task a batch.

    Every interrupted state holds exactly the trained parameters, as safetensors. The fusion regulariser is part of the
    loss, so that it acts in the step it belongs to; the adapters library's own trainer adds it one step late, and
    refuses models whose only adapter is one of peft.
    """

    def __init__(
        self,
        problems: dict[str, Problem],
        precision: str,
        penalty: Callable[[], torch.Tensor] | None = None,
        **kwargs: Any,
    ) -> None:
        """Bind to the problems by task name; a head of that name answers each. ``penalty`` is added to each loss."""
        budget = MICRO_BATCH_TOKENS.get(kwargs["args"].device.type)
        super().__init__(data_collator=TaskCollator(problems, budget), **kwargs)
        self.problems, self.precision, self.penalty = problems, precision, penalty
        self.model_accepts_loss_kwargs = False

    def get_train_dataloader(self) -> DataLoader:
        """Batches of one task and like length."""
        data: Any = self.train_dataset
        assert isinstance(data, MixedFeatures)
        sampler = LengthBatches(data, self.args.per_device_train_batch_size, self.args.seed)
        return self.accelerator.prepare(DataLoader(data, batch_sampler=sampler, collate_fn=self.data_collator))

    def training_step(
        self, model: XLMRobertaAdapterModel, inputs: TaskBatch, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Go forward and back through the micro-batches, one after the other."""
        step, task = super().training_step, inputs["task"]
        pairs = zip(inputs["micro_batches"], inputs["shares"], strict=True)
        losses = [step(model, MicroBatch(task=task, batch=batch, share=share)) for batch, share in pairs if share]
        return torch.stack(losses).sum()

    def compute_loss(
        self,
        model: XLMRobertaAdapterModel,
        inputs: MicroBatch,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """What a micro-batch adds to its batch's loss: the task's own, with the regulariser when fusion is trained."""
        task, batch = inputs["task"], inputs["batch"]
        problem = self.problems[task]
        with autocast(self.args.device, self.precision):
            outputs = problem.forward(model, batch, task if problem.needs_head else None)
        loss = learning_loss(problem, outputs, batch) / problem.scale
        if not torch.isfinite(loss):
            raise Diverged(f"the loss of {task} is {loss.item()} at step {self.state.global_step}")
        if self.penalty:
            loss = loss + self.penalty()
        loss = loss * inputs["share"]
        return (loss, outputs) if return_outputs else loss

    def get_decay_parameter_names(self, model: XLMRobertaAdapterModel) -> list[str]:
        """All but the value matrices of fusion: the regulariser draws them to the identity, decay would to zero."""
        names = super().get_decay_parameter_names(model)
        return [name for name in names if not ("adapter_fusion_layer." in name and ".value." in name)]

    def floating_point_ops(self, inputs: TaskBatch) -> int:
        """Not estimated: the library's estimate needs the ids at the top level of a batch."""
        return 0

    def write_state(self, folder: Path) -> None:
        """Keep the trained parameters."""
        make_folder(folder)
        save_file(trained_state(self.model), folder / _STATE)

    def read_state(self, folder: Path) -> None:
        """Put them back."""
        load_trained(self.model, load_file(folder / _STATE))


def last_state(folder: Path) -> Path | None:
    """The newest state in a folder that an interrupted run can go on from, None if there is none.

    A run can be cut in the middle of a save too; what was written last is then missing or cut short.
    """
    states = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rsplit("-", 1)[1]))
    for state in reversed(states):
        try:
            read_json(state / TRAINER_STATE_NAME)
            return state
        except XadaptError:
            shutil.rmtree(state, ignore_errors=True)
    return None


class KeepBest(TrainerCallback):
    """Measure English dev after every epoch and keep all trained parameters of the best one, heads included."""

    def __init__(self, folder: Path, measure: Callable[[], float]) -> None:
        """Keep the best state in ``folder``; ``measure`` gives the score that ranks, higher is better."""
        self.folder, self.measure = folder, measure
        self.history: list[dict[str, float]] = []
        self._file = folder / "best.json"
        if self._file.is_file() and (folder / "best.safetensors").is_file():
            self.history = read_json(self._file)

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, *, model: torch.nn.Module, **_: Any
    ) -> None:
        """Measure an epoch that was saved to its last step and cut off before it was measured."""
        ended = state.epoch and (float(state.epoch).is_integer() or state.global_step >= state.max_steps)
        if ended and state.global_step not in {entry["step"] for entry in self.history}:
            self._keep(state, model)

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, *, model: torch.nn.Module, **_: Any
    ) -> None:
        """Measure, and keep the state if it is the best so far."""
        self._keep(state, model)

    def _keep(self, state: TrainerState, model: torch.nn.Module) -> None:
        score = self.measure()
        # A run that goes on from before its last measured epoch measures that epoch again.
        self.history = [entry for entry in self.history if entry["step"] < state.global_step]
        best = max((entry["dev"] for entry in self.history), default=float("-inf"))
        self.history.append({"epoch": round(state.epoch or 0.0, 3), "step": state.global_step, "dev": score})
        if score > best:
            temporary = self.folder / "best.safetensors.tmp"
            save_file(trained_state(model), temporary)
            temporary.replace(self.folder / "best.safetensors")
        atomic_write_bytes(self._file, json.dumps(self.history).encode())

    @property
    def best(self) -> int:
        """The step of the best epoch, of the first one where several are equally good."""
        return int(max(self.history, key=lambda entry: entry["dev"])["step"])

    def restore(self, model: torch.nn.Module) -> None:
        """Put the best state back."""
        load_trained(model, load_file(self.folder / "best.safetensors"))


class Ticks(TrainerCallback):
    """Show how far training is."""

    def __init__(self, tick: Callable[[int, int, float | None], None]) -> None:
        """``tick(step, steps, loss)`` is called after every step; the loss is None between logs."""
        self.tick, self.loss = tick, None

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Remember the newest loss."""
        self.loss = (logs or {}).get("loss", self.loss)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Report the step."""
        self.tick(state.global_step, state.max_steps, self.loss)


def quiet(trainer: XadaptTrainer) -> None:
    """Take the library's own progress output away; xadapt shows its own."""
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)


def loggers(text: str) -> list[str]:
    """Read names of the Trainer's loggers, separated by commas, or ``none``.

    Raises:
        XadaptError: If the Trainer has none of a name, or its package is not installed.
    """
    from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK

    names = [name.strip() for name in text.split(",") if name.strip() not in ("", "none")]
    for name in names:
        if name not in INTEGRATION_TO_CALLBACK:
            raise unknown(f"logger of {option('report_to')}", name, [*INTEGRATION_TO_CALLBACK, "none"])
        try:
            INTEGRATION_TO_CALLBACK[name]()
        except Exception as error:
            raise XadaptError(f"{option('report_to', name)}: {str(error).splitlines()[0][:100]}") from None
    return names
