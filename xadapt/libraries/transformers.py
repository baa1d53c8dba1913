"""What reaches into transformers (4.57)."""

from __future__ import annotations

import gc
import warnings
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters import XLMRobertaAdapterModel
    from tokenizers import Tokenizer
    from transformers import TrainingArguments, XLMRobertaTokenizerFast


def quiet() -> None:
    """Silence the library's remarks on what is as it should be, such as weights that a bare encoder does not need.

    Test: ``tests/libraries/test_transformers.py``, quiet.
    """
    import transformers

    transformers.logging.set_verbosity_error()


def set_encoder_class(model: XLMRobertaAdapterModel, encoder_class: type) -> None:
    """Let the encoder of a model, which the library made, be of a subclass of ours, with all that it has.

    Making another encoder would copy its layers, and nothing asks of which class it is to be.

    Test: ``tests/backbone/test_encoder.py``, all of it.
    """
    model.roberta.encoder.__class__ = encoder_class


def fast_tokenizer(tokenizer: Tokenizer, longest: int) -> XLMRobertaTokenizerFast:
    """Wrap a tokenizer without the deep copy that the library makes.

    Copying 250,000 pieces would double the time to load the default base.

    Test: ``tests/libraries/test_transformers.py``, a tokenizer is wrapped as it is.

    Args:
        tokenizer: The tokenizer, which must not be changed afterwards.
        longest: Tokens that a model takes.
    """
    from transformers import XLMRobertaTokenizerFast

    return XLMRobertaTokenizerFast(tokenizer_object=_AsItIs(tokenizer), model_max_length=longest)


class _AsItIs:
    """Something whose deep copy is what it holds."""

    def __init__(self, held: Any) -> None:
        self.held = held

    def __deepcopy__(self, memo: object) -> Any:
        return self.held


def on_one_device(arguments: TrainingArguments) -> TrainingArguments:
    """Keep the Trainer from spreading a batch over all GPUs that it sees.

    ``DataParallel`` cannot split batches that name their task, and no option turns it off; several GPUs are
    accelerate's to launch.

    Test: ``tests/libraries/test_transformers.py``, a batch stays on one GPU.
    """
    arguments._n_gpu = min(1, arguments.n_gpu)
    return arguments


class OwnStates:
    """Mixed into the Trainer: what a run that was cut goes on from is written and read by a subclass.

    The library has no option for it: it stores the whole model, or a part that peft names.

    Test: ``tests/training/test_resuming.py``, all of it.
    """

    args: TrainingArguments

    def write_state(self, folder: Path) -> None:
        """Write what is to be kept of the model into a folder, which need not be there."""
        raise NotImplementedError

    def read_state(self, folder: Path) -> None:
        """Put back what is in a folder."""
        raise NotImplementedError

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        self.write_state(Path(output_dir or self.args.output_dir))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        self.read_state(Path(resume_from_checkpoint))


@contextmanager
def states_by_number() -> Iterator[None]:
    """Let the Trainer go by numbers where a file system keeps no times, as some of containers do, without a warning.

    Test: ``tests/libraries/test_transformers.py``, states without times.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="mtime may not be reliable")
        yield


@cache
def leave_out_of_collection() -> None:
    """Keep garbage collection, which the Trainer calls before every run, from going through the libraries again.

    A recipe has many short runs, and there are some hundred thousand objects to go through.

    Test: ``tests/libraries/test_transformers.py``, what is imported is left out of garbage collection.
    """
    from adapters import XLMRobertaAdapterModel  # noqa: F401 - what it brings with it is to be there already

    gc.collect()
    gc.freeze()
