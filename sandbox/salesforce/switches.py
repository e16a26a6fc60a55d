"""Where real orgs differ, or where no recording settles what a real org does."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from .catalog import catalog
from .rules import Trigger, ValidationRule

_STOCK = catalog(type_field=True)
_FIELDS = frozenset(f"{each.name}.{field.name}" for each in _STOCK.values() for field in each.fields)
_OBJECTS = frozenset(each.name for each in _STOCK.values() if each.listed)


class SalesforceSwitches(BaseModel):
    """Defaults are a stock org as far as it is known.

    binned_external_id_collides: a unique value held only by a record in the bin still blocks others.
    restricted_status: Status and Priority refuse values outside their picklist.
    conditional_requests: If-Modified-Since and If-Unmodified-Since are honoured on single records.
    type_field: Task has the field Type.
    trim_text: white space at both ends of text is dropped on write.
    lead_excludes_what: a task of a lead cannot be related to an account or the like.
    deleted_reference: the code of a lookup to a record in the bin.
    delete_log_outlives_bin: `deleted` still knows what was in a bin that was emptied.
    page_size: rows of a query page when the client does not ask for another size.
    tie_order: how rows come that ORDER BY leaves equal.
    shared_limit_header: Sforce-Limit-Info also names the burst limit.
    limits_lag_seconds: how late /limits learns of what was used; the header always knows.

    Signing on:
    jwt_user_approved: the connected app is approved for the API's user in the JWT bearer flow.
    jwt_seconds: how far ahead the end of an assertion may lie; null = at any time, as orgs were seen to take it.
    soap_login: SOAP login is not switched off for the org.
    refresh_token_rotation: every use of a refresh token gives a new one and ends the old one.

    The org and its rules, for everybody:
    external_id_field, external_id_unique: Task has the external-id field; it is unique.
    picklists: values of picklists by field, {"Task.Status": [...]}; table TaskStatus is not changed by it.
    validation_rules, triggers: see ValidationRule and Trigger.

    What the API's user may do:
    api_enabled: call the API at all. password_expired: logins work, and each call is refused.
    hidden_objects, hidden_fields: not to be seen: as if they were not there ("Contact"; "Task.Description").
    read_only_fields: to be seen, not to be changed. read_only_user: nothing is to be changed.
    hidden_owners, read_only_owners: sharing: records of these owners (id, e-mail or user name) are not to be
    seen, or not to be changed.

    Bulk jobs:
    bulk_looks, bulk_seconds: a job is finished at this look at it, counted from its closing, and not before so
    many seconds of the clock; 0 = at once. On the way there its batches finish one after the other.
    bulk_batch_rows, bulk_chunk_rows: rows of a batch, and of the chunks in which a batch is saved.
    bulk_lock_collisions: batches run side by side; where the same chunk of two of them touches one parent,
    the rows of the later batch get UNABLE_TO_LOCK_ROW.
    bulk_line_endings: whether line breaks within quotes must be the job's own too ("everywhere").
    bulk_result_order: of result files.
    bulk_fail_after: a job fails when so many of its batches are done; null = none does.
    bulk_early_results: what the results of a query job answer that is not complete.
    bulk_page_rows: rows of a page of query results when the client does not ask for another size.
    bulk_upload_bytes: the most that an upload may have as base64.
    hard_delete_permission: the API's user has "Bulk API Hard Delete".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    binned_external_id_collides: bool = False
    restricted_status: bool = False
    conditional_requests: bool = False
    type_field: bool = False
    trim_text: bool = True
    lead_excludes_what: bool = True
    deleted_reference: Literal["INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED"] = (
        "INVALID_CROSS_REFERENCE_KEY"
    )
    page_size: int = Field(default=2000, ge=1, le=2000)
    tie_order: Literal["id", "reversed"] = "id"
    api_daily_max: int = Field(default=15000, ge=0)
    shared_limit_header: bool = False
    session_seconds: int = Field(default=7200, ge=1)
    locator_seconds: int = Field(default=172_800, ge=1)
    open_locators: int = Field(default=10, ge=1)
    archive_after_days: int = Field(default=365, ge=1)
    bin_days: int = Field(default=15, ge=1)
    purged_hours: int = Field(default=24, ge=0)
    limits_lag_seconds: float = Field(default=0, ge=0)
    bulk_looks: int = Field(default=2, ge=0)
    bulk_seconds: float = Field(default=0, ge=0)
    bulk_batch_rows: int = Field(default=10_000, ge=1)
    bulk_chunk_rows: int = Field(default=200, ge=1)
    bulk_lock_collisions: bool = False
    bulk_line_endings: Literal["rows", "everywhere"] = "rows"
    bulk_result_order: Literal["shuffled", "input"] = "shuffled"
    bulk_fail_after: int | None = Field(default=None, ge=0)
    bulk_early_results: Literal[204, 412] = 412
    bulk_page_rows: int = Field(default=100_000, ge=1)
    bulk_upload_bytes: int = Field(default=150 * 1024 * 1024, ge=1)
    bulk_daily_batches: int = Field(default=15_000, ge=0)
    bulk_daily_query_jobs: int = Field(default=10_000, ge=0)
    hard_delete_permission: bool = False
    external_id_field: bool = True
    external_id_unique: bool = True
    picklists: dict[str, list[str]] = Field(default_factory=dict)
    validation_rules: tuple[ValidationRule, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    api_enabled: bool = True
    password_expired: bool = False
    hidden_objects: tuple[str, ...] = ()
    hidden_fields: tuple[str, ...] = ()
    read_only_fields: tuple[str, ...] = ()
    read_only_user: bool = False
    hidden_owners: tuple[str, ...] = ()
    read_only_owners: tuple[str, ...] = ()
    jwt_user_approved: bool = True
    jwt_seconds: int | None = Field(default=None, ge=1)
    soap_login: bool = True
    refresh_token_rotation: bool = False
    delete_log_outlives_bin: bool = False
    replication_max_ids: int = Field(default=600_000, ge=1)

    @field_validator("hidden_fields", "read_only_fields", "picklists")
    @classmethod
    def _names_are_fields(cls, value: Any) -> Any:
        return _known(value, _FIELDS, 'as "Task.Subject"')

    @field_validator("hidden_objects")
    @classmethod
    def _names_are_objects(cls, value: Any) -> Any:
        return _known(value, _OBJECTS, f"of {', '.join(sorted(_OBJECTS))}")

    @field_validator("validation_rules", "triggers")
    @classmethod
    def _rules_are_about_fields(cls, rules: Any) -> Any:
        _known([f"{rule.object}.{rule.field}" for rule in rules], _FIELDS, "object and field that exist")
        return rules


def _known(names: Any, known: frozenset[str], expected: str) -> Any:
    if unknown := sorted(set(names) - known):
        raise ValueError(f"{unknown[0]} is none; expected {expected}")
    return names
