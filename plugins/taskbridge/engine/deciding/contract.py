"""Whether Salesforce still has the rights, fields and picklists that the sync needs: looked at before a write.

A field that cannot be read stops the run's first query by itself; what must be looked for is what can still be read and
no longer be written. A run looks when it opens, by the call that asks for the users, if the last look is an hour old,
if settings or code are others, if a row was refused for such a reason, and, as long as something is broken, each time
(docs/decisions). A breach stops a run when it is about to write there, and the first run of a ledger at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from taskbridge.core.contract import Contract, new_values
from taskbridge.core.model import Plan
from taskbridge.core.run import Run, RunSpec
from taskbridge.core.terms import ActionState, Side
from taskbridge.engine.engine import Engine
from taskbridge.errors import ContractBroken
from taskbridge.store.sides import KnownContract

LOOKED_AT_LEAST: Final = timedelta(hours=1)
DOUBTS: Final = (
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INVALID_FIELD",
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "INVALID_TYPE",
)
"""Refusals of a row that a missing right, field or picklist value can be the reason of."""


def due_to_look(engine: Engine, spec: RunSpec) -> bool:
    """Whether the run has to look at the contract."""
    known = _known(engine, spec)
    return known is None or known.doubtful


def take_in(engine: Engine, run: Run, contract: Contract | None) -> None:
    """What the opening was told; None if nothing was due. Raises ContractBroken at the first look of a ledger, before
    anything else is read."""
    if contract is None:
        return
    known = _known(engine, run.spec)
    _tell_new_values(engine, run, contract, known)
    if run.spec.only_looks:
        if contract.breaches:
            engine.ledger.runs.note(run, f"A run that writes to Salesforce would halt: {contract.sentence}")
        return
    engine.ledger.sides.save_contract(run, Side.SALESFORCE, contract, DOUBTS)
    if known is None:
        _require(contract)


def require_contract(engine: Engine, run: Run, plan: Plan) -> None:
    """Before a plan that writes to Salesforce. Raises ContractBroken."""
    planned = plan.actions["state"] == ActionState.PLANNED
    if run.spec.only_looks or not (planned & (plan.actions["side"] == Side.SALESFORCE)).any():
        return
    known = _known(engine, run.spec)
    if known is None or known.doubtful:
        contract = engine.sides.salesforce.contract()
        _tell_new_values(engine, run, contract, known)
        engine.ledger.sides.save_contract(run, Side.SALESFORCE, contract, DOUBTS)
        _require(contract)


def _require(contract: Contract) -> None:
    if contract.breaches:
        raise ContractBroken(contract.sentence)


def _known(engine: Engine, spec: RunSpec) -> KnownContract | None:
    return engine.ledger.sides.known_contract(spec, Side.SALESFORCE, LOOKED_AT_LEAST, DOUBTS)


def _tell_new_values(engine: Engine, run: Run, contract: Contract, known: KnownContract | None) -> None:
    for name, added in new_values(known.values if known else {}, contract.values).items():
        engine.ledger.runs.note(
            run,
            f"Salesforce: {name} of Task has new values: {', '.join(added)}. They do not cross to Sales Connect "
            "(F2, F3); nothing has to be done.",
        )
