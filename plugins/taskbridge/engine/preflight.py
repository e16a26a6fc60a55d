"""Whether everything is there that a run needs: both systems, what they let us do, the users, the database.

Asks, and writes nothing. Works on an empty database and while the sync is switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import pandas as pd

from taskbridge.core.finding import Finding, Level, ok, problem, warning
from taskbridge.core.frames import frame, rows_of
from taskbridge.core.lane import cost
from taskbridge.core.run import Window
from taskbridge.core.terms import Side
from taskbridge.core.users import USER_MAP, Moment, map_users, names_nobody
from taskbridge.engine.people import nobody_named
from taskbridge.engine.ports import Allowance, SideInfo, SidePort, Sides
from taskbridge.errors import ApiDisabled, ApiLimitReached, TaskBridgeError
from taskbridge.settings import Settings
from taskbridge.store import Ledger

T = TypeVar("T")
Port = Callable[[], SidePort]
"""A side, made when it is asked for the first time: what its connection lacks is a finding of its login."""

_CLOCKS_APART: Final = timedelta(seconds=30)
"""More than an answer's way and whole seconds explain."""
_NAMED: Final = 5
_TYPO: Final = "correct the entry, or take it out"
_NOBODY: Final = "switch on the Salesforce task sync in the Sales Connect settings of the users who take part"


@dataclass
class Section:
    """The findings about one system. After a question that everything else hangs on has failed, none is asked."""

    name: str
    findings: list[Finding] = field(default_factory=list)
    stopped_by: str | None = None

    def ask(self, subject: str, question: Callable[[], T], *, vital: bool = False) -> T | None:
        """The answer; None, and a finding that says so, when there is none."""
        if self.stopped_by:
            self.add(not_checked(subject, f"not asked, as '{self.stopped_by}' failed"))
            return None
        try:
            return question()
        except TaskBridgeError as error:
            self.add(problem(subject, str(error)))
            if vital:
                self.stopped_by = subject
            return None

    def add(self, *findings: Finding) -> None:
        self.findings.extend(findings)


def not_checked(subject: str, why: str) -> Finding:
    return Finding(subject, Level.NOT_CHECKED, why)


def preflight(
    sides: Sides, ledger: Ledger | TaskBridgeError, settings: Settings, clock: Callable[[], datetime]
) -> list[Section]:
    """All checks. `ledger`: the database, or why there is none; `clock`: the time of this machine, in UTC."""
    database = _database(ledger)
    sales_connect, sc_info, sc_late = examine_sales_connect(lambda: sides.sales_connect, settings, clock)
    salesforce, sf_info, sf_late = _salesforce(lambda: sides.salesforce, settings, clock)
    reachable = None if isinstance(ledger, TaskBridgeError) or database.stopped_by else ledger
    return [
        database,
        sales_connect,
        salesforce,
        _users(sc_info, sf_info, reachable, settings),
        _clocks(sc_late, sf_late, settings),
    ]


def is_well(sections: list[Section]) -> bool:
    """Whether nothing has to be mended."""
    return not any(
        found.level in (Level.PROBLEM, Level.NOT_CHECKED)
        for section in sections
        for found in section.findings
    )


def count(sections: list[Section]) -> dict[str, int]:
    """Number of findings by level."""
    levels = [found.level for section in sections for found in section.findings]
    return {level.value: levels.count(level) for level in Level if level in levels}


def table(sections: list[Section]) -> str:
    """The findings for people: a line each, and what was expected and what helps below it."""
    return "\n".join([*(line for _, line in lines(sections)), "", verdict(sections)])


def lines(sections: list[Section]) -> Iterator[tuple[Level, str]]:
    """Each line of the table with the level of its finding."""
    rows = [(section.name, found) for section in sections for found in section.findings]
    subjects = max(len(found.subject) for _, found in rows)
    for name, found in rows:
        yield from ((found.level, line) for line in _lines(name, found, subjects))


def verdict(sections: list[Section]) -> str:
    """The findings in numbers, what is to mend apart from what could not be asked."""
    found = count(sections)
    said = {Level.PROBLEM: "to mend", Level.WARNING: "warnings", Level.NOT_CHECKED: "not checked"}
    numbers = [f"{found[level]} {words}" for level, words in said.items() if level in found]
    return f"{sum(found.values())} checks: {', '.join(numbers)}." if numbers else "All is well."


def in_a_sentence(section: Section) -> str:
    """The findings where there is no room for lines; what was not asked is left out."""
    return "; ".join(
        f"{found.subject}: {found.seen}" for found in section.findings if found.level is not Level.NOT_CHECKED
    )


def _lines(name: str, found: Finding, width: int) -> Iterator[str]:
    yield f"{found.level:<12}{name:<15}{found.subject:<{width}}  {found.seen}"
    for word, text in (("expected", found.expected), ("to do", found.remedy)):
        if text:
            yield f"{'':<{27 + width}}  {word}: {text}"


def _database(ledger: Ledger | TaskBridgeError) -> Section:
    section = Section("Database")
    if isinstance(ledger, TaskBridgeError):
        section.add(problem("connection", str(ledger)))
        return section
    if (at := section.ask("schema", ledger.check_schema, vital=True)) is not None:
        section.add(ok("schema", f"{at}, as this code needs it"))
    if section.ask("reading", ledger.people.user_map, vital=True) is not None:
        section.add(ok("reading", "rows and frames, by both drivers that a run uses"))
    if (checks := section.ask("data checks", ledger.checks.try_out)) is not None:
        section.add(ok("data checks", ", ".join(check.name for check in checks) or "none"))
    for side, state in (section.ask("paused systems", ledger.sides.side_states) or {}).items():
        if (pause := state.pause) is None:
            continue
        section.add(
            warning(
                f"{side.system} paused",
                f"since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.reason}",
                f"in use; it is tried again at {pause.next_attempt:%H:%M} UTC",
                f"once its login above is ok: SELECT bridge.resume_side('{side}', 'your name');",
            )
        )
    return section


def examine_sales_connect(
    port: Port, settings: Settings, clock: Callable[[], datetime]
) -> tuple[Section, SideInfo | None, timedelta | None]:
    """Its checks; with the account, its users and how far its clock is ahead, where it told them."""
    section = Section(Side.SALES_CONNECT.system)
    _log_in(section, port)
    info, late = _connect(section, port, clock)
    _readable(section, port, info)
    if info is not None:
        _optional_parts(section, port, info, settings)
    return section, info, late


def _optional_parts(section: Section, port: Port, info: SideInfo, settings: Settings) -> None:
    told = section.ask("feed of deletes", lambda: port().tells_deletes())
    if told:
        section.add(ok("feed of deletes", "answers"))
    elif told is not None:
        minutes = settings.sc_sweep_minutes
        seen = f"none: every linked task is looked up once in {minutes} minutes, and a delete is noticed then"
        section.add(warning("feed of deletes", seen, "the optional part deleted_tasks of the API"))
    if "batch" in info.features:
        section.add(ok("batches", "many records in one call"))
    else:
        section.add(warning("batches", "none: a call for each record", "the optional part batch of the API"))


def _salesforce(
    port: Port, settings: Settings, clock: Callable[[], datetime]
) -> tuple[Section, SideInfo | None, timedelta | None]:
    section = Section(Side.SALESFORCE.system)
    _log_in(section, port)
    _api(section, port, settings.salesforce_api_reserve)
    info, late = _connect(section, port, clock)
    contract = section.ask("Task as described", lambda: port().contract())
    if contract is not None:
        section.add(*contract.findings)
        if contract.readable:
            _readable(section, port, info)
            if section.ask("feed of deletes", lambda: port().tells_deletes()):
                section.add(ok("feed of deletes", "queryAll tells deleted tasks"))
            if settings.fill_person:
                _people(section, port)
        else:
            why = "not asked, as Task or one of its fields cannot be read"
            section.add(not_checked("tasks", why), not_checked("feed of deletes", why))
    return section, info, late


def _people(section: Section, port: Port) -> None:
    hidden = section.ask("contacts and leads", lambda: port().hidden_people())
    if hidden:
        named = " and ".join(hidden)
        section.add(
            warning(
                "contacts and leads",
                f"{named} cannot be looked up: a task whose lead was converted or contact merged is created without",
                "read on Contact and Lead",
                f"grant the integration user read on {named}, or set fill_person to false",
            )
        )
    elif hidden is not None:
        section.add(ok("contacts and leads", "can be looked up: converted and merged ones are followed"))


def _log_in(section: Section, port: Port) -> None:
    # Reading the connection is part of it: whatever lacks there, nothing else can be asked.
    told = section.ask("login", lambda: port().log_in(), vital=True)
    if told is not None:
        section.add(ok("login", f"accepted{', ' + told if told else ''}"))


def _api(section: Section, port: Port, reserve: float) -> None:
    def question() -> Allowance | None:
        try:
            return port().allowance()
        except ApiLimitReached as spent:
            section.add(ok("API enabled", "answers"))
            section.add(problem("calls left", str(spent)))
            section.stopped_by = "calls left"
            return None
        except ApiDisabled:
            section.stopped_by = "API enabled"
            raise

    allowance = section.ask("API enabled", question)
    if allowance is not None:
        left, lane = calls_left(allowance, reserve), cost(allowance.most, reserve)
        section.add(ok("API enabled", "answers"), left, lane)


def calls_left(allowance: Allowance, reserve: float) -> Finding:
    """Whether there are more calls than the share that writing leaves to the org's people (G7)."""
    seen = f"{allowance.left:,} of {allowance.most:,} in 24 hours"
    if allowance.left > reserve * allowance.most:
        return ok("calls left", seen)
    return warning(
        "calls left",
        f"{seen}: nothing is written until there are more",
        f"more than {reserve:.0%}, as salesforce_api_reserve says",
        "see under Setup, Company Information who uses them; run the sync less often (TASKBRIDGE_SCHEDULE), or "
        "buy more",
    )


def _connect(
    section: Section, port: Port, clock: Callable[[], datetime]
) -> tuple[SideInfo | None, timedelta | None]:
    info = section.ask("users", lambda: port().connect())
    if info is None:
        return None, None
    late = info.server_now - clock()
    active = int(info.users["active"].fillna(False).sum())
    place = "account" if info.side is Side.SALES_CONNECT else "org"
    said = f"{active} active of {len(info.users)} in {place} {info.identity}"
    if info.side is Side.SALES_CONNECT:
        said += f", {len(_switched_on(info))} with salesforce_task_sync on"
    section.add(ok("users", said))
    return info, late


def _readable(section: Section, port: Port, info: SideInfo | None) -> None:
    if info is None:
        section.add(not_checked("tasks", "not asked, as 'users' failed"))
        return
    window = Window(info.server_now - timedelta(minutes=10), info.server_now)
    rows = section.ask("tasks", lambda: sum(len(page) for page in port().read_changes(window)))
    if rows is not None:
        section.add(ok("tasks", f"can be listed; {rows} changed in the last ten minutes"))


def _users(
    sales_connect: SideInfo | None, salesforce: SideInfo | None, ledger: Ledger | None, settings: Settings
) -> Section:
    section = Section("Users")
    if sales_connect is None or salesforce is None:
        section.add(not_checked("who takes part", "not asked, as the users of a system are not known"))
        return section
    known = None if ledger is None else section.ask("user map", ledger.people.user_map)
    now = Moment(sales_connect.server_now, salesforce.server_now)
    users = map_users(
        frame(USER_MAP.empty_table()) if known is None else known,
        sales_connect.users,
        salesforce.users,
        settings.user_map,
        schema=USER_MAP,
        ledger_started=now,
        read_from=now,
        now=now,
    )
    section.add(*_who(users, _switched_on(sales_connect)))
    strange = names_nobody(
        settings.user_map,
        frame(USER_MAP.empty_table()) if known is None else known,
        sales_connect.users,
        salesforce.users,
    )
    for side, names in strange.items():
        if names:
            section.add(
                warning(
                    "setting user_map",
                    nobody_named(Side(side), names),
                    "ids or e-mail addresses of users",
                    _TYPO,
                )
            )
    return section


def _switched_on(sales_connect: SideInfo) -> frozenset[str]:
    on = sales_connect.users["sync_on"].fillna(False).astype(bool)
    return frozenset(sales_connect.users.loc[on, "user_id"])


def _who(users: pd.DataFrame, wanting: frozenset[str]) -> Iterator[Finding]:
    """Who takes part, and who would like to and cannot, by reason."""
    rows = rows_of(users)
    synced = [row for row in rows if row["state"] == "synced"]
    if synced:
        yield ok("who takes part", f"{len(synced)} users: {_names(synced)}")
    else:
        yield warning("who takes part", "nobody", "at least one user", _NOBODY)
    mapped = [row for row in rows if row["state"] == "inactive" and row["sf_user_id"]]
    if mapped:
        yield problem(
            "mapped users active",
            f"inactive in a system, or gone: {_names(mapped)}",
            "active in both",
            str(mapped[0]["remedy"]),
        )
    for state in ("unmapped", "ambiguous", "refused"):
        found = [row for row in rows if row["state"] == state and row["sc_user_id"] in wanting]
        if found:
            yield warning(
                f"users {state}", _names(found), "a Salesforce user for each", str(found[0]["remedy"])
            )


def _names(rows: list[dict[str, object]]) -> str:
    names = [str(row["email"] or row["sc_user_id"]) for row in rows]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _clocks(sales_connect: timedelta | None, salesforce: timedelta | None, settings: Settings) -> Section:
    section = Section("Clocks")
    for side, late in ((Side.SALES_CONNECT, sales_connect), (Side.SALESFORCE, salesforce)):
        subject = f"{side.system} and this machine"
        if late is None:
            section.add(not_checked(subject, f"not asked, as {side.system} tells no time"))
        elif abs(late) <= _CLOCKS_APART:
            section.add(ok(subject, _apart(late)))
        else:
            section.add(
                warning(
                    subject,
                    _apart(late),
                    f"at most {_apart(_CLOCKS_APART)}",
                    "set this machine's clock by NTP",
                )
            )
    if sales_connect is not None and salesforce is not None:
        section.add(_between(sales_connect - salesforce, timedelta(seconds=settings.conflict_margin_seconds)))
    return section


def _between(apart: timedelta, margin: timedelta) -> Finding:
    """Stamps of the two systems are compared only where both changed a field (K3)."""
    subject = "both systems"
    if abs(apart) <= margin:
        return ok(subject, f"{_apart(apart)}, within conflict_margin_seconds")
    return warning(
        subject,
        f"{_apart(apart)}: with latest_wins the wrong edit can win",
        f"at most {_apart(margin)}, as conflict_margin_seconds says",
        "raise conflict_margin_seconds above it, or choose another conflict_policy",
    )


def _apart(difference: timedelta) -> str:
    return f"{abs(difference).total_seconds():.0f} s apart"
