from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tests.error_checks import refused
from xadapt.errors import options_as_flags
from xadapt.validation import validated


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    batch_size: int = Field(default=32, ge=1)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    name: str = "x"
    media: list[Literal["disk or tape", "cloud"]] | None = None

    @field_validator("name")
    @classmethod
    def _short(cls, name: str) -> str:
        if len(name) > 3:
            raise ValueError("Longer than three letters")
        return name


def test_options_that_are_none_keep_their_defaults():
    assert validated(Options, batch_size=None, precision="fp32") == Options(precision="fp32")


def test_a_value_out_of_range_names_the_argument_and_the_value():
    with refused("batch_size", "got 0", advice="equal to 1"):
        validated(Options, batch_size=0)


def test_on_the_command_line_the_option_is_named_as_it_is_typed():
    with refused("--batch-size"), options_as_flags():
        validated(Options, batch_size=0)
    with refused("batch_size"):
        validated(Options, batch_size=0)


def test_a_misspelt_choice_is_answered_with_the_nearest_one():
    with refused("precision", "'bf61'", advice="'bf16'"):
        validated(Options, precision="bf61")
    with refused("media.1", "'disk or tap'", advice="'disk or tape'"):
        validated(Options, media=["cloud", "disk or tap"])


def test_an_option_that_does_not_exist_is_answered_with_the_nearest_one():
    with refused("'batchsize'", advice="'batch_size'"):
        validated(Options, batchsize=3)


def test_a_check_of_our_own_is_reported_in_its_own_words():
    with refused("name", "longer than three letters", "'long name'") as refusal:
        validated(Options, name="long name")
    assert "value error" not in refusal.text.lower()
