"""The settings of the blast radius limits (G3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from taskbridge.core.policy import LIMITS, Limits
from taskbridge.core.terms import GuardKind

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Closed(BaseModel):
    """Refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KindLimits(Closed):
    """Blast radius limits over a rolling hour (deletes also over 24 hours); null means not set."""

    count: Count | None = Field(None, description="Effects of one kind that are always allowed, overall (G3)")
    share: Share | None = Field(None, description="Share of the linked pairs that is allowed, overall (G3)")
    user_count: Count | None = Field(
        None, description="Effects of one kind that are always allowed for one user (G3)"
    )
    user_share: Share | None = Field(None, description="Share of a user's linked pairs that is allowed (G3)")
    half_of_more_than: Count | None = Field(
        None, description="Above so many pairs, never more than half of them (G3)"
    )

    @property
    def given(self) -> Mapping[str, Any]:
        names = KindLimits.model_fields
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class LimitSettings(KindLimits):
    """What is set for one kind, and without a kind for all that have nothing of their own."""

    delete_share: Share | None = Field(None, description="The same as delete.share (G3)")
    create: KindLimits = KindLimits()
    complete: KindLimits = KindLimits()
    owner: KindLimits = KindLimits()
    due_date: KindLimits = KindLimits()
    delete: KindLimits = KindLimits()
    subject: KindLimits = KindLimits()

    @property
    def by_kind(self) -> Mapping[GuardKind, Limits]:
        return {kind: replace(LIMITS[kind], **self._of(kind)) for kind in GuardKind}

    def _of(self, kind: GuardKind) -> Mapping[str, Any]:
        shared = dict(self.given)
        if kind is GuardKind.CREATE:
            shared.pop("half_of_more_than", None)
        if kind is GuardKind.DELETE:
            shared["share"] = LIMITS[kind].share if self.delete_share is None else self.delete_share
        own: KindLimits = getattr(self, kind)
        return {**shared, **own.given}
