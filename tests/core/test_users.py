"""S2: who is mapped to whom, and from when on a user's sync counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pandas as pd
import pytest

from bench.dict_loop import rows_of
from taskbridge.core.frames import empty
from taskbridge.core.users import USER_MAP, Moment, map_users
from taskbridge.engine.ports import SIDE_USERS
from tests.core.frames import DAY, HOUR, NOON, Row, table

SKEW = timedelta(minutes=3)
STARTED = Moment(NOON - 10 * DAY, NOON - 10 * DAY + SKEW)
READ = Moment(NOON - HOUR, NOON - HOUR + SKEW)
NOW = Moment(NOON, NOON + SKEW)
LATER = Moment(NOON + DAY, NOON + DAY + SKEW)


def sc_user(user_id: str, **values: object) -> Row:
    email = f"{user_id}@example.com"
    on = {"sync_on": True, "sync_on_since": NOON - 20 * DAY}
    return (
        {"user_id": user_id, "email": email, "name": user_id, "active": True, "standard": True} | on | values
    )


def sf_user(user_id: str, email: str, **values: object) -> Row:
    return {"user_id": user_id, "email": email, "active": True, "standard": True} | values


def mapped(
    people: Iterable[Row],
    salesforce: Iterable[Row],
    *,
    known: pd.DataFrame | None = None,
    chosen: Mapping[str, str] | None = None,
    now: Moment = NOW,
) -> dict[str, Row]:
    frame = _map(people, salesforce, known, chosen or {}, now)
    return {row["sc_user_id"]: row for row in rows_of(frame)}


def _map(
    people: Iterable[Row],
    salesforce: Iterable[Row],
    known: pd.DataFrame | None,
    chosen: Mapping[str, str],
    now: Moment,
) -> pd.DataFrame:
    return map_users(
        empty(USER_MAP) if known is None else known,
        table(SIDE_USERS, people),
        table(SIDE_USERS, salesforce),
        chosen,
        schema=USER_MAP,
        ledger_started=STARTED,
        read_from=READ,
        now=now,
    )


ANNA, ANNA_SF = sc_user("anna"), sf_user("005A", " Anna@Example.COM ")

# the people of both sides, the explicit map, what becomes of anna
MATCHES: list[tuple[list[Row], list[Row], dict[str, str], str, str | None]] = [
    ([ANNA], [ANNA_SF], {}, "synced", "005A"),
    ([ANNA | {"sync_on": False}], [ANNA_SF], {}, "off", "005A"),
    ([ANNA], [], {}, "unmapped", None),
    ([ANNA | {"email": None}], [ANNA_SF | {"email": None}], {}, "unmapped", None),
    ([ANNA | {"active": False}], [ANNA_SF], {}, "inactive", None),
    ([ANNA], [ANNA_SF | {"active": False}], {}, "unmapped", None),
    ([ANNA], [ANNA_SF | {"standard": False}], {}, "unmapped", None),
    ([ANNA], [ANNA_SF, ANNA_SF | {"user_id": "005B"}], {}, "ambiguous", None),
    ([ANNA, sc_user("ann", email="ANNA@example.com")], [ANNA_SF], {}, "ambiguous", None),
    ([ANNA, sc_user("ann", email=ANNA["email"], active=False)], [ANNA_SF], {}, "synced", "005A"),
    ([ANNA], [ANNA_SF, sf_user("005B", "b@x")], {"anna": "005B"}, "synced", "005B"),
    ([ANNA], [ANNA_SF, sf_user("005B", "b@x")], {"Anna@example.com": "B@x"}, "synced", "005B"),
    ([ANNA], [ANNA_SF], {"anna": "nobody"}, "unmapped", None),
    ([ANNA, sc_user("ben")], [ANNA_SF], {"ben": "005A"}, "refused", None),
]


@pytest.mark.parametrize(("people", "salesforce", "chosen", "state", "partner"), MATCHES)
def test_S2_users_are_matched_by_address_or_by_the_explicit_map(
    people: list[Row], salesforce: list[Row], chosen: dict[str, str], state: str, partner: str | None
) -> None:
    anna = mapped(people, salesforce, chosen=chosen)["anna"]
    assert (anna["state"], anna["sf_user_id"]) == (state, partner)
    assert (anna["remedy"] is None) == (state == "synced")


def test_S2_a_stored_mapping_is_kept_by_its_ids() -> None:
    known = _map([ANNA], [ANNA_SF], None, {}, NOW)
    people = [ANNA | {"email": "married@example.com"}]
    later = Moment(NOON + DAY, NOON + DAY + SKEW)
    anna = mapped(people, [ANNA_SF], known=known, now=later)["anna"]
    assert (anna["state"], anna["sf_user_id"], anna["mapped_at_sc"]) == ("synced", "005A", NOON)
    gone = mapped([ANNA], [], known=known)["anna"]
    assert (gone["state"], gone["sf_user_id"]) == ("inactive", "005A")
    assert mapped([], [ANNA_SF], known=known)["anna"]["state"] == "inactive"


# when the user was switched on, and the effective switch-on: never before the mapping
@pytest.mark.parametrize("since", [None, NOON - 20 * DAY, NOON - HOUR])
def test_S2_the_effective_switch_on_is_the_latest_by_each_clock(since: object) -> None:
    anna = mapped([ANNA | {"sync_on_since": since}], [ANNA_SF])["anna"]
    assert (anna["switched_on_sc"], anna["switched_on_sf"]) == (NOW.sales_connect, NOW.salesforce)
    assert anna["first_sync"] == "owed"


def test_S2_switching_on_again_owes_a_first_sync_and_a_pause_does_not() -> None:
    settled = rows_of(_map([ANNA], [ANNA_SF], None, {}, NOW))[0] | {"first_sync": "settled"}
    known = table(USER_MAP, [settled])
    later = Moment(NOON + DAY, NOON + DAY + SKEW)
    off = mapped([ANNA | {"sync_on": False}], [ANNA_SF], known=known, now=later)["anna"]
    assert (off["state"], off["switched_on_sc"], off["first_sync"]) == ("off", NOON, "settled")
    still = mapped([ANNA], [ANNA_SF], known=known, now=later)["anna"]
    assert (still["switched_on_sc"], still["first_sync"]) == (NOON, "settled")
    again = mapped([ANNA | {"sync_on_since": NOON + HOUR}], [ANNA_SF], known=known, now=later)["anna"]
    assert (again["switched_on_sc"], again["switched_on_sf"]) == (NOON + HOUR, NOON + HOUR + SKEW)
    assert again["first_sync"] == "owed"


def settled_anna(**values: object) -> pd.DataFrame:
    """Anna as she is mapped once her first sync is settled."""
    row = rows_of(_map([ANNA], [ANNA_SF], None, {}, NOW))[0]
    return table(
        USER_MAP, [row | {"first_sync": "settled", "unread_since_sc": None, "unread_since_sf": None} | values]
    )


AWAY: list[tuple[list[Row], list[Row], dict[str, str]]] = [
    ([ANNA | {"active": False}], [ANNA_SF], {}),
    ([ANNA], [ANNA_SF | {"active": False}], {}),
    ([], [ANNA_SF], {}),
    ([ANNA], [], {}),
    ([ANNA], [ANNA_SF], {"anna": "nobody"}),
]


@pytest.mark.parametrize(("people", "salesforce", "chosen"), AWAY)
def test_S2_who_comes_back_keeps_the_switch_on_and_what_was_unread_meanwhile(
    people: list[Row], salesforce: list[Row], chosen: dict[str, str]
) -> None:
    away = mapped(people, salesforce, known=settled_anna(), chosen=chosen)["anna"]
    assert away["state"] != "synced"
    assert (away["unread_since_sc"], away["unread_since_sf"]) == (READ.sales_connect, READ.salesforce)
    still = mapped(people, salesforce, known=table(USER_MAP, [away]), chosen=chosen, now=LATER)["anna"]
    assert still["unread_since_sc"] == READ.sales_connect
    back = mapped([ANNA], [ANNA_SF], known=table(USER_MAP, [still]), now=LATER)["anna"]
    assert (back["state"], back["first_sync"]) == ("synced", "settled")
    assert (back["switched_on_sc"], back["switched_on_sf"]) == (NOW.sales_connect, NOW.salesforce)
    assert (back["unread_since_sc"], back["unread_since_sf"]) == (READ.sales_connect, READ.salesforce)


OLD_STAMP = ANNA["sync_on_since"]


@pytest.mark.parametrize(
    "between", [[], [ANNA | {"sync_on": False, "active": False}], [ANNA | {"active": False}]]
)
@pytest.mark.parametrize(
    ("stamp", "since"),
    [(None, LATER), (OLD_STAMP, LATER), (NOON + HOUR, Moment(NOON + HOUR, NOON + HOUR + SKEW))],
)
def test_I5_switched_on_again_counts_from_its_stamp_or_from_the_look_that_saw_it(
    stamp: object, since: Moment, between: list[Row]
) -> None:
    known = settled_anna(sync_on_since=OLD_STAMP)
    for people in ([ANNA | {"sync_on": False}], between):
        known = table(USER_MAP, [mapped(people, [ANNA_SF], known=known)["anna"]])
    again = mapped([ANNA | {"sync_on_since": stamp}], [ANNA_SF], known=known, now=LATER)["anna"]
    assert (again["switched_on_sc"], again["switched_on_sf"]) == (since.sales_connect, since.salesforce)
    assert (again["first_sync"], again["seen_off"]) == ("owed", False)
    much_later = Moment(NOON + 2 * DAY, NOON + 2 * DAY + SKEW)
    kept = mapped(
        [ANNA | {"sync_on_since": stamp}], [ANNA_SF], known=table(USER_MAP, [again]), now=much_later
    )["anna"]
    assert kept["switched_on_sc"] == since.sales_connect


def test_I5_a_stamp_that_a_clock_put_right_makes_older_is_a_new_one() -> None:
    fast = settled_anna(sync_on_since=NOON + HOUR, switched_on_sc=NOON + HOUR)
    again = mapped([ANNA | {"sync_on_since": NOON + HOUR / 2}], [ANNA_SF], known=fast, now=LATER)["anna"]
    assert again["switched_on_sc"] == NOON + HOUR / 2


def test_S2_a_stamp_that_is_no_longer_told_is_no_switch_on() -> None:
    known = settled_anna(sync_on_since=NOON + HOUR, switched_on_sc=NOON + HOUR)
    still = mapped([ANNA | {"sync_on_since": None}], [ANNA_SF], known=known, now=LATER)["anna"]
    assert (still["switched_on_sc"], still["first_sync"]) == (NOON + HOUR, "settled")
