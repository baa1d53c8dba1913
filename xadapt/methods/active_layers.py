"""The layers of an encoder, numbered from 0, in which something acts that is active."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adapters.composition import Fuse, Stack
from adapters.context import AdapterSetup
from adapters.methods.adapter_layer_base import AdapterLayerBase
from adapters.methods.bottleneck import BottleneckLayer
from adapters.methods.lora import IA3, LoRA, LoRALinear, Vera
from adapters.methods.modeling import Adapter, ParallelAdapter
from torch import nn

from xadapt.methods import own_methods, peft_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters import XLMRobertaAdapterModel

#: Parts of the library that map each token by itself, unless they have a gate.
_TOKENWISE = (Adapter, ParallelAdapter, LoRA, IA3, Vera)
#: What layers share, and use in the layers themselves.
_POOLS = ("prefix_tuning.prefix_tunings", "shared_parameters")
_WITHIN = re.compile(r"encoder\.layer\.(\d+)\.")


def lowest_layer(model: XLMRobertaAdapterModel) -> int:
    """The lowest layer of the encoder in which anything acts that is active.

    Args:
        model: An ``XLMRobertaAdapterModel``.

    Returns:
        Its index: what goes into this layer is as in the bare base. 0 too for what acts at the embeddings, the number
        of layers if nothing acts.
    """
    depth: int = model.config.num_hidden_layers
    paths = [*(path for path, _ in _acting(model)), *peft_library.acting(model), *own_methods.acting(model)]
    return min((int(found[1]) if (found := _WITHIN.match(path)) else 0 for path in paths), default=depth)


def is_tokenwise(model: XLMRobertaAdapterModel) -> bool:
    """Whether all that is active maps each token by itself, given what goes into its layer.

    Prefixes add tokens to attend to, gates are means over a sequence, and ReFT looks at positions: they do not. A
    user's own method does if it was registered as such.

    Args:
        model: An ``XLMRobertaAdapterModel``.
    """
    # The methods of peft that there are here put linear layers or scales beside linear layers.
    return own_methods.is_tokenwise(model) and all(_maps_tokens(module) for _, module in _acting(model))


def _acting(model: XLMRobertaAdapterModel) -> Iterator[tuple[str, nn.Module]]:
    """Modules of the adapters library that change what the base computes, by path."""
    context = AdapterSetup.get_context()
    setup = context.adapter_setup if context else model.adapters_config.active_setup
    active = setup.flatten() if setup else set()
    for path, module in model.base_model.named_modules():
        if isinstance(module, AdapterLayerBase):
            acts = module.get_active_setup() is not None or getattr(module, "merged", False)
        else:
            # Invertible adapters are in a plain dictionary, and so may be modules of later versions.
            outside = isinstance(module, nn.ModuleDict) and not _WITHIN.match(path) and path not in _POOLS
            acts = outside and not active.isdisjoint(module.keys())
        if acts:
            yield path, module


def _maps_tokens(module: Any) -> bool:
    if not isinstance(module, BottleneckLayer | LoRALinear):
        return False
    setup = module.get_active_setup()
    if not _is_plain(setup):
        return False
    parts = [module.adapter_modules[name] for name in setup.flatten() if name in module.adapter_modules]
    return all(type(part) in _TOKENWISE and not part.use_gating for part in parts)


def _is_plain(block: Any) -> bool:
    return isinstance(block, str) or (type(block) in (Stack, Fuse) and all(map(_is_plain, block.children)))
