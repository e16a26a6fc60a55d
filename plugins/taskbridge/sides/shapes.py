"""What answers have to look like. Each is read once, where it comes in; nothing behind that has to doubt it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    NonNegativeInt,
    StringConstraints,
    ValidationError,
)

from taskbridge.core.bounds import moment
from taskbridge.errors import ContractBroken

_LONGEST: Final = 60


class Shape(BaseModel):
    """`expected` says what it is; of what is `secret` no value is ever told."""

    model_config = ConfigDict(strict=True, frozen=True)
    expected: ClassVar[str]
    secret: ClassVar[bool] = False


Kind = TypeVar("Kind", bound=Shape)


def shaped(shape: type[Kind], value: Any, asked: str) -> Kind:
    """The value in that shape. Raises ContractBroken, which begins with what was asked."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        seen = _seen(shape, error)
    # Out here, as the error quotes what was sent.
    raise ContractBroken(f"{asked}: expected {shape.expected}, got {seen}")


def _seen(shape: type[Shape], error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"one without {place}"
    value = first["input"]
    told = type(value).__name__ if shape.secret else described(value)
    return f"{told} as {place}" if place else told


def described(value: Any) -> str:
    """A value of JSON in a few words: what is in lists and objects is not told."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return _short(f"an object with {', '.join(map(ascii, sorted(map(str, value))))}") if value else "{}"
    return _short(ascii(value))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


Moment = Annotated[datetime, BeforeValidator(moment)]
Count = NonNegativeInt
Name = Annotated[str, StringConstraints(min_length=1)]
PathPart = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]+$")]
"""An id that becomes part of a path."""
