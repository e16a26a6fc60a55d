"""The uploaded file of an ingest job: kept as sent, read when the job runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..org import Org
from ..schema import Field, SObject
from .dialect import BadFile
from .job import Job

_TABLE = "bulk_upload"
_MOST_HEADER_CHARACTERS = 32_000


@dataclass(frozen=True)
class Upload:
    """`header` are API names; `rows` the cells of each record."""

    target: SObject
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    @cached_property
    def fields(self) -> list[Field]:
        return [self.target.by_name[name] for name in self.header]


class Uploads:
    """Parsed files of the jobs that run; read again after a restart."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._parsed: dict[str, Upload] = {}

    def keep(self, job: Job, content: bytes) -> None:
        """Bytes that are no UTF-8 are kept so that reading finds them."""
        text = content.decode("utf-8", "backslashreplace")
        valid = _is_utf8(content)
        self._org.records.store.put(_TABLE, job.id, {"Csv": text, "Utf8": valid})

    def text(self, job: Job) -> str:
        document = self._org.records.store.get(_TABLE, job.id)
        return str(document["Csv"]) if document else ""

    def read(self, job: Job) -> Upload:
        """Raises BadFile for what makes the whole job fail."""
        if job.id not in self._parsed:
            self._parsed[job.id] = self._parse(job)
        return self._parsed[job.id]

    def forget(self, job: Job) -> None:
        self._parsed.pop(job.id, None)
        if self._org.records.store.get(_TABLE, job.id) is not None:
            self._org.records.store.remove(_TABLE, job.id)

    def clear(self) -> None:
        self._parsed.clear()

    def _parse(self, job: Job) -> Upload:
        document = self._org.records.store.get(_TABLE, job.id)
        if document is None or not document["Csv"].strip():
            raise BadFile("InvalidBatch : Records not found")
        if not document["Utf8"]:
            raise BadFile("ClientInputError : Failed to parse CSV. The data is not UTF-8")
        records = self._org.records
        header, *rows = job.dialect.read(document["Csv"], records.switches.bulk_line_endings)
        target = records.catalog.get(job.object.lower())
        if target is None:
            raise BadFile(f"InvalidBatch : Unable to find object: {job.object}")
        _check_header(job, target, header)
        for number, row in enumerate(rows, 1):
            if len(row) != len(header):
                raise BadFile(
                    f"InvalidBatch : Failed to parse CSV. Record {number} has {len(row)} columns, "
                    f"the header has {len(header)}"
                )
        return Upload(target, tuple(header), rows)


def _check_header(job: Job, target: SObject, header: Sequence[str]) -> None:
    if sum(map(len, header)) + len(header) - 1 > _MOST_HEADER_CHARACTERS:
        raise BadFile(f"InvalidBatch : The header is longer than {_MOST_HEADER_CHARACTERS} characters")
    for name in header:
        if name not in target.by_name:
            raise BadFile(f"InvalidBatch : Field name not found : {name}")
    if repeated := [name for name in header if header.count(name) > 1]:
        raise BadFile(f"InvalidBatch : Duplicate field name : {repeated[0]}")
    if job.operation in ("delete", "hardDelete") and list(header) != ["Id"]:
        raise BadFile(f"InvalidBatch : The '{job.operation}' batch must contain only ids")


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
