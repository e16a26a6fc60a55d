"""T1 to T3: the Subject as the template shows it, and when it is written."""

from __future__ import annotations

import json

import pytest

from taskbridge.core.template import DYNAMIC_FIELDS, SubjectTemplate, UnknownTemplateField, UnsendableTemplate
from taskbridge.errors import SettingsInvalid
from taskbridge.settings import Settings
from tests.core.frames import Row, decide, link, sc, sf

SF = "salesforce"
CALL: Row = {
    "type": "call",
    "title": "Ann",
    "campaign_name": "Spring",
    "campaign_day": "3",
    "campaign_step": "2",
    "call_outcome": "Reached",
    "call_reason": "Offer",
}
EVERYTHING = (
    "[{{activity_type}}] {{activity_subject}} / {{sales_campaign_name}} {{sales_campaign_day}}"
    ".{{sales_campaign_step}} {{call_outcome}}: {{call_reason}}"
)

SUBJECTS = [
    ("{{activity_subject}}", {}, "Ann"),
    (EVERYTHING, {}, "[Call] Ann / Spring 3.2 Reached: Offer"),
    ("{{ Activity_SUBJECT }}!", {}, "Ann!"),
    ("{{activity_type}}", {"type": "inmail"}, "InMail"),
    ("{{activity_type}}", {"type": "email"}, "Email"),
    ("{{activity_type}}", {"type": "custom"}, "Custom"),
    ("To do", {}, "To do"),
    ("{{call_outcome}}{{activity_subject}}", {"call_outcome": None}, "Ann"),
    ("{{call_outcome}}", {"call_outcome": None}, None),
    ("{{activity_subject}}", {"title": None}, None),
    ("a{{activity_subject}}", {"title": "\r\n1\x0b2\x0c3\x854\u20285\u20296"}, "a123456"),
    ("{{activity_subject}}", {"title": "x" * 300}, "x" * 255),
    ("{{activity_subject}}", {"title": "x" * 253 + "😀"}, "x" * 253 + "😀"),
    ("{{activity_subject}}", {"title": "x" * 254 + "😀"}, "x" * 254),
    ("{{activity_subject}}", {"title": "😀" * 200}, "😀" * 127),
]


@pytest.mark.parametrize(("template", "values", "subject"), SUBJECTS)
def test_T1_T2_a_subject_is_rendered(template: str, values: Row, subject: str | None) -> None:
    plan = decide([], [sc(**CALL | values)], [], subject_template=template)
    assert plan.write(SF)["title"] == subject


def test_T1_an_unknown_field_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownTemplateField, match="deal_size") as refused:
        SubjectTemplate.parse("{{deal_size}} {{activity_subject}}")
    assert all(name in str(refused.value) for name in DYNAMIC_FIELDS)


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\ud800"], ids=ascii)
@pytest.mark.parametrize("template", ["{}To do", "{{{{activity_subject}}}}{}"])
def test_T1_a_template_with_a_character_that_no_subject_may_hold_is_refused(
    template: str, character: str
) -> None:
    source = template.format(character)
    with pytest.raises(UnsendableTemplate, match=f"U\\+{ord(character):04X}"):
        SubjectTemplate.parse(source)
    with pytest.raises(SettingsInvalid, match=r"subject_template|retype that text"):
        Settings.parse(json.dumps({"subject_template": source}))


def test_T2_line_breaks_and_tabs_of_a_template_are_no_such_character() -> None:
    plan = decide([], [sc(**CALL)], [], subject_template="a\v\f\r\nb\tc")
    assert plan.write(SF)["title"] == "ab\tc"


def test_T2_on_import_the_name_is_the_whole_subject() -> None:
    plan = decide([], [], [sf(title="SC: Ann")], subject_template="SC: {{activity_subject}}")
    assert plan.write("sales_connect")["title"] == "SC: Ann"


# template, what changes in Sales Connect, the Subject that is written
CHANGES = [
    ("{{activity_subject}}", {"title": "Bob"}, "Bob"),
    ("To do for {{sales_campaign_name}}", {"title": "Bob"}, None),
    ("To do for {{sales_campaign_name}}", {"campaign_name": "Fall"}, "To do for Fall"),
    ("{{activity_subject}}", {"campaign_name": "Fall"}, None),
    ("{{call_outcome}}", {"call_outcome": None}, None),
    ("{{activity_subject}} {{call_outcome}}", {"call_outcome": "Busy"}, "Ann Busy"),
]


@pytest.mark.parametrize(("template", "change", "subject"), CHANGES)
def test_T3_the_subject_follows_what_the_template_shows(
    template: str, change: Row, subject: str | None
) -> None:
    before = CALL | {"call_outcome": None}
    plan = decide([link(sc(**before))], [sc(**before | change)], [sf()], subject_template=template)
    assert plan.writes == ([] if subject is None else [(SF, "update", {"title": subject})])
    if change != {"call_outcome": None}:
        [advance] = plan.changes
        assert advance["inputs"]
        assert {name: advance[f"sc_{name}"] for name in change} == change


def test_T3_a_new_template_alone_writes_nothing() -> None:
    plan = decide([link()], [sc()], [sf()], subject_template="New: {{activity_subject}}")
    assert (plan.actions, plan.changes) == ([], [])


def test_T3_a_subject_that_is_already_there_is_not_written() -> None:
    plan = decide([link()], [sc(title="Bob")], [sf(title="Bob")])
    assert plan.writes == []
    assert (plan.base("sc"), plan.base("sf")) == ({"title": "Bob"}, {"title": "Bob"})


def test_T3_a_typed_subject_that_is_overwritten_is_kept() -> None:
    plan = decide([link()], [sc(title="Bob")], [sf(title="Typed by hand")])
    assert plan.writes == [(SF, "update", {"title": "Bob"})]
    [kept] = plan.conflicts
    assert (kept["rule"], kept["field"], kept["winner"]) == ("T3", "title", "sales_connect")
    assert (kept["value_sc"], kept["value_sf"]) == ("Bob", "Typed by hand")
    assert plan.actions[0]["seen_title"] == "Typed by hand"
