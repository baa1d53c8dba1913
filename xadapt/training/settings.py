"""Settings of a training run, checked before anything is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from xadapt.errors import option
from xadapt.methods.layer_grammar import Layers, names_layers, with_layers
from xadapt.validation import BatchSize, Count, Epochs, Rate, Tokens, validated

if TYPE_CHECKING:
    from xadapt.problems.base import Defaults
    from xadapt.store.records import Json

DEFAULT_ADAPTER = "seq_bn[reduction_factor=8]"
DEFAULT_LAYERS = "all"
#: Where and how a run goes on and is watched, which decides nothing; layers decide as a part of the adapter's method.
_IDLE = frozenset(("save_steps", "resume", "report_to", "adapter_layers"))
#: Settings that hold for some kinds of run only (see :class:`~xadapt.training.run_kinds.RunKind`).
_PARTICULAR = frozenset(("mixing_cap",))


class TrainSettings(BaseModel):
    """What the user may choose; None means the default of the problem (or of fusion).

    Attributes:
        epochs: Passes over the training rows.
        lr: Peak learning rate; it warms up over 6 % of the steps and falls linearly to 0.
        batch_size: Rows a step.
        limit: Training rows a task, taken by a fixed shuffle.
        dev_limit: English development rows a task that choose the best epoch.
        max_length: Tokens a row (a window in QA).
        adapter_config: An adapter method as the adapters library writes it, or one of peft's: ``peft:lora[r=8]``.
        adapter_layers: Layers that carry the adapter, such as ``all``, ``6-11``, ``6-`` or ``0,2,4``.
        mixing_cap: Rows of a task that count in an epoch of a multi-task mixture, whose parts are otherwise as large as
            their tasks (2^17 in arXiv 2005.13013).
        save_steps: Steps between the states that an interrupted run goes on from.
        resume: Whether an interrupted run goes on from its last state; else it begins again.
        report_to: Loggers of the Trainer, such as ``tensorboard`` or ``wandb``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: Epochs | None = None
    lr: Rate | None = None
    batch_size: BatchSize | None = None
    limit: Count | None = None
    dev_limit: Count = 500
    max_length: Tokens | None = None
    adapter_config: str = DEFAULT_ADAPTER
    adapter_layers: Layers = DEFAULT_LAYERS
    mixing_cap: Count = 2**17
    save_steps: Count = 200
    resume: bool = True
    report_to: str = "none"

    @field_validator("adapter_layers")
    @classmethod
    def _once(cls, layers: str, info: ValidationInfo) -> str:
        if names_layers(info.data.get("adapter_config", "")):
            raise ValueError(f"{option('adapter_config')} says layers already")
        return layers

    def with_defaults(self, defaults: Defaults) -> TrainSettings:
        """Fill what the user left open, and put the layers into the configuration of the adapter."""
        return self.model_copy(
            update={
                "adapter_config": with_layers(self.adapter_config, self.adapter_layers),
                "epochs": self.epochs or defaults.epochs,
                "lr": self.lr or defaults.lr,
                "batch_size": self.batch_size or defaults.batch_size,
            }
        )

    def deciding(self, particular: tuple[str, ...] = ()) -> Json:
        """The settings that decide a result, filled in.

        Args:
            particular: Settings of the kind of run alone that count too.
        """
        return self.model_dump(exclude=set(_IDLE | (_PARTICULAR - set(particular))))


def make_settings(**options: Any) -> TrainSettings:
    """Build settings from options, leaving out those that are None; a wrong value is one line that names it."""
    return validated(TrainSettings, **options)
