"""What an org may use within 24 hours: API calls, batches of Bulk ingest jobs, Bulk query jobs."""

from __future__ import annotations

from collections import deque
from typing import Any

from sandbox.kernel.clock import Clock

from .errors import ApiError
from .switches import SalesforceSwitches

_DAY = 86_400
_BURSTS = 750
_OTHERS = {
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAsyncApexExecutions": 250000,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyDurableStreamingApiEvents": 10000,
    "DailyGenericStreamingApiEvents": 10000,
    "DailyStandardVolumePlatformEvents": 10000,
    "DailyStreamingApiEvents": 10000,
    "DailyWorkflowEmails": 1000,
    "DataStorageMB": 5,
    "FileStorageMB": 20,
    "HourlyAsyncReportRuns": 1200,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 50,
    "MassEmail": 10,
    "SingleEmail": 15,
}


class Rolling:
    """How often something happened in the last 24 hours of the service's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moments: deque[float] = deque()

    def add(self) -> None:
        self._moments.append(self._clock.now().timestamp())

    def count(self, lag: float = 0.0) -> int:
        """As somebody sees it who learns of everything `lag` seconds late."""
        now = self._clock.now().timestamp()
        while self._moments and self._moments[0] <= now - _DAY:
            self._moments.popleft()
        unseen = 0
        for moment in reversed(self._moments) if lag else ():
            if moment <= now - lag:
                break
            unseen += 1
        return len(self._moments) - unseen

    def clear(self) -> None:
        self._moments.clear()


class Usage:
    def __init__(self, clock: Clock) -> None:
        self._calls = Rolling(clock)
        self._batches = Rolling(clock)
        self._query_jobs = Rolling(clock)

    def take(self, switches: SalesforceSwitches) -> None:
        """Counts one call. Raises ApiError when the allowance is used up; then nothing is counted."""
        if self._calls.count() >= switches.api_daily_max:
            raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
        self._calls.add()

    def take_batch(self, switches: SalesforceSwitches) -> bool:
        """Counts one batch of an ingest job; False, and nothing counted, when the allowance is used up."""
        if self._batches.count() >= switches.bulk_daily_batches:
            return False
        self._batches.add()
        return True

    def take_query_job(self, switches: SalesforceSwitches) -> None:
        """Counts one Bulk query job. Raises ApiError when the allowance is used up."""
        most, used = switches.bulk_daily_query_jobs, self._query_jobs.count()
        if used >= most:
            message = f"Max bulk v2 query jobs ({most}) per 24 hrs has been reached ({used + 1})"
            raise ApiError("LIMIT_EXCEEDED", message)
        self._query_jobs.add()

    def header(self, switches: SalesforceSwitches) -> str:
        """The value of Sforce-Limit-Info."""
        usage = f"api-usage={self._calls.count()}/{switches.api_daily_max}"
        return f"{usage}; api-bursts=1/{_BURSTS}" if switches.shared_limit_header else usage

    def document(self, switches: SalesforceSwitches) -> dict[str, Any]:
        """The body of /limits, which may lag behind the header."""
        lag = switches.limits_lag_seconds
        own = {
            "DailyApiRequests": (switches.api_daily_max, self._calls.count(lag)),
            "DailyBulkApiBatches": (switches.bulk_daily_batches, self._batches.count(lag)),
            "DailyBulkV2QueryJobs": (switches.bulk_daily_query_jobs, self._query_jobs.count(lag)),
        }
        used = own | {name: (most, 0) for name, most in _OTHERS.items()}
        return {
            name: {"Max": most, "Remaining": max(0, most - count)}
            for name, (most, count) in sorted(used.items())
        }

    def clear(self) -> None:
        for counted in (self._calls, self._batches, self._query_jobs):
            counted.clear()
