"""Everything that can go wrong, named after the situation.

Each class says whose problem it is (`scope`: one row or the whole run) and what helps (`remedy`).
A message carries what was seen, what was expected and the next step, so that it can stand alone in a log.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

Scope = Literal["row", "run"]
Help = Literal["retry", "fix", "decide"]


class TaskBridgeError(Exception):
    """Base of all errors that TaskBridge raises on purpose."""

    scope: ClassVar[Scope] = "run"
    help: ClassVar[Help] = "fix"


class SettingsInvalid(TaskBridgeError):
    """The Variable `taskbridge_settings` or the parameters of a run cannot be used (before anything is read)."""


class ConnectionMissing(TaskBridgeError):
    """An Airflow connection that a run needs does not exist or lacks a part."""


class VersionUntried(TaskBridgeError):
    """A package beside TaskBridge is of a version outside the range that it was tried with (when a DAG is parsed)."""


class SideUnreachable(TaskBridgeError):
    """A system could not be reached: no host, no route, a broken certificate, or too many server errors."""

    help: ClassVar[Help] = "retry"


class AuthenticationFailed(TaskBridgeError):
    """A system refused the credentials; the side pauses and its owner is told once.

    `logins`: how many were tried before it was certain.
    """

    def __init__(self, text: str, *, logins: int = 1) -> None:
        super().__init__(text)
        self.logins = logins


class SidePaused(AuthenticationFailed):
    """A system refused the credentials some time ago; no login was tried now, or it was refused again."""

    help: ClassVar[Help] = "retry"


class ApiLimitReached(TaskBridgeError):
    """A system's call allocation is used up; the work is carried over to a later run."""

    help: ClassVar[Help] = "retry"


class CallRefused(TaskBridgeError):
    """A call was answered as a whole, by a system or by what stands before it, and nothing of it was done: no row is to
    blame (G4)."""


class ApiDisabled(CallRefused):
    """The login works, but the integration user may not use the API."""


class JobRefused(TaskBridgeError):
    """A system takes no job that writes or reads many rows in the background; ordinary calls do it instead."""

    help: ClassVar[Help] = "retry"


class ReadIncomplete(TaskBridgeError):
    """A listing ended before its end; a short result must never pass as a whole one."""

    help: ClassVar[Help] = "retry"


class ContractBroken(TaskBridgeError):
    """A system answered in a shape that its interface does not have."""


class SchemaBehind(TaskBridgeError):
    """The database lacks migrations that this code needs."""


class DatabaseUnavailable(TaskBridgeError):
    """The database that `taskbridge_db` names does not answer."""

    help: ClassVar[Help] = "retry"


class DatabaseFull(TaskBridgeError):
    """The disk of the database has no space left."""


class DatabaseRefused(TaskBridgeError):
    """The database does not carry out a statement of ours; which values it was about is not told."""


class DiskFull(TaskBridgeError):
    """The disk of this worker has no space left."""


class LeaseLost(TaskBridgeError):
    """Another run holds the lease now; whatever this run still wanted to write must not happen (fencing)."""

    help: ClassVar[Help] = "retry"


class SwitchedOff(TaskBridgeError):
    """The Variable `taskbridge_enabled` was turned off while a run was under way (S1)."""

    help: ClassVar[Help] = "decide"


class SideIdentityChanged(TaskBridgeError):
    """A connection leads to another org or account than the ledger was built from (G8)."""

    help: ClassVar[Help] = "decide"


class LedgerEmpty(TaskBridgeError):
    """The ledger knows no pair, yet the systems carry records that TaskBridge created (G8)."""

    help: ClassVar[Help] = "decide"


class SideLooksEmpty(TaskBridgeError):
    """Nearly all records that were looked for on a side are not found: the side went away, not its records (G8)."""

    help: ClassVar[Help] = "decide"


class SideLooksOld(TaskBridgeError):
    """Many records of a side were read in versions older than before: it was set back to an older copy (G8)."""

    help: ClassVar[Help] = "decide"


class CheckBroken(TaskBridgeError):
    """What was staged or planned breaks a data check: nothing of the plan is kept or written."""

    help: ClassVar[Help] = "decide"


class CheckInvalid(TaskBridgeError):
    """A file of the data checks is none, or the database does not carry it out."""


class ConflictNotOpen(TaskBridgeError):
    """Somebody decided about a conflict that does not exist or does not wait for a decision any more (K3)."""

    scope: ClassVar[Scope] = "row"
    help: ClassVar[Help] = "decide"


class RequestRefused(TaskBridgeError):
    """A person asked for something that no run can do: to undo or restore what is not there."""

    help: ClassVar[Help] = "decide"


class TaskUnknown(TaskBridgeError):
    """A person asked about a task that the ledger does not know."""

    scope: ClassVar[Scope] = "row"


class ApprovalClosed(TaskBridgeError):
    """An answer for a request that is not open, or the carrying out of one that was not answered (G3)."""

    help: ClassVar[Help] = "decide"


class NotAnApprover(TaskBridgeError):
    """Somebody answered, or released, what the setting `approvers` leaves to others (G3)."""

    help: ClassVar[Help] = "decide"


class CountsDoNotAddUp(TaskBridgeError):
    """Staged rows or planned actions ended nowhere or twice (G5)."""


class RowsRejected(TaskBridgeError):
    """More rows than tolerated were newly rejected by a system (G6)."""

    scope: ClassVar[Scope] = "row"


class DeletesForgotten(TaskBridgeError):
    """A system does not know any more which records were deleted in a window; they have to be looked up one by one."""


NOTHING_DONE: Final = (AuthenticationFailed, ApiLimitReached, SideUnreachable, CallRefused)
"""What a call that writes raises when certainly nothing of it was done."""
