"""Whether Salesforce still has the rights, fields and picklists that the sync needs: looked at before a write.

Looking costs a call. A field that cannot be read stops the run's first query by itself; what must be looked for
is what can still be read and no longer be written. So only a run that is about to write there looks, when the
last look is an hour old, when settings or code are others, when a row was refused for such a reason, and, as long
as something is broken, each time (docs/decisions).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from taskbridge.core.contract import Contract, new_values
from taskbridge.core.model import ActionState, Plan, Side
from taskbridge.engine.engine import Engine
from taskbridge.engine.ports import KnownContract, Run
from taskbridge.errors import ContractBroken

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


def look_first(engine: Engine, run: Run) -> None:
    """The first look of a ledger. Raises ContractBroken, before anything else is read."""
    if _known(engine, run) is None:
        _look(engine, run, None)


def require_contract(engine: Engine, run: Run, plan: Plan) -> None:
    """Before a plan that writes to Salesforce. Raises ContractBroken; a run that only looks gets a note instead."""
    planned = plan.actions["state"] == ActionState.PLANNED
    if not (planned & (plan.actions["side"] == Side.SALESFORCE)).any():
        return
    known = _known(engine, run)
    if known is None or known.doubtful:
        _look(engine, run, known)


def _known(engine: Engine, run: Run) -> KnownContract | None:
    return engine.ledger.known_contract(run, Side.SALESFORCE, LOOKED_AT_LEAST, DOUBTS)


def _look(engine: Engine, run: Run, known: KnownContract | None) -> None:
    contract = engine.sides.salesforce.contract()
    _tell_new_values(engine, run, contract, known)
    if run.spec.only_looks:
        if contract.breaches:
            engine.ledger.note(run, f"A run that writes would halt: {contract.sentence}")
        return
    engine.ledger.save_contract(run, Side.SALESFORCE, contract, DOUBTS)
    if contract.breaches:
        raise ContractBroken(contract.sentence)


def _tell_new_values(engine: Engine, run: Run, contract: Contract, known: KnownContract | None) -> None:
    for name, added in new_values(known.values if known else {}, contract.values).items():
        engine.ledger.note(
            run,
            f"Salesforce: {name} of Task has new values: {', '.join(added)}. They do not cross to Sales Connect "
            "(F2, F3); nothing has to be done.",
        )
