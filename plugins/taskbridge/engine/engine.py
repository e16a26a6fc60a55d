"""What every step of a run works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from taskbridge.engine.ports import Ledger, Run, RunSpec, Sides
from taskbridge.errors import SwitchedOff
from taskbridge.settings import Settings


@dataclass(frozen=True)
class Engine:
    """Ports, settings and the switch. `switch` reads the Variable `taskbridge_enabled` each time it is asked (S1)."""

    ledger: Ledger
    sides: Sides
    settings: Settings
    switch: Callable[[], bool]

    def may_run(self, spec: RunSpec) -> bool:
        """Whether a run may begin: the switch is on, or the run only looks (S3)."""
        return spec.only_looks or self.switch()

    def require_switch(self) -> None:
        """Raises SwitchedOff; asked again before every batch of writes (S1)."""
        if not self.switch():
            raise SwitchedOff(
                "The Variable taskbridge_enabled was switched off: nothing more is written. "
                "What is left is planned anew when it is on again."
            )

    def still_mine(self, run: Run) -> None:
        """Renews the run's lease. Raises LeaseLost when another run has it."""
        self.ledger.renew_lease(run, self.settings.lease)
