"""Options checked by pydantic, with errors of one line."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from xadapt.errors import XadaptError, option, unknown

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], **options: Any) -> Model:
    """Build a model from options, leaving out those that are None.

    Raises:
        XadaptError: If a value is wrong; one line that names the option.
    """
    try:
        return model(**{key: value for key, value in options.items() if value is not None})
    except ValidationError as error:
        fault = error.errors()[0]
        raise fault_error(option(".".join(map(str, fault["loc"]))), fault) from None


def fault_error(where: str, fault: Any) -> XadaptError:
    """Turn pydantic's description of one fault into one line that starts with ``where``."""
    return XadaptError(f"{where}: {fault_text(fault)}")


def fault_text(fault: Any) -> str:
    """What is wrong, by pydantic's description of one fault."""
    given = fault.get("input")
    if fault["type"] == "literal_error":
        known = [name.strip(" '") for name in fault["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return str(unknown("value", str(given), known))
    # A check of our own comes as it was raised, one of pydantic's as a message.
    message = str(fault.get("ctx", {}).get("error") or fault["msg"])
    return f"{message[:1].lower()}{message[1:]} (got {given!r})"
