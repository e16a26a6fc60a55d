"""How this Sales Connect differs from others."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SalesConnectSwitches(BaseModel):
    """deleted_tasks, batch, etag: optional parts of the API, named in `metadata.features` when on.

    gone_status: what a deleted task's id answers; normalise: trim names and details and turn line ends into
    CRLF on write; account_id: null = derived from the client id.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    deleted_tasks: bool = True
    batch: bool = True
    etag: bool = False
    normalise: bool = False
    gone_status: Literal[404, 410] = 404
    session_seconds: int = Field(default=7200, ge=1)
    points_per_minute: int = Field(default=600, ge=1)
    account_id: str | None = None
