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
    given = fault.get("input")
    if fault["type"] == "literal_error":
        known = [name.strip(" '") for name in fault["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return XadaptError(f"{where}: {unknown('value', str(given), known)}")
    message = fault["msg"].removeprefix("Value error, ")
    return XadaptError(f"{where}: {message[:1].lower()}{message[1:]} (got {given!r})")
