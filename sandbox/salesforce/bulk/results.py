"""The result files of ingest jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, Literal

from ..records import Records
from .dialect import BadFile
from .job import Job
from .upload import Upload, Uploads

ResultFile = Literal["successfulResults", "failedResults", "unprocessedrecords"]

_TABLE = "bulk_result"
_COLUMNS: dict[ResultFile, tuple[str, ...]] = {
    "successfulResults": ("sf__Id", "sf__Created"),
    "failedResults": ("sf__Id", "sf__Error"),
    "unprocessedrecords": (),
}


class Results:
    def __init__(self, records: Records, uploads: Uploads) -> None:
        self._records = records
        self._uploads = uploads

    def keep(self, job: Job, batch: int, rows: Sequence[dict[str, Any]]) -> None:
        self._records.store.put(_TABLE, _key(job, batch), {"Rows": list(rows)})

    def file(self, job: Job, which: ResultFile) -> str:
        """A header also when no row belongs into it."""
        try:
            upload = self._uploads.read(job)
        except BadFile:
            # Nothing of such a file was processed, and its columns mean nothing.
            return self._uploads.text(job) if which == "unprocessedrecords" else ""
        rows = list(self._rows(job, upload, which))
        if self._records.switches.bulk_result_order == "shuffled":
            Random(job.id).shuffle(rows)
        return job.dialect.write([[*_COLUMNS[which], *upload.header], *rows])

    def forget(self, job: Job) -> None:
        for batch in range(job.done):
            self._records.store.remove(_TABLE, _key(job, batch))

    def _rows(self, job: Job, upload: Upload, which: ResultFile) -> Iterable[list[str]]:
        if which == "unprocessedrecords":
            yield from map(list, upload.rows[job.processed :])
            return
        wanted = "created" if which == "successfulResults" else "error"
        for batch in range(job.done):
            document = self._records.store.get(_TABLE, _key(job, batch)) or {"Rows": ()}
            for result in document["Rows"]:
                if wanted in result:
                    told = result[wanted]
                    text = str(told).lower() if isinstance(told, bool) else told
                    yield [result["id"], text, *upload.rows[result["row"]]]


def _key(job: Job, batch: int) -> str:
    return f"{job.id}/{batch}"
