"""What reaches into the adapters library (1.3)."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from adapters.loading import AdapterFusionLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from adapters import XLMRobertaAdapterModel
    from adapters.methods.bottleneck import BottleneckLayer
    from torch import nn


def quiet() -> None:
    """Silence the library's remarks on what is as it should be, such as heads without names for their labels.

    Test: ``tests/libraries/test_adapters.py``, quiet.
    """
    logging.getLogger("adapters").setLevel(logging.ERROR)


def override(layer: nn.Module, methods: type) -> None:
    """Let a layer that the library made have some methods of ours before its own.

    The library makes its layers itself and nowhere asks of which class they are to be. The layer keeps its modules, its
    parameters, and the name and module of its class.

    Test: ``tests/methods/test_folded_fusion.py``, which counts what the library computes.

    Args:
        layer: The layer.
        methods: A class whose methods come first; ``super()`` reaches the library's.
    """
    kind: Any = type(layer)
    if not issubclass(kind, methods):
        layer.__class__ = _subclass(kind, methods)


@cache
def _subclass(kind: Any, methods: type) -> Any:
    # A layer is found by the name of its class, and copies have to find the class again.
    return type(kind)(kind.__name__, (methods, kind), {"__module__": kind.__module__})


def set_word_embedding(model: XLMRobertaAdapterModel, words: nn.Module) -> None:
    """Give a model another word embedding.

    The module for prompt tuning, which every model has, holds the old one too and would keep it in memory.

    Test: ``tests/backbone/test_packed_embedding.py``, no module of a model holds a dense embedding of words.
    """
    model.set_input_embeddings(words)
    model.roberta.prompt_tuning.base_model_embeddings = words


class FusionFiles(AdapterFusionLoader):
    """Stores and loads one fusion.

    The library takes every fusion whose name begins like this one's: that of a and b would hold that of a, b and c.

    Test: ``tests/methods/test_fusion_files.py``, a stored fusion holds no other whose name begins alike.
    """

    def filter_func(self, name: str) -> Callable[[str], bool]:
        """Whether a parameter is a fusion's."""
        return lambda key: f"adapter_fusion_layer.{name}." in key


@contextmanager
def bottleneck_forward(replaced: Mapping[BottleneckLayer, Callable[..., Any]]) -> Iterator[None]:
    """Let layers compute their bottlenecks with other functions for a while.

    In XLM-R what holds bottlenecks is a whole module with its linear layer and layer norm, so that a hook on it would
    see what comes before the adapters, too.

    Test: ``tests/explain/test_similarity.py``.
    """
    for layer, forward in replaced.items():
        layer.bottleneck_layer_forward = forward
    try:
        yield
    finally:
        for layer in replaced:
            del layer.bottleneck_layer_forward
