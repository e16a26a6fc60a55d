"""What administrators make a save do besides: triggers that change fields, validation rules that refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from .errors import ApiError

Draft = dict[str, Any]


class ValidationRule(BaseModel):
    """Refuses a save where the field, as text (empty for null), fits `refuse` from end to end.

    refuse: regular expression; message: what the refusal says; on_field: whether it names the field.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: str = "Task"
    field: str
    refuse: str
    message: str
    on_field: bool = False

    @field_validator("refuse")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as problem:
            raise ValueError(f"not a regular expression: {problem}") from problem
        return pattern


class Trigger(BaseModel):
    """Changes a field just before it is saved, whoever saves.

    action: upper (capitals), collapse (runs of white space become one space), truncate (to `value`
    characters), append (`value`, at every save), set (to `value`), refuse (with `value` as the message).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: str = "Task"
    on: Literal["insert", "update", "both"] = "both"
    field: str
    action: Literal["upper", "collapse", "truncate", "append", "set", "refuse"]
    value: Any = Field(default=None)


def fire(triggers: tuple[Trigger, ...], sobject: str, draft: Draft, *, creating: bool) -> None:
    """Changes `draft` in the order of the triggers. Raises ApiError for one that refuses."""
    event = "insert" if creating else "update"
    for trigger in triggers:
        if trigger.object == sobject and trigger.on in (event, "both"):
            draft[trigger.field] = _changed(trigger, draft.get(trigger.field), event)


def check(rules: tuple[ValidationRule, ...], sobject: str, draft: Mapping[str, Any]) -> None:
    """Raises ApiError FIELD_CUSTOM_VALIDATION_EXCEPTION for the first rule that the draft breaks."""
    for rule in rules:
        value = draft.get(rule.field)
        if rule.object == sobject and re.fullmatch(rule.refuse, _text(value), re.DOTALL):
            fields = [rule.field] if rule.on_field else []
            raise ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, 400, fields)


def _changed(trigger: Trigger, value: Any, event: str) -> Any:
    if trigger.action == "refuse":
        message = (
            f"{trigger.object}Trigger: execution of Before{event.capitalize()}\n\ncaused by: "
            f"System.DmlException: {trigger.value}\n\nTrigger.{trigger.object}Trigger: line 1, column 1"
        )
        raise ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, 400, [])
    if trigger.action == "set":
        return trigger.value
    return None if value is None else _normalised(trigger, str(value))


def _normalised(trigger: Trigger, text: str) -> str:
    if trigger.action == "upper":
        return text.upper()
    if trigger.action == "collapse":
        return " ".join(text.split())
    if trigger.action == "truncate":
        return text[: int(trigger.value)]
    return text + str(trigger.value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
