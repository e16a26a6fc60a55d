"""The DAG in which a person decides fields that are held (K3)."""

from __future__ import annotations

from tests.dags.world import DATABASE, SALES_CONNECT, SALESFORCE, Installation

DECIDE = "task_sync_decide"
HELD = """
insert into bridge.run (
    run_key, mode, dry_run, users, fencing, sc_start, sc_end, sf_start, sf_end, sc_server_time, sf_server_time,
    features, settings_fingerprint, code_version
) values ('before', 'scheduled', false, '{}', 0, now(), now(), now(), now(), now(), now(), '{}', '', '');
insert into bridge.conflict (run_id, link_id, field, rule, value_sc, value_sf)
select run_id, 'sc:acc:1', field, 'K3', 'a', 'b' from bridge.run, unnest(array['details', 'status']) as field
"""


def test_K3_a_person_decides_without_a_call_while_the_sync_is_off(world: Installation) -> None:
    world.execute(HELD)
    world.switch(None)
    world.without(SALESFORCE)
    world.without(SALES_CONNECT)
    numbers = [row["conflict_id"] for row in world.rows("select conflict_id from bridge.conflict order by 1")]
    ended = world.run(DECIDE, conflicts=[*map(str, numbers), ""], winner="salesforce")
    assert ended.state == "success"
    made = world.rows(
        "select conflict_id, winner, value_sc, decided_by, state from bridge.decision order by 1"
    )
    assert [(row["conflict_id"], row["winner"], row["value_sc"], row["state"]) for row in made] == [
        (number, "salesforce", "a", "open") for number in numbers
    ]
    assert all(row["decided_by"] for row in made)


def test_K3_what_cannot_be_meant_is_refused_in_one_sentence(world: Installation) -> None:
    world.execute(HELD)
    [first, _] = [
        row["conflict_id"] for row in world.rows("select conflict_id from bridge.conflict order by 1")
    ]
    for conf, told in (
        ({"winner": "salesforce"}, "No conflict was named"),
        ({"conflicts": [str(first), "999999"], "winner": "salesforce"}, "There is no conflict 999999"),
        ({"conflicts": [str(first)], "winner": "salesforce", "why": "x"}, "Unknown parameter why"),
    ):
        ended = world.run(DECIDE, **conf)
        assert ended.state == "failed"
        assert told in ended.error
    assert world.rows("select 1 from bridge.decision") == []
    world.without(DATABASE)
    assert "taskbridge_db" in world.run(DECIDE, conflicts=[str(first)], winner="salesforce").error
