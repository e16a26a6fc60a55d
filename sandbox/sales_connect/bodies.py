"""What the API takes and gives, as types: they validate requests and make the OpenAPI document."""

from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, with_config
from typing_extensions import TypedDict

from sandbox.sales_connect.stamps import check_date, parse_filter_time

TaskType = Literal["email", "call", "inmail", "custom"]
TaskStatus = Literal["open", "complete", "skipped"]
TaskPriority = Literal["normal", "high"]
OptionalPart = Literal["deleted_tasks", "batch", "etag"]


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not contain a NUL character")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("can't be blank")
    return value


ShortText = Annotated[str, StringConstraints(max_length=255), AfterValidator(_storable)]
RequiredText = Annotated[ShortText, AfterValidator(_not_blank)]
LongText = Annotated[str, StringConstraints(max_length=65535), AfterValidator(_storable)]
CalendarDate = Annotated[str, AfterValidator(check_date)]
FilterTime = Annotated[str, AfterValidator(parse_filter_time)]

_CLOSED = ConfigDict(extra="forbid", strict=True)


class Campaign(TypedDict):
    name: ShortText
    day: int
    step: int


class _TaskFields(TypedDict, total=False):
    type: TaskType
    status: TaskStatus
    priority: TaskPriority
    due_date: CalendarDate | None
    details: LongText | None
    person_id: int | None
    call_outcome: ShortText | None
    call_reason: ShortText | None


@with_config(_CLOSED)
class NewTask(_TaskFields):
    name: RequiredText
    assignee_id: int
    campaign: NotRequired[Campaign | None]
    idempotency_key: NotRequired[RequiredText | None]


@with_config(_CLOSED)
class TaskChange(_TaskFields, total=False):
    name: RequiredText
    assignee_id: int


@with_config(_CLOSED)
class PersonsTaskChange(TaskChange, total=False):
    campaign: Campaign | None


class _Operation(BaseModel):
    model_config = _CLOSED


class CreateOperation(_Operation):
    op: Literal["create"]
    body: dict[str, Any]


class UpdateOperation(_Operation):
    op: Literal["update"]
    id: int
    body: dict[str, Any]
    if_match: str | None = None


class DeleteOperation(_Operation):
    op: Literal["delete"]
    id: int
    if_match: str | None = None


Operation = Annotated[CreateOperation | UpdateOperation | DeleteOperation, Field(discriminator="op")]


class Batch(BaseModel):
    """Every operation stands on its own; see CreateOperation, UpdateOperation, DeleteOperation."""

    model_config = _CLOSED

    operations: list[Any] = Field(max_length=100)


class Paged(BaseModel):
    """Names that are not known are ignored, as the neighbours of this API do."""

    per_page: int = Field(default=25, ge=1, le=100)
    page: int = Field(default=1, ge=1)


class TaskQuery(Paged):
    updated_at_gt: FilterTime | None = Field(default=None, alias="updated_at[gt]")
    updated_at_gte: FilterTime | None = Field(default=None, alias="updated_at[gte]")
    updated_at_lt: FilterTime | None = Field(default=None, alias="updated_at[lt]")
    updated_at_lte: FilterTime | None = Field(default=None, alias="updated_at[lte]")
    ids: list[int] | None = Field(default=None, alias="ids[]", max_length=100)
    assignee_id: int | None = None
    status: TaskStatus | None = None
    idempotency_key: str | None = None
    sort_by: Literal["updated_at", "created_at", "id"] = "updated_at"
    sort_direction: Literal["ASC", "DESC"] = "DESC"


class DeletedTaskQuery(Paged):
    deleted_at_gte: FilterTime | None = Field(default=None, alias="deleted_at[gte]")
    deleted_at_lt: FilterTime | None = Field(default=None, alias="deleted_at[lt]")
    idempotency_key: str | None = None


class PersonQuery(Paged):
    salesforce_ids: list[str] | None = Field(default=None, alias="salesforce_ids[]", max_length=100)


class PersonOfTask(BaseModel):
    id: int
    name: str
    salesforce_id: str | None


class Task(BaseModel):
    id: int
    type: TaskType
    name: str
    status: TaskStatus
    priority: TaskPriority
    due_date: str | None
    details: str | None
    assignee_id: int
    person: PersonOfTask | None
    campaign: Campaign | None
    call_outcome: str | None
    call_reason: str | None
    idempotency_key: str | None
    completed_at: str | None
    created_at: str
    updated_at: str
    etag: str = Field(default="", description="only where the etag part is on, and in lists only")


class DeletedTask(BaseModel):
    id: int
    deleted_at: str
    assignee_id: int
    cause: Literal["deleted", "user_deleted"]
    idempotency_key: str | None


class User(BaseModel):
    id: int
    email: str
    name: str
    active: bool
    time_zone: str
    salesforce_task_sync: bool
    salesforce_task_sync_enabled_at: str | None
    created_at: str
    updated_at: str


class Person(BaseModel):
    id: int
    name: str
    email: str
    salesforce_id: str | None


class Paging(BaseModel):
    per_page: int
    current_page: int
    next_page: int | None
    total_count: int


class Metadata(BaseModel):
    paging: Paging
    account_id: str
    features: list[OptionalPart]


Row = TypeVar("Row")


class Listed(BaseModel, Generic[Row]):
    data: list[Row]
    metadata: Metadata


class Single(BaseModel, Generic[Row]):
    data: Row


class Error(BaseModel):
    error: str
    error_description: str = ""


class FieldErrors(BaseModel):
    errors: dict[str, list[str]]


class BatchResult(BaseModel):
    index: int
    status: int
    data: Task | None = None
    errors: dict[str, list[str]] | None = None
    error: str | None = None


class BatchResults(BaseModel):
    results: list[BatchResult]


class Token(BaseModel):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    account_id: str
