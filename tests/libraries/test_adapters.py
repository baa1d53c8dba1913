"""What reaches into the adapters library, beside what the library does by itself."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from adapters import XLMRobertaAdapterModel

from xadapt.backbone.base import Backbone
from xadapt.libraries import adapters


@pytest.fixture
def loud() -> Any:
    """The library as it is before it is made quiet."""
    logger = logging.getLogger("adapters")
    before = logger.level
    logger.setLevel(logging.WARNING)
    yield logger
    logger.setLevel(before)


def test_quiet_silences_remarks_and_not_errors(loud: logging.Logger) -> None:
    adapters.quiet()
    assert not loud.getChild("heads.base").isEnabledFor(logging.WARNING)
    assert loud.getChild("heads.base").isEnabledFor(logging.ERROR)


def test_an_overridden_layer_keeps_its_name_its_modules_and_what_is_not_overridden(tiny: Backbone) -> None:
    model: XLMRobertaAdapterModel = tiny.model()
    layer = model.roberta.encoder.layer[0].output
    kind, parameters = type(layer), list(layer.parameters())

    class Ours:
        def feed(self) -> str:
            return f"ours of {type(self).__name__}"

    adapters.override(layer, Ours)
    adapters.override(layer, Ours)
    assert layer.feed() == f"ours of {kind.__name__}"
    assert isinstance(layer, kind)
    assert type(layer).__mro__.count(Ours) == 1
    assert all(one is other for one, other in zip(layer.parameters(), parameters, strict=True))
    assert not hasattr(model.roberta.encoder.layer[1].output, "feed")
