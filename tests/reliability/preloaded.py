"""What every command needs, loaded once: the processes that tests kill are forked from one that has it."""

from __future__ import annotations

import gc
import importlib
import pkgutil

import torch

import xadapt

torch.set_num_threads(1)
for module in pkgutil.walk_packages(xadapt.__path__, "xadapt."):
    importlib.import_module(module.name)
importlib.import_module("transformers").Trainer  # noqa: B018 - loaded when it is named
importlib.import_module("adapters").XLMRobertaAdapterModel  # noqa: B018
gc.freeze()
