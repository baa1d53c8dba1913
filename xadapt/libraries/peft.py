"""What reaches into peft (0.21)."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from peft import PeftConfig
    from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer
    from torch import nn


def new_tuner(encoder: nn.Module, name: str, config: PeftConfig) -> BaseTuner:
    """Inject an adapter with a tuner of its own, and leave no trace of the tuner on the encoder.

    A tuner of another type would take the configurations that it finds there for its own.

    Test: ``tests/methods/test_peft_library.py``, adapters of all types live in one model.
    """
    from peft.mapping import PEFT_TYPE_TO_TUNER_MAPPING

    tuner = PEFT_TYPE_TO_TUNER_MAPPING[config.peft_type](encoder, {name: config}, name)
    del encoder.peft_config
    return tuner


def inject_more(tuner: BaseTuner, encoder: nn.Module, name: str, config: PeftConfig) -> None:
    """Inject a further adapter with the tuner of those of its type.

    A second tuner would not have what they share, such as VeRA's projections; the tuner's own way leads through a
    wrapped model, of which there is none here.

    Test: ``tests/methods/test_adapter.py``, methods are equal when weights can be averaged (peft:vera).
    """
    tuner.peft_config[name] = config
    tuner.inject_adapter(encoder, name)


@contextmanager
def trainable_as_before(model: nn.Module) -> Iterator[None]:
    """Keep which parameters are trainable, which peft decides anew when an adapter is added or becomes active.

    Test: ``tests/methods/test_adapter.py``, adding an adapter leaves others and what is trainable as they are.
    """
    flags = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    try:
        yield
    finally:
        for parameter, flag in flags:
            parameter.requires_grad_(flag)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings of what was asked for: VeRA's projections are drawn again, a density of 1 drops nothing.

    Test: ``tests/libraries/test_peft.py``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def acts(layer: BaseTunerLayer) -> bool:
    """Whether a layer of peft computes something else than the layer that it is around."""
    if layer.merged:
        return True
    names = [name for holder in layer.adapter_layer_names for name in getattr(layer, holder)]
    return any(name in names for name in layer.active_adapters)
