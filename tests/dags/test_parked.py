"""The DAG in which a person says what becomes of parked rows (G4)."""

from __future__ import annotations

from tests.dags.world import Installation

PARKED = "task_sync_parked"
ROW = """
insert into bridge.run (
    run_key, mode, dry_run, users, fencing, sc_start, sc_end, sf_start, sf_end, sc_server_time, sf_server_time,
    features, settings_fingerprint, code_version
) values ('before', 'scheduled', false, '{}', 0, now(), now(), now(), now(), now(), now(), '{}', '', '');
insert into bridge.dead_letter (run_id, stage, side, remote_id, code, category, message, remedy)
select run_id, 'extract', 'salesforce', 'x', 'IMPOSSIBLE_DATE', 'data', 'no date', 'correct it' from bridge.run
"""


def test_G4_a_person_ignores_a_row_while_the_sync_is_off(world: Installation) -> None:
    world.execute(ROW)
    world.switch(None)
    ((number,),) = (
        tuple(row.values()) for row in world.rows("select dead_letter_id from bridge.dead_letter")
    )
    for conf, told in (
        ({"answer": "ignore", "rows": [str(number)]}, "the reason is empty"),
        ({"rows": [str(number)]}, "expected retry or ignore"),
        ({"answer": "retry", "rows": [str(number + 1)]}, "None of the rows that were named is parked"),
        ({"rows": [str(number)], "why": "x"}, "Unknown parameter why"),
    ):
        ended = world.run(PARKED, **conf)
        assert ended.state == "failed"
        assert told in ended.error
    assert world.run(PARKED, answer="ignore", rows=[str(number)], reason="a test").state == "success"
    (said,) = world.rows("select answer, reason, answered_by from bridge.parked_answer")
    assert (said["answer"], said["reason"]) == ("ignore", "a test")
    assert said["answered_by"]
