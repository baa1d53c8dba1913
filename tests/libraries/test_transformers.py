"""What reaches into transformers, beside what it does by itself."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models
from transformers import TrainingArguments
from transformers import logging as library_logging

from xadapt.libraries import transformers


def test_quiet_silences_remarks_and_not_errors() -> None:
    before = library_logging.get_verbosity()
    library_logging.set_verbosity_warning()
    try:
        transformers.quiet()
        assert library_logging.get_verbosity() == library_logging.ERROR
    finally:
        library_logging.set_verbosity(before)


def test_a_tokenizer_is_wrapped_as_it_is_and_not_copied() -> None:
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), ("a", -1.0)], unk_id=0, byte_fallback=False))
    wrapped = transformers.fast_tokenizer(tokenizer, 12)
    assert wrapped.backend_tokenizer is tokenizer
    assert wrapped.model_max_length == 12


@pytest.mark.parametrize("gpus", [0, 1, 2, 8])
def test_a_batch_stays_on_one_gpu(tmp_path: Path, gpus: int) -> None:
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[])
    arguments._n_gpu = gpus
    assert transformers.on_one_device(arguments).n_gpu == min(1, gpus)


def test_states_without_times_are_no_warning_and_all_else_is_one() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with transformers.states_by_number():
            warnings.warn("mtime may not be reliable on this filesystem", stacklevel=1)
            warnings.warn("something else", stacklevel=1)
    assert [str(one.message) for one in seen] == ["something else"]


def test_what_is_imported_is_left_out_of_garbage_collection() -> None:
    gc.unfreeze()
    transformers.leave_out_of_collection.cache_clear()
    transformers.leave_out_of_collection()
    assert gc.get_freeze_count() > 50_000
