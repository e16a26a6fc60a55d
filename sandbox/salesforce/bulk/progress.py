"""How far a job has to be by now."""

from __future__ import annotations

from datetime import datetime

from ..stamps import parse_datetime
from ..switches import SalesforceSwitches
from .job import Job


def share_due(job: Job, switches: SalesforceSwitches, now: datetime) -> float:
    """From 0 to 1: by the looks at the job and by the time since it was closed, whichever is slower."""
    closed = parse_datetime(job.closed)
    assert closed is not None, "a running job was closed"
    by_looks = job.looks / switches.bulk_looks if switches.bulk_looks else 1.0
    elapsed = (now - closed).total_seconds()
    by_time = elapsed / switches.bulk_seconds if switches.bulk_seconds else 1.0
    return max(0.0, min(by_looks, by_time, 1.0))
