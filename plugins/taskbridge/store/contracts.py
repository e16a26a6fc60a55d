"""What a system last said of its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from taskbridge.core.contract import Contract
from taskbridge.core.model import Side
from taskbridge.engine.ports import KnownContract, Run, RunSpec
from taskbridge.store.part import LedgerPart


class Contracts(LedgerPart):
    def known_contract(
        self, spec: RunSpec, side: Side, age: timedelta, codes: Sequence[str]
    ) -> KnownContract | None:
        with self._db.transaction() as tx:
            row = tx.run(
                "contract/read_contract",
                side=side.value,
                age=age,
                codes=list(codes),
                settings_fingerprint=spec.settings_fingerprint,
                code_version=spec.code_version,
            ).one_or_none()
        if row is None:
            return None
        values = {name: tuple(listed) for name, listed in row.picklists.items()}
        return KnownContract(values, row.doubtful)

    def save_contract(self, run: Run, side: Side, contract: Contract, codes: Sequence[str]) -> None:
        with self._db.fenced(run) as tx:
            if not contract.breaches:
                tx.run("contract/free_parked", side=side.value, codes=list(codes))
            tx.run(
                "contract/save_contract",
                side=side.value,
                picklists=dict(contract.values),
                breaches=[str(found) for found in contract.breaches],
                settings_fingerprint=run.spec.settings_fingerprint,
                code_version=run.spec.code_version,
                run_id=run.run_id,
            )

    def conditional(self, side: Side, age: timedelta) -> bool | None:
        with self._db.transaction() as tx:
            row = tx.run("contract/read_conditional", side=side.value, age=age).one_or_none()
        return None if row is None else bool(row.conditional_updates)

    def save_conditional(self, run: Run, side: Side, honoured: bool) -> None:
        with self._db.fenced(run) as tx:
            tx.run("contract/save_conditional", side=side.value, honoured=honoured)
