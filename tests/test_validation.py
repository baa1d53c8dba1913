from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from xadapt.errors import XadaptError, options_as_flags
from xadapt.validation import validated


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    batch_size: int = Field(default=32, ge=1)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    name: str = "x"

    @field_validator("name")
    @classmethod
    def _short(cls, name: str) -> str:
        if len(name) > 3:
            raise ValueError("Longer than three letters")
        return name


def fault(**options):
    with pytest.raises(XadaptError) as caught:
        validated(Options, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_options_that_are_none_keep_their_defaults():
    assert validated(Options, batch_size=None, precision="fp32") == Options(precision="fp32")


def test_a_value_out_of_range_names_the_argument_and_the_value():
    assert fault(batch_size=0) == "batch_size: input should be greater than or equal to 1 (got 0)"


def test_on_the_command_line_the_option_is_named_as_it_is_typed():
    with options_as_flags():
        assert fault(batch_size=0).startswith("--batch-size: ")
    assert fault(batch_size=0).startswith("batch_size: ")


def test_a_misspelt_choice_is_answered_with_the_nearest_one():
    assert fault(precision="bf61") == "precision: unknown value 'bf61': did you mean 'bf16'?"


def test_an_option_that_does_not_exist_is_named():
    assert fault(batchsize=3).startswith("batchsize: extra inputs are not permitted")


def test_the_words_of_a_check_of_our_own_stand_alone():
    assert fault(name="long name") == "name: longer than three letters (got 'long name')"
