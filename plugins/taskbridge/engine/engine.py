"""What every step of a run works with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from taskbridge.core.run import Run, RunSpec
from taskbridge.engine.ports import Sides
from taskbridge.errors import SwitchedOff
from taskbridge.settings import Settings
from taskbridge.store import Ledger


@dataclass(frozen=True)
class Engine:
    """Ports, settings and the switch. `switch` reads the Variable `taskbridge_enabled` each time it is asked (S1);
    `monotonic` tells seconds of this machine that go on while a process is stopped; `sleep` waits for some."""

    ledger: Ledger
    sides: Sides
    settings: Settings
    switch: Callable[[], bool]
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

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
        self.ledger.runs.renew_lease(run, self.settings.lease)

    def fence(self, run: Run) -> Callable[[], None]:
        """Renews the run's lease, and answers what a side calls right before each request that writes.

        As long as the lease cannot have expired this does nothing. Past half of its time, as after a pause of the
        process, the lease is renewed first: LeaseLost, and no request, when another run has taken it. Any thread may
        call it; one renews for all, in a transaction and on a connection of its own.
        """
        half = self.settings.lease.total_seconds() / 2
        renewed = self.monotonic() - half
        one_at_a_time = threading.Lock()

        def check() -> None:
            nonlocal renewed
            with one_at_a_time:
                now = self.monotonic()
                if now - renewed >= half:
                    self.still_mine(run)
                    renewed = now

        check()
        return check
