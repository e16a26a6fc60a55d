"""The rolling daily allowance of API calls."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from sandbox.kernel.clock import Clock

from .errors import ApiError
from .switches import SalesforceSwitches

_HOURS = 24
_BURSTS = 750
_OTHERS = {
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAsyncApexExecutions": 250000,
    "DailyBulkApiBatches": 15000,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyBulkV2QueryJobs": 10000,
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


class Usage:
    """Calls of the last 24 hours of the service's clock, by the hour."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_hour: Counter[int] = Counter()

    def take(self, switches: SalesforceSwitches) -> None:
        """Counts one call. Raises ApiError when the allowance is used up; then nothing is counted."""
        if self.used() >= switches.api_daily_max:
            raise ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", 403)
        self._by_hour[self._hour()] += 1

    def used(self) -> int:
        hour = self._hour()
        return sum(count for each, count in self._by_hour.items() if hour - _HOURS < each <= hour)

    def header(self, switches: SalesforceSwitches) -> str:
        """The value of Sforce-Limit-Info."""
        usage = f"api-usage={self.used()}/{switches.api_daily_max}"
        return f"{usage}; api-bursts=1/{_BURSTS}" if switches.shared_limit_header else usage

    def document(self, switches: SalesforceSwitches) -> dict[str, Any]:
        """The body of /limits."""
        daily = {"Max": switches.api_daily_max, "Remaining": max(0, switches.api_daily_max - self.used())}
        others = {name: {"Max": limit, "Remaining": limit} for name, limit in _OTHERS.items()}
        return dict(sorted({"DailyApiRequests": daily, **others}.items()))

    def clear(self) -> None:
        self._by_hour.clear()

    def _hour(self) -> int:
        now: datetime = self._clock.now()
        return int(now.timestamp() // 3600)
