"""Where real orgs differ, or where no recording settles what a real org does."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SalesforceSwitches(BaseModel):
    """Defaults are a stock org as far as it is known.

    binned_external_id_collides: a unique value held only by a record in the bin still blocks others.
    restricted_status: Status and Priority refuse values outside their picklist.
    conditional_requests: If-Modified-Since and If-Unmodified-Since are honoured on single records.
    type_field: Task has the field Type.
    trim_text: white space at both ends of text is dropped on write.
    lead_excludes_what: a task of a lead cannot be related to an account or the like.
    page_size: rows of a query page when the client does not ask for another size.
    tie_order: how rows come that ORDER BY leaves equal.
    shared_limit_header: Sforce-Limit-Info also names the burst limit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    binned_external_id_collides: bool = False
    restricted_status: bool = False
    conditional_requests: bool = False
    type_field: bool = False
    trim_text: bool = True
    lead_excludes_what: bool = True
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
