"""All settings of TaskBridge, with their defaults: the Variable `taskbridge_settings` (JSON), closed to unknown keys.

`python -m taskbridge.settings` prints them as the table that the documentation shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from taskbridge.core.canonical import storable
from taskbridge.core.policy import LIMITS, Limits, Policy
from taskbridge.core.template import SubjectTemplate
from taskbridge.core.terms import ConflictPolicy, DeletePolicy, FirstSyncMode, GuardKind, SkippedTasks
from taskbridge.errors import SettingsInvalid
from taskbridge.limit_settings import Closed, Count, KindLimits, LimitSettings, Share

Number = Annotated[int, Field(ge=1, le=1_000_000_000)]
Name = Annotated[str, Field(min_length=1)]
_YEAR: Final = 365 * 24  # hours
_DAY: Final = 24 * 60  # minutes


class NotifierSettings(Closed):
    """One of Airflow's notifier classes, and its arguments."""

    notifier: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$")]
    arguments: Mapping[str, Any] = Field(default_factory=dict)


class Settings(Closed):
    """Every setting of a run. Read once when the run opens."""

    subject_template: str = Field(
        "{{activity_subject}}", description="How an SC task becomes a Salesforce Subject (T1 to T3)"
    )
    conflict_policy: ConflictPolicy = Field(
        ConflictPolicy.LATEST_WINS, description="Who wins a field that both sides changed differently (K3)"
    )
    conflict_policy_fields: Mapping[
        Literal["status", "priority", "due_date", "details", "owner"], ConflictPolicy
    ] = Field(default_factory=dict, description="The same for single fields; overrides conflict_policy (K3)")
    conflict_margin_seconds: int = Field(
        120, ge=0, le=60 * _DAY, description="Within this margin of both edits Salesforce wins, seconds (K3)"
    )
    delete_policy: DeletePolicy = Field(
        DeletePolicy.DELETE_WINS, description="Deleted on one side, edited on the other (K4)"
    )
    skipped_tasks: SkippedTasks = Field(
        SkippedTasks.LEAVE_OPEN, description="What SC's status skipped means in Salesforce (C4)"
    )
    first_sync_mode: FirstSyncMode = Field(
        FirstSyncMode.RECENT, description="Which Salesforce tasks a user's first sync brings in (I1)"
    )
    first_sync_lookback_hours: int = Field(
        24, ge=0, le=10 * _YEAR, description="How far before the switch-on the first sync looks, hours (I1)"
    )
    first_sync_tasks: int = Field(
        100_000,
        ge=1,
        le=10_000_000,
        description="A run that has read so many tasks for first syncs leaves the other users to the next runs (I1)",
    )
    include_logged_activities: bool = Field(
        False, description="Let Salesforce tasks take part that were completed when they were created (C2)"
    )
    fill_person: bool = Field(
        True,
        description="Give a new Salesforce task the contact or lead that its Sales Connect person is, where that is "
        "known (WhoId)",
    )
    user_map: Mapping[str, str] = Field(
        default_factory=dict,
        description="SC user (id or e-mail) to Salesforce user (id of 15 or 18 characters, or e-mail); overrides the "
        "matching (S2)",
    )
    delete_max_age_days: Annotated[int, Field(ge=1, le=15)] = Field(
        15, description="Older Salesforce deletes are held, days (I4)"
    )
    overlap_minutes: Annotated[int, Field(ge=1, le=7 * _DAY)] = Field(
        10, description="How far before the watermark every run reads again, minutes (late commits)"
    )
    sc_sweep_minutes: Annotated[int, Field(ge=1, le=30 * _DAY)] = Field(
        60,
        description="Without a delete feed, all linked SC tasks are looked up once in so many minutes (C5)",
    )
    limits: LimitSettings = Field(default_factory=LimitSettings, description="Blast radius limits (G3)")
    approvers: tuple[Name, ...] = Field(
        (),
        description="Who may answer a request, and release what a limit holds by `approved_plan`, which then nobody "
        "may do for a dry run of their own: Airflow's user names, or ids; empty: whoever may trigger the DAG (G3)",
    )
    checks_noted: tuple[Name, ...] = Field(
        (), description="Data checks that a run notes and does not halt for (docs/operations.md)"
    )
    reject_tolerance: Count = Field(
        0, description="Newly rejected rows that a run may have and still end green (G6)"
    )
    parked_retry_hours: Annotated[float, Field(gt=0, le=_YEAR)] = Field(
        24, description="A rejected row is tried again after so long even if nothing moved, hours (G4)"
    )
    look_again_minutes: Annotated[int, Field(ge=1, le=60)] = Field(
        60,
        description="What only waits for an approval, a decision, a proof or for somebody who mends a record is "
        "read by id again after 5 minutes, then after twice as long each time, after so many minutes at the latest; "
        "sooner when it is answered or a listing shows something new of it (G9)",
    )
    late_request_minutes: int = Field(
        10,
        ge=0,
        le=_DAY,
        description="A write whose connection was cut may still be carried out for so long, minutes: the pair of an "
        "update or delete waits and nothing is repeated, a create is looked for (G2)",
    )
    lease_minutes: int = Field(
        5, ge=1, le=_DAY, description="A run that shows no life for so long loses the lease, minutes"
    )
    concurrent_calls: Annotated[int, Field(ge=1, le=10)] = Field(
        4, description="Calls that write to one system and are under way at the same time, at most"
    )
    rows_per_task: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        60_000,
        description="Staged rows that one task plans, where a run has more than twice as many (docs/install.md)",
    )
    staging_retention_days: int = Field(
        14, ge=1, le=3_650, description="How long staged rows are kept for analysts, days"
    )
    run_retention_days: int = Field(
        90, ge=1, le=3_650, description="How long runs are kept that changed nothing and left nothing, days"
    )
    history_retention_days: int = Field(
        730,
        ge=30,
        le=36_500,
        description="How long it is kept what was written, replaced, removed, contested, rejected and decided, with "
        "the runs that did it, days; undo and restore reach back as far. What explains a present value, and what "
        "still waits, stays (K5)",
    )
    notifiers: tuple[NotifierSettings, ...] = Field(
        (),
        description="Airflow's notifier classes that are told when a side pauses or is back, a run of the clock fails "
        "or works again, something waits for approval or is newly parked (docs/operations.md); no secrets",
    )
    notify_late_minutes: Annotated[int, Field(ge=1, le=30 * _DAY)] | None = Field(
        None, description="The notifiers are also told when no run has settled for so many minutes; null: not"
    )
    salesforce_api_version: Annotated[str, Field(pattern=r"^\d\d\.0$")] = Field(
        "67.0", description="Version of the Salesforce REST API"
    )
    salesforce_api_reserve: Share = Field(
        0.10, description="Share of Salesforce's daily calls that writing leaves to the org's people (G7)"
    )
    salesforce_guarded_updates: int = Field(
        3,
        ge=0,
        le=1_000,
        description="A run with at most so many updates for Salesforce sends each alone, to be refused if somebody "
        "changed the task since; each takes a call (invariant 19)",
    )
    salesforce_bulk_threshold: Number | Literal["never"] | None = Field(
        None,
        description="Rows of one kind from which on they are written by Bulk API 2.0; null: where that takes fewer "
        'calls; "never": not at all. Deletes, completions and what settles a conflict never are',
    )
    salesforce_bulk_patience_seconds: Annotated[int, Field(ge=0, le=60 * _DAY)] = Field(
        120, description="How long a run waits for a Bulk job; after that later runs look at it, seconds"
    )
    salesforce_bulk_query_threshold: Number | Literal["never"] | None = Field(
        None,
        description="Records from which on they are read by a Bulk query; null: where that takes fewer calls; "
        '"never": not at all',
    )
    salesforce_creates: Literal["insert", "upsert"] = Field(
        "insert",
        description="How new Salesforce tasks are made: insert refuses a marker that is there already, upsert by the "
        "marker field overwrites its record (docs/decisions/0001)",
    )
    salesforce_marker_field: Annotated[str, Field(pattern=r"^[A-Za-z]\w*__c$")] | None = Field(
        "Taskbridge_Id__c",
        description="The unique external id field on Activity; null for an org that cannot have one, where lost "
        "creates are told by who made what and when, and held in doubt (G2)",
    )

    @field_validator("subject_template")
    @classmethod
    def _can_be_rendered(cls, template: str) -> str:
        SubjectTemplate.parse(template)
        return template

    @model_validator(mode="after")
    def _upserts_need_the_marker(self) -> Self:
        if self.salesforce_creates == "upsert" and self.salesforce_marker_field is None:
            raise ValueError('salesforce_creates "upsert" goes by salesforce_marker_field, which is null')
        return self

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Settings from the Variable's JSON text; None or empty means all defaults.

        Raises SettingsInvalid with each key, the value that was seen and what is allowed.
        """
        if text is None or not text.strip():
            return cls()
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise SettingsInvalid(
                f"The Variable taskbridge_settings is no JSON ({error.msg} at line {error.lineno}, column "
                f'{error.colno}); expected one object such as {{"conflict_policy": "latest_wins"}}.'
            ) from error
        except (ValueError, RecursionError) as error:
            raise SettingsInvalid(
                "The Variable taskbridge_settings cannot be read: it holds a number of thousands of digits, or is "
                'nested too deeply; expected one object such as {"conflict_policy": "latest_wins"}.'
            ) from error
        if not isinstance(values, dict):
            raise SettingsInvalid(
                f"The Variable taskbridge_settings holds a {type(values).__name__}; "
                "expected one JSON object of settings."
            )
        if storable(values) != values:
            raise SettingsInvalid(
                "The Variable taskbridge_settings holds NUL or half a character in a text; retype that text."
            )
        return cls._validated(values, "The Variable taskbridge_settings is refused: {}.")

    @classmethod
    def kept(cls, values: Mapping[str, Any]) -> Self:
        """Settings as the ledger keeps them with a run. Raises SettingsInvalid for those of another version."""
        return cls._validated(
            values, "The run was opened with settings that this version does not take ({}); start a new run."
        )

    @classmethod
    def _validated(cls, values: Mapping[str, Any], refusal: str) -> Self:
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = "; ".join(_explain(cls, dict(item)) for item in error.errors())
            raise SettingsInvalid(refusal.format(problems)) from error

    @property
    def fingerprint(self) -> str:
        """Changes when any setting changes; kept with each run."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @property
    def policy(self) -> Policy:
        """What the plan needs to know of the settings."""
        return Policy(
            subject_template=self.subject_template,
            conflict_policy=self.conflict_policy,
            field_policies={str(name): policy for name, policy in self.conflict_policy_fields.items()},
            conflict_margin=timedelta(seconds=self.conflict_margin_seconds),
            delete_policy=self.delete_policy,
            skipped_tasks=self.skipped_tasks,
            first_sync_mode=self.first_sync_mode,
            first_sync_lookback=timedelta(hours=self.first_sync_lookback_hours),
            include_logged_activities=self.include_logged_activities,
            fill_person=self.fill_person,
            delete_max_age=timedelta(days=self.delete_max_age_days),
            limits=self.limits.by_kind,
        )

    @property
    def overlap(self) -> timedelta:
        return timedelta(minutes=self.overlap_minutes)

    @property
    def patience(self) -> timedelta | None:
        """For so long no run need settle before people are told."""
        return None if self.notify_late_minutes is None else timedelta(minutes=self.notify_late_minutes)

    @property
    def parked_retry(self) -> timedelta:
        return timedelta(hours=self.parked_retry_hours)

    @property
    def longest_rest(self) -> timedelta:
        return timedelta(minutes=self.look_again_minutes)

    @property
    def late_request(self) -> timedelta:
        return timedelta(minutes=self.late_request_minutes)

    @property
    def certain_after(self) -> timedelta:
        """After so long a lost request can no longer land, and what landed can be seen (G2)."""
        return max(self.late_request, self.overlap)

    @property
    def lease(self) -> timedelta:
        return timedelta(minutes=self.lease_minutes)


def _explain(settings: type[BaseModel], problem: Mapping[str, Any]) -> str:
    """One problem as: key, value seen, what is allowed."""
    path = ".".join(str(part) for part in problem["loc"])
    seen = json.dumps(problem["input"], default=str)
    if problem["type"] == "extra_forbidden":
        owners: tuple[type[BaseModel], ...] = (settings, LimitSettings, KindLimits)
        inside = problem["loc"][0] == "notifiers"
        owner = NotifierSettings if inside else owners[len(problem["loc"]) - 1]
        return f"unknown key {path} (value {seen}); known keys: {', '.join(owner.model_fields)}"
    return f"{path} is {seen}: {problem['msg']}"


def describe() -> str:
    """The settings as a Markdown table: key, default, what is allowed, meaning."""
    lines = ["| Setting | Default | Allowed | Meaning |", "|---|---|---|---|"]
    for name, info in Settings.model_fields.items():
        if name != "limits":
            default = json.dumps(getattr(Settings(), name), default=str)
            lines.append(f"| `{name}` | `{default}` | {_allowed(Settings, name)} | {info.description} |")
    for name, info in KindLimits.model_fields.items():
        allowed = _allowed(KindLimits, name)
        lines.append(f"| `limits.{name}` | {_limits_of_kinds(name)} | {allowed} | {info.description} |")
    return "\n".join(lines)


def _allowed(owner: type[BaseModel], name: str) -> str:
    """The range or the choice of values, where there is one."""
    schema = owner.model_json_schema()
    return _values(schema["properties"][name], schema.get("$defs", {}))


def _values(schema: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    schema = named[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "anyOf" in schema:
        return ", ".join(filter(None, (_values(each, named) for each in schema["anyOf"])))
    if choices := schema.get("enum") or [schema[key] for key in ("const",) if key in schema]:
        return ", ".join(f"`{choice}`" for choice in choices)
    if "maximum" in schema:
        least = (
            f"{schema['minimum']:,g}" if "minimum" in schema else f"more than {schema['exclusiveMinimum']:g}"
        )
        return f"{least} to {_plain(schema['maximum'])}"
    return {"boolean": "`true`, `false`", "null": "`null`"}.get(schema.get("type", ""), "")


def _plain(number: float) -> str:
    return f"{number:,.0f}"


def _limits_of_kinds(name: str) -> str:
    """The usual default, and that of each kind that has another."""
    usual = getattr(Limits(), name)
    others = {kind: value for kind in GuardKind if (value := getattr(LIMITS[kind], name)) != usual}
    return ", ".join([f"`{usual}`", *(f"{kind} `{json.dumps(value)}`" for kind, value in others.items())])


if __name__ == "__main__":
    print(describe())
