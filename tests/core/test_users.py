"""S2: who is mapped to whom, and from when on a user's sync counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pandas as pd
import pytest

from bench.dict_loop import rows_of
from taskbridge.core.model import empty
from taskbridge.core.users import Moment, map_users
from taskbridge.engine.ports import SIDE_USERS, USER_MAP
from tests.core.frames import DAY, HOUR, NOON, Row, table

SKEW = timedelta(minutes=3)
STARTED = Moment(NOON - 10 * DAY, NOON - 10 * DAY + SKEW)
NOW = Moment(NOON, NOON + SKEW)


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
