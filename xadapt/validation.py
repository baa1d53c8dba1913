"""Options checked by pydantic, with errors of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from xadapt.errors import XadaptError, option, quoted, shortened, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is wanted, not true or false")
    return value


_Number = BeforeValidator(_no_truth)

# Numbers that options and recipes take. What is above their bounds is a slip, or would never end.

#: Rows, steps and the like.
Count = Annotated[int, _Number, Field(ge=1, le=10**9)]
#: Rows that are worked on together.
BatchSize = Annotated[int, _Number, Field(ge=1, le=2**16)]
#: Passes over the training rows.
Epochs = Annotated[float, _Number, Field(gt=0, le=10_000)]
#: A learning rate.
Rate = Annotated[float, _Number, Field(gt=0, le=1)]
#: Tokens a row; a base has its own bound below.
Tokens = Annotated[int, _Number, Field(ge=16, le=2**20)]
#: A layer, counted from 0.
Layer = Annotated[int, _Number, Field(ge=0, le=1000)]
#: A seed, as numpy takes it.
Seed = Annotated[int, _Number, Field(ge=0, lt=2**32)]


def validated(model: type[Model], **options: Any) -> Model:
    """Build a model from options, leaving out those that are None.

    Raises:
        XadaptError: If a value is wrong; one line that names the option.
    """
    try:
        return model(**{key: value for key, value in options.items() if value is not None})
    except ValidationError as error:
        # A misspelt option explains a missing one, not the other way round.
        fault = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        if fault["type"] == "extra_forbidden":
            raise unknown("option", str(fault["loc"][-1]), model.model_fields) from None
        name = option(".".join(map(str, fault["loc"])))
        raise XadaptError(f"{name}: {fault_text(model, fault)}") from None


def fault_text(model: type[BaseModel], fault: ErrorDetails) -> str:
    """What is wrong, in one line.

    Args:
        model: The model that was to be built.
        fault: Pydantic's description of one fault.
    """
    given = fault["input"]
    if fault["type"] == "literal_error":
        shown = given if isinstance(given, str) else quoted(given)
        return str(unknown("value", shown, _literals(type_at(model, fault["loc"]))))
    # A check of our own comes as it was raised, one of pydantic's as a message.
    message = str(fault.get("ctx", {}).get("error") or fault["msg"])
    return f"{message[:1].lower()}{shortened(message[1:], 400)} (got {quoted(given)})"


def type_at(model: type[BaseModel], keys: Sequence[str | int]) -> Any:
    """The type that a model declares for what is at keys inside of it.

    Args:
        model: The model.
        keys: Names of fields, and keys and indices of what they hold.
    """
    found: Any = model
    for key in keys:
        inner = model_in(found)
        # A key or an index of a field that holds several leads to each of them alike.
        if inner and key in inner.model_fields:
            found = inner.model_fields[str(key)].annotation
    return found


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model that a type names, None if it names none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_in(part))), None)


def _literals(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    return [value for part in get_args(annotation) for value in _literals(part)]
