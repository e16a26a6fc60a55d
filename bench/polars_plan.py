"""The actions of the benchmark's job in lazy expressions, as a polars user would write them.

It keeps the rules that `duckdb_plan` names, and leaves out the same.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import polars as pl
import pyarrow as pa

from bench.dict_loop import Row
from taskbridge.core.model import PlanInput
from taskbridge.core.terms import BIT, FIELDS

_WORDS: Final = {
    "status": {"open": "Not Started", "complete": "Completed"},
    "priority": {"normal": "Normal", "high": "High"},
}
_DEFAULTS: Final = {
    "sc": {"status": "open", "priority": "normal"},
    "sf": {"status": "Not Started", "priority": "Normal"},
}
_SIDES: Final = {"sc": "sales_connect", "sf": "salesforce"}
_OTHER: Final = {"sc": "sf", "sf": "sc"}
_FREE: Final = {
    "state": pl.lit("planned"),
    "doubt": pl.lit(None),
    "asks": pl.lit(None),
    "approval_id": pl.lit(None),
    "first_import": pl.lit(False),
}


class PolarsPlan:
    """The job in frames of polars."""

    def __init__(self, given: PlanInput) -> None:
        self._links = _native(given.links)
        self._staged = {"sc": _native(given.sales_connect), "sf": _native(given.salesforce)}
        self._users = _native(given.users)
        self._systems = {"sc": given.account, "sf": given.org}
        self._policy = given.policy

    def plan(self) -> pa.Table:
        users = self._users.lazy().filter("synced", "selected")
        judged = self._judged(users)
        parts = [made(judged, side) for made in (_updates, _deletes) for side in _SIDES]
        parts += [self._creates(users, source) for source in _SIDES]
        actions = pl.concat(parts, how="diagonal_relaxed")
        return actions.with_columns(**_FREE).collect().to_arrow()

    def actions(self) -> list[Row]:
        rows: list[Row] = self.plan().to_pylist()
        return rows

    def _judged(self, users: pl.LazyFrame) -> pl.LazyFrame:
        """Pairs that need something, with what both sides hold and where each field goes."""
        sc, sf = (
            rows.lazy().select(pl.all().name.prefix(f"{side}_now_")) for side, rows in self._staged.items()
        )
        held = list(product(_SIDES, FIELDS))
        values = [_present(side, name).alias(f"{side}_{name}") for side, name in held]
        news = [_changed(side, name).alias(f"{side}_{name}_changed") for side, name in held]
        news += [_is_deleted(side).alias(f"{side}_deleted") for side in _SIDES]
        sc_wins = _edited_at("sc") > _edited_at("sf") + self._policy.conflict_margin
        return (
            self._links.lazy()
            .filter(pl.col("state") == "linked")
            .join(sc, left_on="sc_id", right_on="sc_now_remote_id", how="left")
            .join(sf, left_on="sf_id", right_on="sf_now_remote_id", how="left")
            .filter(pl.any_horizontal(news))
            .filter(pl.col("sf_now_presence").ne_missing("live") | _is_reminder("sf_now_"))
            .select("link_id", "sc_id", "sf_id", *values, *news, sc_wins.alias("sc_wins"))
            .join(users.select(sc_owner="sc_user_id", owner_for_sf="sf_user_id"), on="sc_owner")
            .join(users.select(sf_owner="sf_user_id", owner_for_sc="sc_user_id"), on="sf_owner")
            .with_columns(_target(name).alias(f"{name}_to") for name in FIELDS)
        )

    def _creates(self, users: pl.LazyFrame, source: str) -> pl.LazyFrame:
        """The other records of what begins a pair."""
        begun = pl.col("created_at") > pl.col("switched_on_sc")
        title: pl.Expr = pl.col("title")
        if source == "sf":
            since = pl.col("switched_on_sf") - self._policy.first_sync_lookback
            begun = (pl.col("modified_at") >= since) & _is_reminder("")
            title = title.fill_null("(no subject)")
        target = _OTHER[source]
        link_id = pl.format(f"{source}:{self._systems[source]}:{{}}", "remote_id")
        words = [
            _words(target, name, pl.col(name)).fill_null(default).alias(name)
            for name, default in _DEFAULTS[target].items()
        ]
        return (
            self._staged[source]
            .lazy()
            .filter(pl.col("presence") == "live", ~_is_ours("marker"))
            .join(self._links.lazy(), left_on="remote_id", right_on=f"{source}_id", how="anti")
            .join(users, left_on="owner", right_on=f"{source}_user_id", coalesce=False)
            .filter(begun)
            .select(
                *_constant(side=_SIDES[target], op="create", rule="C1", kind="create"),
                *words,
                "due_date", "details", "person",
                title.alias("title"),
                pl.lit(sum(BIT.values())).alias("mask"),
                link_id.alias("link_id"),
                pl.format("tb:{}:1", link_id).alias("marker"),
                pl.col("sc_user_id"),
                pl.col(f"{target}_user_id").alias("owner"),
            )
        )  # fmt: skip


def _native(frame: object) -> pl.DataFrame:
    made = pl.from_arrow(pa.Table.from_pandas(frame, preserve_index=False))
    assert isinstance(made, pl.DataFrame)
    return made.rechunk()


def _is_deleted(side: str) -> pl.Expr:
    return pl.col(f"{side}_now_presence").eq_missing("deleted")


def _is_live(side: str) -> pl.Expr:
    return pl.col(f"{side}_now_presence").eq_missing("live")


def _present(side: str, name: str) -> pl.Expr:
    """What the side holds now, or did when it was seen last."""
    return pl.when(_is_live(side)).then(f"{side}_now_{name}").otherwise(f"{side}_{name}")


def _changed(side: str, name: str) -> pl.Expr:
    return _is_live(side) & pl.col(f"{side}_now_{name}").ne_missing(pl.col(f"{side}_{name}"))


def _edited_at(side: str) -> pl.Expr:
    return pl.coalesce(f"{side}_changed_at", f"{side}_now_modified_at", f"{side}_modified_at")


def _is_ours(marker: str) -> pl.Expr:
    return pl.col(marker).str.starts_with("tb:").fill_null(False)


def _is_reminder(prefix: str) -> pl.Expr:
    """C2."""
    subtype, recurs, closed, completed_at, created_at = (
        pl.col(f"{prefix}{name}")
        for name in ("subtype", "is_recurrence", "is_closed", "completed_at", "created_at")
    )
    logged = (
        closed.fill_null(False) & ~_is_ours(f"{prefix}marker") & (completed_at == created_at).fill_null(False)
    )
    return (subtype.fill_null("Task") == "Task") & ~recurs.fill_null(False) & ~logged


def _words(side: str, name: str, value: pl.Expr) -> pl.Expr:
    """A value of the other side in the words of this one."""
    words = _WORDS[name] if side == "sf" else {sf: sc for sc, sf in _WORDS[name].items()}
    return value.replace_strict(words, default=None, return_dtype=pl.String)


def _crossed(side: str, name: str) -> pl.Expr:
    """What the side would hold if it followed the other one."""
    if name == "owner":
        return pl.col(f"owner_for_{side}")
    value = pl.col(f"{_OTHER[side]}_{name}")
    return _words(side, name, value) if name in _WORDS else value


def _target(name: str) -> pl.Expr:
    """C1, K1 to K3, F1: the side that is written."""
    here, there = pl.col(f"sc_{name}_changed"), pl.col(f"sf_{name}_changed")
    differ = _crossed("sf", name).ne_missing(pl.col(f"sf_{name}"))
    if name == "title":
        return pl.when(here & differ).then(pl.lit("sf"))
    wins = here & (~there | pl.col("sc_wins"))
    return pl.when((here | there) & differ).then(pl.when(wins).then(pl.lit("sf")).otherwise(pl.lit("sc")))


def _updates(judged: pl.LazyFrame, side: str) -> pl.LazyFrame:
    written = {name: pl.col(f"{name}_to").eq_missing(side) for name in FIELDS}
    mask = pl.sum_horizontal(there.cast(pl.Int32) * BIT[name] for name, there in written.items())
    contested = pl.any_horizontal(
        pl.col(f"sc_{name}_changed") & pl.col(f"sf_{name}_changed") & written[name] for name in FIELDS
    )
    done = _crossed(side, "status") == ("Completed" if side == "sf" else "complete")
    counted = {
        "complete": written["status"] & done,
        "owner": written["owner"],
        "due_date": written["due_date"],
    }
    kinds = pl.concat_str(
        [pl.when(counts).then(pl.lit(kind)) for kind, counts in counted.items()],
        separator=",",
        ignore_nulls=True,
    )
    return (
        judged.filter(~pl.col("sc_deleted"), ~pl.col("sf_deleted"))
        .with_columns(mask.alias("mask"))
        .filter(pl.col("mask") > 0)
        .select(
            *_constant(side=_SIDES[side], op="update"),
            "link_id", "mask",
            contested.alias("contested"),
            pl.when(contested).then(pl.lit("C1,K3")).otherwise(pl.lit("C1")).alias("rule"),
            pl.when(kinds != "").then(kinds).alias("kind"),
            *_record(side),
            *(_crossed(side, name).alias(name) for name in FIELDS),
        )
    )  # fmt: skip


def _deletes(judged: pl.LazyFrame, side: str) -> pl.LazyFrame:
    """Of what is gone on the other side."""
    return judged.filter(pl.col(f"{_OTHER[side]}_deleted"), ~pl.col(f"{side}_deleted")).select(
        *_constant(side=_SIDES[side], op="delete", rule="C1", kind="delete"),
        "link_id",
        pl.lit(0).alias("mask"),
        *_record(side),
    )


def _record(side: str) -> list[pl.Expr]:
    """The record that is written, whose it is, and what it holds."""
    seen = [pl.col(f"{side}_{name}").alias(f"seen_{name}") for name in FIELDS]
    return [pl.col(f"{side}_id").alias("remote_id"), pl.col("sc_owner").alias("sc_user_id"), *seen]


def _constant(**words: str) -> list[pl.Expr]:
    return [pl.lit(word).alias(name) for name, word in words.items()]
