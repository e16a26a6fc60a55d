"""Faults on demand: what goes wrong, at which endpoint, from which call on, how often, for which record."""

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.kernel.stranger import REDIRECTS, STATUSES

FaultKind = Literal[
    "status", "stranger", "drop_before", "drop_midway", "drop_after", "drop_late", "slow", "late", "row_error"
]
WHOLE_CALL: frozenset[FaultKind] = frozenset(
    {"status", "stranger", "drop_before", "drop_midway", "drop_after", "drop_late", "slow"}
)

_PARAMETERS: dict[FaultKind, tuple[frozenset[str], frozenset[str]]] = {
    # kind: (required, allowed besides)
    "status": (frozenset({"status"}), frozenset({"body", "code", "message", "headers", "committed"})),
    "stranger": (frozenset({"status"}), frozenset({"location"})),
    "drop_before": (frozenset(), frozenset()),
    "drop_midway": (frozenset(), frozenset()),
    "drop_after": (frozenset(), frozenset()),
    "drop_late": (frozenset({"seconds"}), frozenset()),
    "slow": (frozenset({"seconds"}), frozenset()),
    "late": (frozenset({"seconds"}), frozenset()),
    "row_error": (frozenset({"code"}), frozenset({"message", "status"})),
}
_COMMON = frozenset({"endpoint", "kind", "nth", "times", "record"})


class Fault(BaseModel):
    """One rule.

    endpoint: glob over endpoint names such as "POST /v2/tasks"; nth: from the nth match on (1-based);
    times: how often it strikes (null = for ever); record: only where that id, subject, name or external id
    occurs. Kinds: status (any HTTP answer; `committed` = the work is done before it is answered), stranger
    (a proxy, a firewall or a sign-in page answers in the service's place, nothing done), drop_before
    (connection cut, nothing done), drop_midway (work done, connection cut when half of the answer's body was
    sent), drop_after (work done, connection cut), drop_late (connection cut, and the work done when the service's
    clock is `seconds` further, by the next call of any kind), slow (real seconds), late (rows
    written become visible to listings and queries `seconds` of the service's clock later), row_error (code
    on chosen rows).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str = "*"
    kind: FaultKind
    nth: int | None = Field(default=None, ge=1)
    times: int | None = Field(default=1, ge=1)
    record: str | None = None
    status: int | None = Field(default=None, ge=200, le=599)
    code: str | None = None
    message: str | None = None
    body: Any = None
    location: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    committed: bool = False
    seconds: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _parameters_belong_to_the_kind(self) -> Self:
        required, allowed = _PARAMETERS[self.kind]
        given = self.model_fields_set - _COMMON
        if missing := required - given:
            raise ValueError(f"a fault of kind {self.kind} needs {sorted(missing)}")
        if surplus := given - required - allowed:
            raise ValueError(f"a fault of kind {self.kind} has no use for {sorted(surplus)}")
        if self.kind == "stranger" and self.status not in STATUSES:
            raise ValueError(f"a stranger answers with one of {sorted(STATUSES)}")
        if self.location is not None and self.status not in REDIRECTS:
            raise ValueError(f"only a redirect leads anywhere, with one of {sorted(REDIRECTS)}")
        return self


@dataclass
class _Rule:
    id: int
    fault: Fault
    matched: int = 0
    struck: int = 0

    @property
    def spent(self) -> bool:
        return self.fault.times is not None and self.struck >= self.fault.times

    def strikes(self) -> bool:
        """Counts one match and tells whether the fault happens to it."""
        self.matched += 1
        if self.matched < (self.fault.nth or 1) or self.spent:
            return False
        self.struck += 1
        return True


class FaultBook:
    """The rules in force. Every rule that fits counts a match; the first that is due strikes."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._last_id = 0

    def add(self, fault: Fault) -> int:
        self._last_id += 1
        self._rules.append(_Rule(self._last_id, fault))
        return self._last_id

    def list(self) -> "builtins.list[dict[str, Any]]":
        return [
            {
                "id": rule.id,
                "matched": rule.matched,
                "struck": rule.struck,
                **rule.fault.model_dump(exclude_unset=True),
            }
            for rule in self._rules
        ]

    def remove(self, fault_id: int) -> None:
        """Raises KeyError when there is no such fault."""
        if all(rule.id != fault_id for rule in self._rules):
            raise KeyError(fault_id)
        self._rules = [rule for rule in self._rules if rule.id != fault_id]

    def clear(self) -> None:
        self._rules.clear()

    def wants_names(self, endpoint: str) -> bool:
        """Whether the body of this call has to be read before `for_call` can decide."""
        return any(rule.fault.record is not None for rule in self._fitting(endpoint, WHOLE_CALL))

    def for_call(self, endpoint: str, names: Callable[[], set[str]] = set) -> Fault | None:
        """The whole-call fault for this call; `names` gives every text in its path, query and body."""
        return self._strike([r for r in self._fitting(endpoint, WHOLE_CALL) if _names_fit(r.fault, names)])

    def for_row(self, endpoint: str, names: set[str]) -> Fault | None:
        """The row_error for a row that is known by any of `names`: id, subject, name, external id."""
        fitting = self._fitting(endpoint, frozenset({"row_error"}))
        return self._strike([r for r in fitting if _names_fit(r.fault, lambda: names)])

    def lag_for(self, endpoint: str, names: set[str]) -> float:
        """Seconds of the service's clock until listings and queries may show a written row; 0.0 = at once."""
        fitting = self._fitting(endpoint, frozenset({"late"}))
        fault = self._strike([r for r in fitting if _names_fit(r.fault, lambda: names)])
        return fault.seconds or 0.0 if fault else 0.0

    def _fitting(self, endpoint: str, kinds: frozenset[FaultKind]) -> "builtins.list[_Rule]":
        return [r for r in self._rules if r.fault.kind in kinds and fnmatchcase(endpoint, r.fault.endpoint)]

    def _strike(self, rules: "builtins.list[_Rule]") -> Fault | None:
        due: Fault | None = None
        for rule in rules:
            if due is None:
                due = rule.fault if rule.strikes() else None
            else:
                rule.matched += 1
        return due


def _names_fit(fault: Fault, names: Callable[[], set[str]]) -> bool:
    return fault.record is None or fault.record in names()
