"""What people can do in a scenario, and what TaskBridge can be seen doing: one function a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Answer, Side
from taskbridge.engine.loading.busy import TRIES
from taskbridge.engine.on_demand.approval import APPROVAL_ID
from taskbridge.engine.on_demand.conflicts import decide_conflicts
from taskbridge.engine.on_demand.undo import LINK_ID, RUN_ID
from tests.scenarios import values
from tests.scenarios.document import PEOPLE, SYSTEMS, TASKBRIDGE, NotUnderstood, Place, Sentence
from tests.scenarios.stage import Stage

_KINDS: Final[Mapping[str, str]] = {
    "person": "Ada|Ben|Chi",
    "task": r"[A-Z]\d*",
    "system": "|".join(SYSTEMS),
    "number": r"[\d,]+",
    "unit": "seconds?|minutes?|hours?|days?",
    "outcome": "|".join(outcome for outcome in RunOutcome if outcome is not RunOutcome.FAILED),
    "rows": r"nothing|\d+ to (?:Sales Connect|Salesforce)(?:, \d+ to (?:Sales Connect|Salesforce))?",
    "op": "create|update|delete",
    "rules": r"[SFTICKG]\d(?:,[SFTICKG]\d)*|selection",
    "code": "[A-Z_]+",
    "name": r"[a-z_.]+",
    "column": "[a-z]+",
    "text": '[^"]*',
    "values": ".+",
}
"""What can stand in the braces of a sentence."""

_UNITS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}


@dataclass(frozen=True)
class Known:
    """A sentence with gaps in braces, and what it does."""

    heading: str
    text: str
    pattern: re.Pattern[str]
    act: Callable[..., None]


SENTENCES: Final[list[Known]] = []

Act = Callable[..., None]


def _sentence(heading: str, text: str) -> Callable[[Act], Act]:
    def register(act: Act) -> Act:
        parts = re.split(r"\{(\w+)\}", text)
        pattern = "".join(
            f"(?P<{part}>{_KINDS[part]})" if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        )
        SENTENCES.append(Known(heading, text, re.compile(pattern), act))
        return act

    return register


def perform(stage: Stage, heading: str, sentence: Sentence) -> None:
    """Does what the sentence says. Raises NotUnderstood for one that nobody knows."""
    for known in SENTENCES:
        match = known.pattern.fullmatch(sentence.text) if known.heading == heading else None
        if match:
            given = {name: _meant(name, text) for name, text in match.groupdict().items()}
            known.act(stage, sentence.place, **given)
            return
    known_here = "\n".join(f"  {known.text}" for known in SENTENCES if known.heading == heading)
    raise NotUnderstood(sentence.place, f"{sentence.text!r} is no sentence of {heading!r}:\n{known_here}")


def describe() -> str:
    """All sentences, as the README of this folder lists them."""
    lines = []
    for heading in (PEOPLE, TASKBRIDGE):
        lines += [f"{heading}:", "", "```"]
        lines += [known.text for known in SENTENCES if known.heading == heading]
        lines += ["```", ""]
    return "\n".join(lines)


def _meant(kind: str, text: str) -> Any:
    match kind:
        case "system":
            return SYSTEMS[text]
        case "number":
            return int(text.replace(",", ""))
        case "unit":
            return _UNITS[text.removesuffix("s")]
        case "text":
            return values.text_of(text)
        case _:
            return text


# what people do


@_sentence(PEOPLE, "{person} makes {task} in {system}: {values}")
def makes(stage: Stage, place: Place, person: str, task: str, system: Side, values: str) -> None:
    stage.make(place, task, system, {"owner": person, **_fields(place, system, values)})


@_sentence(PEOPLE, "{person} changes {task} in {system}: {values}")
def changes(stage: Stage, place: Place, person: str, task: str, system: Side, values: str) -> None:
    stage.system(system).edit(
        stage.record(place, task, system), **stage.written(system, _fields(place, system, values))
    )


@_sentence(PEOPLE, "{person} deletes {task} in {system}")
def deletes(stage: Stage, place: Place, person: str, task: str, system: Side) -> None:
    stage.system(system).delete(stage.record(place, task, system))


@_sentence(PEOPLE, "{person} takes {task} out of Salesforce's recycle bin")
def restores(stage: Stage, place: Place, person: str, task: str) -> None:
    stage.world.sf.undelete(stage.record(place, task, Side.SALESFORCE))


@_sentence(PEOPLE, "{person} changes {task} in {system} while TaskBridge is about to write: {values}")
def changes_meanwhile(stage: Stage, place: Place, person: str, task: str, system: Side, values: str) -> None:
    faults = stage.system(system).faults

    def at_last_look(call: str) -> None:
        """Targets are read once more just before they are written."""
        if call == "before read_ids":
            faults.on_call = None
            changes(stage, place, person, task, system, values)

    faults.on_call = at_last_look


@_sentence(PEOPLE, "{number} {unit} pass")
def time_passes(stage: Stage, place: Place, number: int, unit: int) -> None:
    stage.world.advance(number * unit)


@_sentence(PEOPLE, "An operator switches TaskBridge off")
def switches_off(stage: Stage, place: Place) -> None:
    stage.world.enabled = False


@_sentence(PEOPLE, "An operator switches TaskBridge on")
def switches_on(stage: Stage, place: Place) -> None:
    stage.world.enabled = True


@_sentence(PEOPLE, "An operator sets {name} to {values}")
def sets(stage: Stage, place: Place, name: str, values: str) -> None:
    stage.set(name, values)


@_sentence(PEOPLE, "An operator decides the {column} of {task}: {system} is right")
def decides(stage: Stage, place: Place, column: str, task: str, system: Side) -> None:
    ((number,),) = stage.world.rows(
        "select conflict_id from mart.conflicts_open where link_id = %s and field = %s",
        _pair(stage, task),
        _field_of(place, column),
    )
    decide_conflicts(stage.world.ledger, [number], system, "operator")


@_sentence(PEOPLE, "An operator approves what is held")
def approves(stage: Stage, place: Place) -> None:
    _answer(stage, place, Answer.APPROVED)


@_sentence(PEOPLE, "An operator rejects what is held")
def rejects(stage: Stage, place: Place) -> None:
    _answer(stage, place, Answer.REJECTED)


@_sentence(PEOPLE, "{person} turns her sync on")
def turns_on(stage: Stage, place: Place, person: str) -> None:
    stage.world.sc.switch(stage.person(Side.SALES_CONNECT, person), True)


@_sentence(PEOPLE, "{person} turns her sync off")
def turns_off(stage: Stage, place: Place, person: str) -> None:
    stage.world.sc.switch(stage.person(Side.SALES_CONNECT, person), False)


@_sentence(PEOPLE, "{person} turns her sync on, and Sales Connect does not tell when")
def turns_on_without_a_stamp(stage: Stage, place: Place, person: str) -> None:
    stage.world.sc.switch(stage.person(Side.SALES_CONNECT, person), True, stamped=False)


@_sentence(PEOPLE, "Another {person} with the same e-mail address is added in Salesforce")
def namesake(stage: Stage, place: Place, person: str) -> None:
    stage.world.sf.add_user(f"{person.lower()}@example.com")


@_sentence(PEOPLE, "{person} gets a new e-mail address in Salesforce")
def new_address(stage: Stage, place: Place, person: str) -> None:
    stage.world.sf.set_user(stage.person(Side.SALESFORCE, person), email="somebody.new@example.com")


@_sentence(PEOPLE, "{person} is deleted in Sales Connect with all tasks")
def user_deleted(stage: Stage, place: Place, person: str) -> None:
    stage.world.sc.delete_user(stage.person(Side.SALES_CONNECT, person))


@_sentence(PEOPLE, "{person} leaves and is made inactive in {system}")
def inactive(stage: Stage, place: Place, person: str, system: Side) -> None:
    stage.system(system).set_user(stage.person(system, person), active=False)


@_sentence(PEOPLE, "{person} is back and made active in {system}")
def active(stage: Stage, place: Place, person: str, system: Side) -> None:
    stage.system(system).set_user(stage.person(system, person), active=True)


# what the systems and the network do


@_sentence(PEOPLE, "{system} hides {task} from TaskBridge")
def hides(stage: Stage, place: Place, system: Side, task: str) -> None:
    stage.system(system).faults.hidden.add(stage.record(place, task, system))


@_sentence(PEOPLE, "{system} shows {task} to TaskBridge again")
def shows(stage: Stage, place: Place, system: Side, task: str) -> None:
    stage.system(system).faults.hidden.discard(stage.record(place, task, system))


@_sentence(PEOPLE, "{system} leaves {person} out of its list of users")
def leaves_out(stage: Stage, place: Place, system: Side, person: str) -> None:
    stage.system(system).faults.unlisted.add(stage.person(system, person))


@_sentence(PEOPLE, "Sales Connect has no list of deleted tasks")
def no_feed(stage: Stage, place: Place) -> None:
    stage.world.sc.features -= {"deleted_tasks"}


@_sentence(PEOPLE, "Salesforce empties its recycle bin")
def purges(stage: Stage, place: Place) -> None:
    stage.world.sf.purge()


@_sentence(PEOPLE, "The network swallows the next answer of {system}")
def loses_answer(stage: Stage, place: Place, system: Side) -> None:
    stage.system(system).faults.lose_answers = 1


@_sentence(PEOPLE, "{system} breaks off the next listing")
def breaks_off(stage: Stage, place: Place, system: Side) -> None:
    stage.system(system).page_size = 1
    stage.system(system).faults.truncate_reads = 1


@_sentence(PEOPLE, '{system} refuses to write tasks called "{text}": {code}')
def refuses(stage: Stage, place: Place, system: Side, text: str, code: str) -> None:
    stage.system(system).faults.refuse_titles[text] = code


@_sentence(PEOPLE, '{system} accepts tasks called "{text}" again')
def accepts(stage: Stage, place: Place, system: Side, text: str) -> None:
    del stage.system(system).faults.refuse_titles[text]


@_sentence(PEOPLE, '{system} locks tasks called "{text}" for a moment')
def locks_briefly(stage: Stage, place: Place, system: Side, text: str) -> None:
    stage.system(system).faults.lock_titles[text] = 1


@_sentence(PEOPLE, '{system} locks tasks called "{text}" for a whole run')
def locks(stage: Stage, place: Place, system: Side, text: str) -> None:
    stage.system(system).faults.lock_titles[text] = TRIES


@_sentence(PEOPLE, "Salesforce has {number} calls left for writing")
def calls_left(stage: Stage, place: Place, number: int) -> None:
    stage.world.sf.faults.calls_left = number
    stage.world.sf.chunk_size = 1  # one task a call


@_sentence(PEOPLE, "{system} pads texts and changes line ends")
def pads(stage: Stage, place: Place, system: Side) -> None:
    stage.system(system).faults.normalise = True


@_sentence(PEOPLE, "A trigger of {system} sets {values} in all that TaskBridge writes")
def trigger(stage: Stage, place: Place, system: Side, values: str) -> None:
    fields = stage.written(system, _fields(place, system, values))
    stage.system(system).faults.trigger = lambda held: dict(fields)


@_sentence(PEOPLE, "{system} sends {task} with a date that does not exist")
def spoils(stage: Stage, place: Place, system: Side, task: str) -> None:
    stage.system(system).spoil(
        stage.record(place, task, system), "IMPOSSIBLE_DATE", "due_date is 2026-02-30, expected a date"
    )


@_sentence(PEOPLE, "The clock of {system} goes back {number} {unit}")
def clock_back(stage: Stage, place: Place, system: Side, number: int, unit: int) -> None:
    stage.system(system).advance(-number * unit)


@_sentence(PEOPLE, "The clock of {system} is {number} {unit} fast")
def clock_fast(stage: Stage, place: Place, system: Side, number: int, unit: int) -> None:
    stage.system(system).advance(number * unit)


@_sentence(PEOPLE, "The clock of {system} is put right by {number} {unit}")
def clock_put_right(stage: Stage, place: Place, system: Side, number: int, unit: int) -> None:
    stage.system(system).advance(-number * unit)


@_sentence(PEOPLE, "The connection to {system} leads to a copy of it")
def another(stage: Stage, place: Place, system: Side) -> None:
    stage.system(system).identity = "another"


@_sentence(PEOPLE, "The database is lost and set up anew")
def ledger_lost(stage: Stage, place: Place) -> None:
    from tests.conftest import EMPTY

    stage.world.rows_changed(EMPTY)


# what TaskBridge does


@_sentence(TASKBRIDGE, "A run ends {outcome} and writes {rows}")
def run_ends(stage: Stage, place: Place, outcome: str, rows: str) -> None:
    stage.run(place, outcome, _rows(rows))


@_sentence(TASKBRIDGE, "A run for {person} alone ends {outcome} and writes {rows}")
def run_for(stage: Stage, place: Place, person: str, outcome: str, rows: str) -> None:
    stage.run(place, outcome, _rows(rows), users=(stage.person(Side.SALES_CONNECT, person),))


@_sentence(TASKBRIDGE, "A run over the last {number} {unit} ends {outcome} and writes {rows}")
def run_over(stage: Stage, place: Place, number: int, unit: int, outcome: str, rows: str) -> None:
    window = stage.world.window(number * unit)
    stage.run(place, outcome, _rows(rows), mode=RunMode.BACKFILL, window=window)


@_sentence(TASKBRIDGE, "A dry run ends {outcome} and writes {rows}")
def dry_run(stage: Stage, place: Place, outcome: str, rows: str) -> None:
    stage.run(place, outcome, _rows(rows), dry_run=True)


@_sentence(TASKBRIDGE, "A rebase ends {outcome} and writes {rows}")
def rebase(stage: Stage, place: Place, outcome: str, rows: str) -> None:
    stage.run(place, outcome, _rows(rows), mode=RunMode.REBASE)


@_sentence(TASKBRIDGE, "The answer is carried out: it ends {outcome} and writes {rows}")
def answer_carried_out(stage: Stage, place: Place, outcome: str, rows: str) -> None:
    (request,) = stage.world.ledger.approvals.unfinished_approvals()
    asked = {APPROVAL_ID: request.approval_id}
    stage.run(place, outcome, _rows(rows), mode=RunMode.APPROVAL, asked=asked)


@_sentence(TASKBRIDGE, "An undo of the last run ends {outcome} and writes {rows}")
def undo(stage: Stage, place: Place, outcome: str, rows: str) -> None:
    assert stage.report is not None, f"{place}: no run came before"
    stage.run(place, outcome, _rows(rows), mode=RunMode.UNDO, asked={RUN_ID: stage.report.run_id})


@_sentence(TASKBRIDGE, "A restore of {task} ends {outcome} and writes {rows}")
def restore(stage: Stage, place: Place, task: str, outcome: str, rows: str) -> None:
    stage.run(place, outcome, _rows(rows), mode=RunMode.RESTORE, asked={LINK_ID: _pair(stage, task)})


@_sentence(TASKBRIDGE, "A rerender ends {outcome} and writes {rows}")
def rerender(stage: Stage, place: Place, outcome: str, rows: str) -> None:
    stage.run(place, outcome, _rows(rows), mode=RunMode.RERENDER)


@_sentence(TASKBRIDGE, 'A run stops, writes nothing and says "{text}"')
def run_stops(stage: Stage, place: Place, text: str) -> None:
    stage.run(place, RunOutcome.FAILED, _rows("nothing"))
    report_says(stage, place, text)


@_sentence(TASKBRIDGE, "A run calls nobody")
def run_calls_nobody(stage: Stage, place: Place) -> None:
    before = stage.world.reads
    stage.run(place, RunOutcome.SKIPPED, _rows("nothing"))
    assert stage.world.reads == before, f"{place}: the run read something"


@_sentence(TASKBRIDGE, 'Its report says "{text}"')
def report_says(stage: Stage, place: Place, text: str) -> None:
    assert stage.report is not None, f"{place}: no run came before"
    assert text in stage.report.text, f"{place}: the report says otherwise:\n{stage.report.text}"


@_sentence(TASKBRIDGE, "{task} in {system} is left out by {rules}")
def left_out(stage: Stage, place: Place, task: str, system: Side, rules: str) -> None:
    record = stage.record(place, task, system)
    found = stage.world.rows(
        "select rule from mart.not_synced where side = %s and remote_id = %s", system.value, record
    )
    assert found == [(rules,)], f"{place}: mart.not_synced says {found} of {task} in {system.system}"


@_sentence(TASKBRIDGE, "A {op} of {task} in {system} is held by {rules}")
def held(stage: Stage, place: Place, op: str, task: str, system: Side, rules: str) -> None:
    found = stage.world.rows(
        "select op, rule from bridge.action where state = 'held' and side = %s and link_id = %s",
        system.value,
        _pair(stage, task),
    )
    assert [one for one, _ in found] == [op], f"{place}: held are {found}"
    assert set(rules.split(",")) <= set(found[0][1].split(",")), f"{place}: held are {found}"


@_sentence(TASKBRIDGE, "The pair of {task} is {name}")
def pair_is(stage: Stage, place: Place, task: str, name: str) -> None:
    found = stage.world.rows("select state from bridge.link where link_id = %s", _pair(stage, task))
    assert found == [(name,)], f"{place}: the pair is {found}"


@_sentence(TASKBRIDGE, "{task} is parked: {code}")
def parked(stage: Stage, place: Place, task: str, code: str) -> None:
    mine = list(stage.known[task].values())
    found = stage.world.rows(
        "select code from bridge.dead_letter where resolved_at is null and (link_id = %s or remote_id = any(%s))",
        _pair(stage, task),
        mine,
    )
    assert found == [(code,)], f"{place}: parked with {found}"


@_sentence(TASKBRIDGE, "Nothing is parked")
def nothing_parked(stage: Stage, place: Place) -> None:
    found = stage.world.rows("select code from bridge.dead_letter where resolved_at is null")
    assert not found, f"{place}: parked are {found}"


@_sentence(TASKBRIDGE, 'The {column} "{text}" of {task} is kept')
def kept(stage: Stage, place: Place, column: str, text: str, task: str) -> None:
    _is_kept(stage, place, column, text, task)


@_sentence(TASKBRIDGE, "{person} takes no part: {name}")
def takes_no_part(stage: Stage, place: Place, person: str, name: str) -> None:
    users = stage.world.ledger.people.user_map().set_index("sc_user_id")
    row = users.loc[stage.person(Side.SALES_CONNECT, person)]
    assert row["state"] == name, f"{place}: the state is {row['state']}"
    assert row["remedy"], f"{place}: nobody is told what helps"


@_sentence(TASKBRIDGE, "{person} finds {task} in Command Center")
def in_command_center(stage: Stage, place: Place, person: str, task: str) -> None:
    found = _command_center(stage, person)
    assert stage.record(place, task, Side.SALES_CONNECT) in found, f"{place}: Command Center shows {found}"


@_sentence(TASKBRIDGE, "{person} does not find {task} in Command Center")
def not_in_command_center(stage: Stage, place: Place, person: str, task: str) -> None:
    found = _command_center(stage, person)
    assert stage.record(place, task, Side.SALES_CONNECT) not in found, (
        f"{place}: Command Center shows {found}"
    )


def _answer(stage: Stage, place: Place, answer: Answer) -> None:
    unfinished = stage.world.ledger.approvals.unfinished_approvals()
    assert len(unfinished) == 1, f"{place}: {len(unfinished)} requests wait for an answer"
    stage.world.answer(unfinished[0].approval_id, answer)


def _command_center(stage: Stage, person: str) -> list[str]:
    user = stage.person(Side.SALES_CONNECT, person)
    found = stage.world.rows("select sc_id from mart.command_center where sc_user_id = %s", user)
    return [record for (record,) in found]


def _fields(place: Place, side: Side, text: str) -> dict[str, Any]:
    return values.of_text(place, side, text)


def _rows(text: str) -> dict[Side, int]:
    wanted = dict.fromkeys(Side, 0)
    for number, system in re.findall(r"(\d+) to (Sales Connect|Salesforce)", text):
        wanted[SYSTEMS[system]] = int(number)
    return wanted


def _pair(stage: Stage, task: str) -> str:
    side, record = next(iter(stage.known[task].items()))
    return stage.world.pair_of(side, record)


_FIELD_OF: Final = {
    column.lower(): name for columns in values.COLUMNS.values() for column, name in columns.items()
}


def _field_of(place: Place, column: str) -> str:
    if column not in _FIELD_OF:
        raise NotUnderstood(place, f"{column!r} is no column: {', '.join(sorted(_FIELD_OF))}")
    return _FIELD_OF[column]


def _is_kept(stage: Stage, place: Place, column: str, text: str, task: str) -> None:
    """In full, where people are promised to find it: with the conflict, or with the write that replaced it (K5)."""
    name = _field_of(place, column)
    pair = _pair(stage, task)
    found = (
        stage.world.rows(
            f"select seen_{name}::text from bridge.action where link_id = %s and state = 'done'", pair
        )
        + stage.world.rows(
            "select unnest(array[value_sc, value_sf]) from bridge.conflict where link_id = %s and field = %s",
            pair,
            name,
        )
        + stage.world.rows(
            "select unnest(array[value_sc::json ->> %s, value_sf::json ->> %s]) from bridge.conflict "
            "where link_id = %s and field = 'record'",
            name,
            name,
            pair,
        )
    )
    assert (text,) in found, f"{place}: kept are {found}"
