"""What a data engineer writes first: `to_sql`, `read_sql`, a loop over dictionaries, an UPDATE a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Self

import pandas as pd
from sqlalchemy import create_engine, text

Row = dict[str, Any]
_SIDES: Final = ("sc", "sf")
_FIELDS: Final = ("details", "priority")


class Naive:
    """It keeps pairs and what both sides last had, writes nothing into the systems and nothing down before."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def first_import(self, told: Sequence[Sequence[Row]]) -> None:
        of_sc, rows = told
        with self._engine.begin() as connection:
            pd.DataFrame(rows).to_sql("naive_sf", connection, if_exists="replace", index=False)
            pairs = [
                {"sc_id": None, "sf_id": row["id"]} | {name: row[name] for name in _FIELDS} for row in rows
            ]
            pd.DataFrame(pairs).to_sql("naive_pair", connection, index=False)
            connection.execute(text("CREATE UNIQUE INDEX ON naive_pair (sf_id)"))
            for record, pair in zip(of_sc, pairs, strict=True):
                given = {"sc": record["id"], "sf": pair["sf_id"]}
                connection.execute(text("UPDATE naive_pair SET sc_id = :sc WHERE sf_id = :sf"), given)

    def cycle(self, told: Sequence[Sequence[Row]]) -> int:
        """Compares what each side holds, pair by pair and field by field, with what both had; how many pairs had
        changed."""
        changed = 0
        with self._engine.begin() as connection:
            seen = {}
            for side, records in zip(_SIDES, told, strict=True):
                name = f"naive_{side}"
                pd.DataFrame(records).to_sql(name, connection, if_exists="replace", index=False)
                read = pd.read_sql(f"SELECT * FROM {name}", connection)
                seen[side] = {row["id"]: row for row in read.to_dict("records")}
            for pair in pd.read_sql("SELECT * FROM naive_pair", connection).to_dict("records"):
                rows = [seen[side][pair[f"{side}_id"]] for side in _SIDES]
                new = {
                    name: next((row[name] for row in rows if row[name] != pair[name]), pair[name])
                    for name in _FIELDS
                }
                if any(new[name] != pair[name] for name in _FIELDS):
                    statement = (
                        "UPDATE naive_pair SET details = :details, priority = :priority WHERE sf_id = :sf"
                    )
                    changed += connection.execute(text(statement), new | {"sf": pair["sf_id"]}).rowcount
        return changed
