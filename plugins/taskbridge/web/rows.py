"""Planned and held effects as a person reads them: a task, what becomes of each field, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from taskbridge.core.terms import BIT, FIELDS, Op
from taskbridge.web import words
from taskbridge.web.reading import Reader

Row = Mapping[str, Any]
COLUMNS: Final = (
    "place", "title", "user", "side", "op", "field", "before", "after", "state", "why", "held_why", "rule", "sc_id",
    "sf_id", "link_id", "action_id",
)  # fmt: skip


def readable(db: Reader, found: Sequence[Row]) -> list[dict[str, Any]]:
    """Each row with `changes` (field, before, after), people by name."""
    ids = {one for row in found for one in (row["owner"], row["seen_owner"]) if one}
    names = {one["user_id"]: one["name"] for one in db.rows("read_names", ids=sorted(ids))} if ids else {}
    return [{**row, "changes": list(_changes(row, names))} for row in found]


def _changes(row: Row, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for name in FIELDS:
        before, after = row[f"seen_{name}"], row[name]
        if row["op"] == Op.DELETE:
            shown, after = before is not None, None
        else:
            shown = bool(row["mask"] & BIT[name]) and (row["op"] == Op.UPDATE or after is not None)
        if shown:
            if name == "owner":
                before, after = names.get(before, before), names.get(after, after)
            yield {"field": name, "before": None if row["op"] == Op.CREATE else before, "after": after}


def as_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """A line for each field, for a file."""
    for row in rows:
        for change in row["changes"]:
            yield {
                **{name: row[name] for name in COLUMNS if name in row},
                **change,
                "title": row["task_title"],
                "user": row["owner_name"] or row["owner_id"],
                "side": words.system(row["side"]),
                "field": words.field(change["field"]),
            }
