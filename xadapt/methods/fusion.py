"""AdapterFusion, full and of low rank: added, stored, loaded, regularised and written out as an ordinary one.

Source: AdapterFusion, arXiv 2005.00247.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from adapters.methods.bottleneck import BottleneckLayer
from adapters.utils import ADAPTERFUSION_CONFIG_NAME, SAFE_ADAPTERFUSION_WEIGHTS_NAME
from torch import Tensor, nn

from xadapt.errors import XadaptError
from xadapt.libraries.adapters import FusionFiles
from xadapt.methods.adapters_library import has_adapter
from xadapt.methods.folded_fusion import fold
from xadapt.methods.low_rank_fusion import LowRankValue, Moments, lower, set_low_rank, start_narrow
from xadapt.store.files import atomic_folder, read_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapters import XLMRobertaAdapterModel
    from adapters.composition import Fuse
    from adapters.methods.modeling import BertFusion

#: Strength of the pull of the value matrices to the identity, the library's.
_PULL = 0.01


def add_fusion(model: XLMRobertaAdapterModel, fused: Fuse, narrow: int | None = None) -> None:
    """Add fresh fusion layers wherever the members have adapters.

    Args:
        model: A model of the adapters library that holds the members.
        fused: The members.
        narrow: The rank of layers that are of low rank from the start; None for full ones.

    Raises:
        XadaptError: If the members cannot be fused, or the rank is not between 1 and the width of the base.
    """
    if narrow is not None:
        check_rank(narrow, model.config.hidden_size)
    _add(model, fused, narrow, None)
    for layer in fusion_layers(model, fused).values() if narrow is not None else ():
        start_narrow(layer)


def check_rank(rank: int, width: int) -> None:
    """Check that a fusion on a base of some width can have a rank.

    Raises:
        XadaptError: If it is not between 1 and the width.
    """
    if not 1 <= rank <= width:
        raise XadaptError(f"a fusion of rank {rank} is not possible on this base: choose a rank from 1 to {width}")


def lower_fusion(
    model: XLMRobertaAdapterModel, fused: Fuse, rank: int, run: Callable[[], object] | None = None
) -> None:
    """Turn a full fusion into the nearest one of low rank.

    Args:
        model: A model in which the fusion is active.
        fused: Its members.
        rank: The rank.
        run: Runs the model, through :func:`xadapt.backbone.encoder.run`, on texts like those that it is for; nearest is
            what differs least on them. Without it all directions count alike.

    Raises:
        XadaptError: If the rank is not between 1 and the width of the base.
    """
    check_rank(rank, model.config.hidden_size)
    layers = fusion_layers(model, fused)
    moments = {key: Moments.of_width(model.config.hidden_size) for key in layers}
    if run is not None:
        # A watched layer computes as the library does, so it is given the members' whole vectors.
        hooks = [layer.register_forward_pre_hook(_counting(model, moments[key])) for key, layer in layers.items()]
        try:
            run()
        finally:
            for hook in hooks:
                hook.remove()
    for key, layer in layers.items():
        lower(layer, rank, moments[key])


def _counting(model: XLMRobertaAdapterModel, moments: Moments) -> Callable[[nn.Module, Any], None]:
    def count(layer: nn.Module, given: Any) -> None:
        query, members = given[:2]
        tokens = model.roberta.encoder.batch.mask[:, : query.shape[1]].bool()
        moments.add(query[tokens], members[tokens])

    return count


def _add(model: XLMRobertaAdapterModel, fused: Fuse, rank: int | None, config: Any) -> None:
    if not all(has_adapter(model, name) for name in fused):
        raise _unfusable(fused)
    try:
        model.add_adapter_fusion(fused, config=config)
    except ValueError as error:
        raise XadaptError(f"{', '.join(fused)} cannot be fused ({error}): train them with like adapters") from None
    for part in _bottlenecks(model, fused).values():
        if part.adapters.keys().isdisjoint(fused):
            # The library adds a layer here too, which would never be used.
            part.delete_fusion_layer(fused.name)
    parts = _bottlenecks(model, fused)
    if not parts:
        raise _unfusable(fused)
    for part in parts.values():
        if rank is not None:
            set_low_rank(part.adapter_fusion_layer[fused.name], rank)
        fold(part)


def _unfusable(fused: Fuse) -> XadaptError:
    return XadaptError(f"{', '.join(fused)} cannot be fused: only bottleneck adapters, such as seq_bn, can be")


def fusion_layers(model: XLMRobertaAdapterModel, fused: Fuse) -> dict[int | str, BertFusion]:
    """The layers of one fusion, from the bottom up.

    Returns:
        The layers by index; by ``INDEX.LOCATION`` where a layer of the base has more than one, as under
        ``double_seq_bn``.
    """
    return {key: part.adapter_fusion_layer[fused.name] for key, part in _bottlenecks(model, fused).items()}


def _bottlenecks(model: XLMRobertaAdapterModel, fused: Fuse) -> dict[int | str, BottleneckLayer]:
    found: dict[int | str, BottleneckLayer] = {}
    for index, layer in model.iter_layers():
        parts = {
            part.location_key: part
            for part in layer.modules()
            if isinstance(part, BottleneckLayer) and fused.name in part.adapter_fusion_layer
        }
        found.update({index if len(parts) == 1 else f"{index}.{location}": part for location, part in parts.items()})
    return found


def save_fusion(model: XLMRobertaAdapterModel, fused: Fuse, folder: Path) -> None:
    """Write a fusion as AdapterHub lays it out, safetensors; the configuration of one of low rank has a ``rank``."""
    value = next(iter(fusion_layers(model, fused).values())).value
    rank = {"rank": value.down.out_features} if isinstance(value, LowRankValue) else None
    with atomic_folder(folder) as temporary:
        FusionFiles(model, use_safetensors=True).save(str(temporary), fused.name, meta_dict=rank)


def load_fusion(model: XLMRobertaAdapterModel, fused: Fuse, folder: Path) -> None:
    """Add a stored fusion, of whichever kind it is; its members may have had other names and another order.

    Raises:
        XadaptError: If the folder is not a whole fusion for this base.
    """
    config = read_json(folder / ADAPTERFUSION_CONFIG_NAME)
    weights = folder / SAFE_ADAPTERFUSION_WEIGHTS_NAME
    # The library would look for a pickle instead.
    if not weights.is_file():
        raise _broken(folder, f"{weights.name} is missing")
    loading: dict[str, list[str]] = {}
    try:
        if not isinstance(config["config"], dict):
            # The library would take a text for the path of a file.
            raise ValueError("its configuration is no object")
        _add(model, fused, config.get("rank"), config["config"])
        FusionFiles(model, use_safetensors=True).load(str(folder), load_as=fused.name, loading_info=loading)
    except (ArithmeticError, AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise _broken(folder, str(error).strip() or type(error).__name__) from None
    # The library leaves what it misses as it was, random.
    for what, keys in loading.items():
        if keys:
            raise _broken(folder, f"{what.replace('_', ' ')}: {len(keys)}, {keys[0]} first")


def _broken(folder: Path, reason: str) -> XadaptError:
    line = " ".join(reason.split())[:160]
    return XadaptError(f"the fusion at {folder} does not load ({line}): restore the folder or train the fusion again")


def regularisation(model: XLMRobertaAdapterModel, fused: Fuse) -> Tensor:
    """The penalty that draws value matrices to the identity: 0.01 times the squared distance, summed over layers.

    Returns:
        A scalar, differentiable.

    Source: AdapterFusion, arXiv 2005.00247, section 3.2; ``get_fusion_regularization_loss`` of adapters 1.3.
    """
    values: list[Any] = [layer.value.weight for layer in fusion_layers(model, fused).values()]
    return _PULL * torch.stack([(torch.eye(len(v), device=v.device) - v).pow(2).sum() for v in values]).sum()


def as_full(layer: BertFusion) -> dict[str, Tensor]:
    """The weights of the ordinary AdapterFusion layer that computes the same.

    Args:
        layer: A layer of a fusion, of either kind.

    Returns:
        ``query`` and ``key``, each with ``.weight`` of shape (width, width) and ``.bias`` of shape (width,), and
        ``value.weight`` of shape (width, width); detached.
    """
    full = {"value.weight": layer.value.weight.detach()}
    for name in ("query", "key"):
        rows = getattr(layer, name).state_dict()
        missing = layer.dense_size - len(rows["bias"])
        # Rows of zeros add nothing to a score.
        full[f"{name}.weight"] = nn.functional.pad(rows["weight"], (0, 0, 0, missing))
        full[f"{name}.bias"] = nn.functional.pad(rows["bias"], (0, missing))
    return full


def expand_fusion(model: XLMRobertaAdapterModel, fused: Fuse) -> None:
    """Turn a fusion of low rank into the ordinary one that computes the same, frozen, for use without xadapt."""
    for layer in fusion_layers(model, fused).values():
        weights, width = as_full(layer), layer.dense_size
        layer.query, layer.key = nn.Linear(width, width), nn.Linear(width, width)
        layer.value = nn.Linear(width, width, bias=False)
        layer.load_state_dict(weights, assign=True)
        layer.requires_grad_(False)
