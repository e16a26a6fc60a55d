"""What every step of a plan obeys: the settings, the people, and how values cross."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from taskbridge.core.arrays import columns
from taskbridge.core.fields import Crossing
from taskbridge.core.mapped_users import MappedUsers
from taskbridge.core.model import PlanInput
from taskbridge.core.oscillation import Oscillations
from taskbridge.core.policy import Policy
from taskbridge.core.rulings import Rulings
from taskbridge.core.template import SubjectTemplate
from taskbridge.core.terms import Side


@dataclass(frozen=True)
class Rules:
    """Made once a plan. `systems` are the names of account and org, which go into markers (G2)."""

    policy: Policy
    systems: Mapping[Side, str]
    sf_now: datetime
    gaps: frozenset[Side]
    untold: frozenset[Side]
    rerender: bool
    people: MappedUsers
    crossing: Crossing
    template: SubjectTemplate
    rulings: Rulings
    oscillations: Oscillations

    @classmethod
    def of(cls, given: PlanInput) -> Rules:
        """Raises UnknownTemplateField when the policy's template names a field that does not exist."""
        policy, people = given.policy, MappedUsers(columns(given.users))
        return cls(
            policy=policy,
            systems={Side.SALES_CONNECT: given.account, Side.SALESFORCE: given.org},
            sf_now=given.sf_now,
            gaps=given.gaps,
            untold=given.untold,
            rerender=given.rerender,
            people=people,
            crossing=Crossing.of(people.columns, policy.skipped_tasks),
            template=SubjectTemplate.parse(policy.subject_template),
            rulings=Rulings(columns(given.decisions)),
            oscillations=Oscillations(columns(given.recent)),
        )
