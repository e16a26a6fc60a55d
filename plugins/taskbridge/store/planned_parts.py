"""Parts of a large cycle that tasks of their own have planned, until the plan is stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Final

import pyarrow as pa

from taskbridge.core.arrays import to_table
from taskbridge.core.frames import frame
from taskbridge.core.model import PLAN, Plan
from taskbridge.core.parts import Part
from taskbridge.core.planned_part import PlannedPart
from taskbridge.core.plausible import Sight
from taskbridge.core.run import Run
from taskbridge.core.terms import Side
from taskbridge.store.database import Database

_SIGHTS: Final = pa.schema([("side", pa.string()), *((field.name, pa.int64()) for field in fields(Sight))])
_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")


@dataclass
class PlannedParts:
    _db: Database

    def save(self, run: Run, part: Part, fits: str, planned: PlannedPart) -> None:
        """In place of an earlier one of this part. `fits`: a digest of what it was made from."""
        with self._db.fenced(run) as tx:
            tx.run("part/save_part", run_id=run.run_id, **vars(part), fits=fits, content=_packed(planned))

    def read(self, run: Run, part: Part, fits: str) -> PlannedPart | None:
        """None where no task has made one, or it was made from something else."""
        content = self._db.value("part/read_part", run_id=run.run_id, **vars(part), fits=fits)
        return None if content is None else _unpacked(bytes(content))

    def exist(self, run: Run) -> bool:
        return bool(self._db.value("part/has_parts", run_id=run.run_id))

    def forget(self, run: Run) -> None:
        """Those of all runs: who holds the lease needs none of another."""
        with self._db.fenced(run) as tx:
            tx.run("part/forget_parts")


def _packed(planned: PlannedPart) -> bytes:
    """Arrow streams, one behind the other."""
    sights = [{"side": side.value, **asdict(sight)} for side, sight in planned.sights.items()]
    tables = [to_table(getattr(planned.plan, name), schema) for name, schema in PLAN.items()]
    sink = pa.BufferOutputStream()
    for table in (*tables, pa.Table.from_pylist(sights, schema=_SIGHTS)):
        with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
            writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _unpacked(content: bytes) -> PlannedPart:
    source = pa.BufferReader(content)
    frames = {name: frame(pa.ipc.open_stream(source).read_all()) for name in PLAN}
    sights = pa.ipc.open_stream(source).read_all().to_pylist()
    return PlannedPart(Plan(**frames), {Side(row.pop("side")): Sight(**row) for row in sights})
