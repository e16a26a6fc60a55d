"""Several kinds of events behind one rule, as Hypothesis draws rules with equal chances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

Event = TypeVar("Event", bound=Callable[..., None])
Kinds = list[tuple[Callable[..., None], dict[str, Any]]]


def one_of(kinds: Kinds, **given: st.SearchStrategy[Any]) -> Callable[[Event], Event]:
    """Registers a method as a kind, with what it is drawn."""

    def register(event: Event) -> Event:
        kinds.append((event, given))
        return event

    return register


def play_one(machine: object, kinds: Kinds, data: st.DataObject) -> None:
    """Draws a kind and what it needs, and lets it happen."""
    names = st.sampled_from(range(len(kinds))).map(lambda number: kinds[number][0].__name__)
    chosen = data.draw(names, label="what happens")
    event, given = next((event, given) for event, given in kinds if event.__name__ == chosen)
    event(machine, **{name: data.draw(strategy, label=name) for name, strategy in given.items()})
