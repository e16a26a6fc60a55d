"""Pages of a system gathered into lots, and staged without what is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pandas as pd

from taskbridge.core.known import known
from taskbridge.core.run import Run
from taskbridge.core.terms import Side
from taskbridge.engine.engine import Engine

_LOT: Final = 5_000
"""So many rows are staged together: a transaction a page would cost more than what is in it."""


def read_sample(engine: Engine, run: Run, side: Side, sample: int) -> int:
    """Reads by id at most so many linked records that the run has not read yet; answers how many (G8)."""
    wanted = engine.ledger.staging.sample_ids(run, side, sample)
    return stage(engine, run, side, look_up(engine, side, wanted), "by_id")


def look_up(engine: Engine, side: Side, wanted: pd.DataFrame) -> Iterator[pd.DataFrame]:
    size = engine.sides[side].look_up_size
    for start in range(0, len(wanted), size):
        lot = wanted.iloc[start : start + size]
        controls: dict[str, str] = dict(
            lot.dropna(subset=["control"])[["remote_id", "control"]].itertuples(index=False)
        )
        yield engine.sides[side].read_ids(list(lot["remote_id"]), controls)


def stage(engine: Engine, run: Run, side: Side, pages: Iterable[pd.DataFrame], source: str) -> int:
    read = staged = 0
    for lot in _lots(engine, run, pages):
        read += len(lot)
        if source == "delta" and run.spec.catches_up:
            lot = _news(engine, side, lot)
        if run.spec.mode.reads_everything:
            # Two whole populations as they came would be most of the database.
            lot = lot.assign(payload=lot["payload"].where(lot["problem_code"].notna()))
        engine.ledger.staging.stage(run, side, lot, source)
        staged += len(lot)
    if read > staged:
        engine.ledger.staging.save_known(run, side, read - staged)
    return read


def _news(engine: Engine, side: Side, lot: pd.DataFrame) -> pd.DataFrame:
    """Without the rows that the overlap reads again as they are known: they are counted, and that is their end (G5)."""
    quiet = engine.ledger.staging.quiet(side, lot[["remote_id"]])
    logged = engine.settings.include_logged_activities
    return lot if quiet.empty else lot.loc[~known(side, lot, quiet, logged_activities=logged)]


def _lots(engine: Engine, run: Run, pages: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """The pages, gathered; the lease is kept while they come."""
    gathered: list[pd.DataFrame] = []
    keep = None
    for page in pages:
        keep = keep or engine.fence(run)
        keep()
        gathered.append(page)
        if sum(map(len, gathered)) >= _LOT:
            yield pd.concat(gathered, ignore_index=True)
            gathered = []
    if gathered:
        yield pd.concat(gathered, ignore_index=True)
