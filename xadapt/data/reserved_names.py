"""Names that a user's own task cannot have."""

from __future__ import annotations

import re

from xadapt.composition.specs import composition_of
from xadapt.tasks.intermediate import INTERMEDIATE
from xadapt.tasks.targets import TARGET

_SHAPE = re.compile(r"[A-Za-z0-9][\w-]{1,99}")
SHIPPED = frozenset(task.name for task in (*INTERMEDIATE, *TARGET))
SUITES = frozenset(suite for task in TARGET for suite in task.suites)
#: An adapter is a part of the model under its task's name. It must not look like another part, nor hide a method of the
#: torch.nn.ModuleDict that holds it.
_PARTS = """
LayerNorm W_left W_right adapter_down adapter_fusion_layer adapter_up adapters attention bias control_trans dense
embeddings encoder gate heads intermediate invertible_adapters key layer learned_source lora_A lora_B loras original
output parametrizations phm_rule pool pooler position_embeddings prefix_gates prefix_tuning prefix_tunings projection
prompt_embedding prompt_tuning prompt_tunings query reft_layer refts roberta self self_prefix shared_parameters
token_type_embeddings units value weight word_embeddings wte T_destination add_module apply bfloat16 buffers
call_super_init children clear compile cpu cuda double dump_patches eval extra_repr float forward get_buffer
get_extra_state get_parameter get_submodule half ipu items keys load_state_dict modules mtia named_buffers
named_children named_modules named_parameters parameters pop register_backward_hook register_buffer
register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory
smart_apply state_dict to to_empty train training type update values xpu zero_grad
"""
PARTS = frozenset(_PARTS.split())


def name_fault(name: str) -> str | None:
    """What is wrong with a name for a task, None when nothing is."""
    if name in SHIPPED:
        return f"xadapt comes with a task called {name}: give yours another name"
    if name in SUITES:
        return f"{name} is a suite of tasks: give your task another name"
    if name == "none" or composition_of(name):
        return f"{name!r} is a word that setups are written with: give your task another name"
    if name in PARTS or name.isdigit():
        return f"{name!r} is the name of a part of the model: give your task another name, such as my-{name}"
    if not _SHAPE.fullmatch(name):
        return f"{name!r} cannot name an adapter: take two or more letters, digits, - and _, a letter or digit first"
    return None
