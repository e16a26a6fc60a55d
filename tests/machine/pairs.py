"""The pairs of a story as the two systems hold them, told without the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from taskbridge.core.terms import MERGED_FIELDS, Side
from tests.doubles.memory import Record
from tests.machine.story import Story
from tests.machine.watching import Broken, canonical

_SC, _SF = Side.SALES_CONNECT, Side.SALESFORCE
STATUS: Final = {"open": "Not Started", "complete": "Completed"}
PRIORITY: Final = {"normal": "Normal", "high": "High"}
_COMMENTS: Final = 32_000
_WHOLE: Final = "SELECT link_id, sc_id, sf_id FROM bridge.link WHERE sc_id IS NOT NULL AND sf_id IS NOT NULL"


def cut(text: str | None) -> str | None:
    """What Salesforce can hold of a text (F5)."""
    if text is None:
        return None
    return canonical(text.encode("utf-16-le")[: 2 * _COMMENTS].decode("utf-16-le", errors="ignore"))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Pair:
    """All records of one pair, deleted ones included."""

    name: str
    story: Story
    members: dict[Side, list[str]]

    def records(self, side: Side) -> list[Record]:
        return [self.story.systems[side].records[one] for one in self.members[side]]

    def live(self, side: Side) -> list[Record]:
        return [record for record in self.records(side) if not record.deleted]

    @cached_property
    def complete(self) -> bool:
        return bool(self.live(_SC) and self.live(_SF))

    def value(self, side: Side, name: str) -> Any:
        return canonical(self.live(side)[0].values[name])

    @cached_property
    def takes_part(self) -> bool:
        """Every record belongs to somebody who takes part, and is a reminder; of a deleted one, whose it was when it
        was last shown counts too (S2, C2, C3)."""
        records = [(side, record) for side in Side for record in self.records(side)]
        owners = [(side, record.values["owner"]) for side, record in records]
        owners += [
            (side, self.story.log.shown_owner.get((side, record.remote_id), record.values["owner"]))
            for side, record in records
            if record.deleted
        ]
        return all(self.story.takes_part(*one) for one in owners) and all(
            self.reminder(record) for record in self.live(_SF)
        )

    def reminder(self, record: Record) -> bool:
        return self.story.scope.reminder(_SF, record)

    def agree(self, name: str, sc: Any, sf: Any) -> bool:
        """Whether two values of a field count as the same (F2 to F5), by any map of users there ever was."""
        match name:
            case "status":
                return bool(STATUS.get(sc) == sf)
            case "priority":
                return bool(PRIORITY.get(sc) == sf)
            case "details":
                return bool(cut(sc) == sf or (self.was_cut and (sc or "").startswith(sf or "")))
            case "owner":
                return (sc, sf) in self.story.ever_mapped
            case _:
                return bool(sc == sf)

    @cached_property
    def was_cut(self) -> bool:
        """SC once held more than Salesforce can: then a tail may be there that Salesforce never had (F5)."""
        held = self.story.log.held
        texts = [text for one in self.members[_SC] for text in held[_SC, one, "details"]]
        return any(text and len(text.encode("utf-16-le")) > 2 * _COMMENTS for text in texts)

    def crosses(self, name: str) -> bool:
        """Whether the present values of a field can cross at all (F2, F3, C4)."""
        if name == "status":
            return self.value(_SC, name) in STATUS and self.value(_SF, name) in STATUS.values()
        return name != "priority" or self.value(_SF, name) in PRIORITY.values()


def all_pairs(story: Story) -> Iterator[Pair]:
    for name, members in sorted(story.pairs().items()):
        yield Pair(name, story, members)


def take_in_likenesses(story: Story) -> None:
    """Two originals that a rebase joined, as they agreed in everything, are a pair from now on (G8)."""
    for link_id, sc_id, sf_id in story.db.rows(_WHOLE):
        for side, remote_id in ((_SC, sc_id), (_SF, sf_id)):
            if (side, remote_id) not in story.log.made and story.pair_of(side, remote_id) != link_id:
                sc, sf = story.sc.records[sc_id].values, story.sf.records[sf_id].values
                pair = Pair(link_id, story, {_SC: [sc_id], _SF: [sf_id]})
                same = all(pair.agree(name, sc[name], sf[name]) for name in MERGED_FIELDS)
                if not same or rendered(story.settings.subject_template, sc) != canonical(sf["title"]):
                    raise Broken(f"13: {link_id} joins {sc_id} and {sf_id}, which are not alike (G8)")
                story.log.made[side, remote_id] = f"tb:{link_id}:1"


def rendered(template: str, sc: dict[str, Any]) -> Any:
    """The Subject by the template, told naively (T1, T2)."""
    values = {"activity_subject": sc["title"], "sales_campaign_step": sc.get("campaign_step")}
    values["activity_type"] = {"custom": "Custom", "email": "Email"}[sc["type"]]
    for name, value in values.items():
        template = template.replace("{{" + name + "}}", value or "")
    text = "".join(one for one in template if one not in "\r\n\v\f\x85\u2028\u2029")
    return canonical(text.encode("utf-16-le")[: 2 * 255].decode("utf-16-le", errors="ignore"))
