"""Switches of a service: how it behaves where real installations differ."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from sandbox.kernel.store import Store

Switches = TypeVar("Switches", bound=BaseModel)


class SwitchBoard(Generic[Switches]):
    """The switches of one service, as a frozen model with a default for each; kept in the store."""

    def __init__(self, store: Store, model: type[Switches]) -> None:
        self._store = store
        self._model = model
        self.now: Switches = model.model_validate(store.get("_kernel", "switches") or {})

    def change(self, values: Mapping[str, Any]) -> Switches:
        """Raises pydantic's ValidationError for an unknown switch or a bad value; then nothing changes."""
        return self._set(self._model.model_validate({**self.now.model_dump(mode="json"), **values}))

    def reset(self) -> None:
        self._set(self._model())

    def _set(self, switches: Switches) -> Switches:
        self._store.put("_kernel", "switches", switches.model_dump(mode="json"))
        self.now = switches
        return switches
