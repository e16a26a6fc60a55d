"""A scenario says only what is understood; everything else is refused with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskbridge.core.terms import Side
from tests.engine.world import World
from tests.scenarios import values
from tests.scenarios.document import NotUnderstood, Place, Scenario, read
from tests.scenarios.play import play
from tests.scenarios.sentences import SENTENCES
from tests.scenarios.stage import Beginnings

NAME = "K1_both_sides_change_different_fields.md"
GOOD = (Path(__file__).parent / NAME).read_text(encoding="utf-8")
PLACE = Place(Path("K1_a.md"), 7)


def scenario(folder: Path, old: str = "", new: str = "", name: str = NAME) -> Scenario:
    """The good file with one part replaced."""
    assert old in GOOD
    (folder / name).write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    return read(folder / name)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("# Both", "Both", ":1: a scenario begins with '# ' and its title"),
        ("- Rules: K1, C1", "- Rules: C1", ":3: 'Rules:' begins with the rules of the file's name: K1"),
        ("- Rules: K1, C1", "- Rules: K1, X1", ":3: 'Rules:' begins with"),
        ("- Rules: K1, C1\n", "", ":1: 'Rules:' begins with"),
        (
            "- Case: edited / edited",
            "- Kase: edited / edited",
            ":4: 'Kase: edited / edited' is none of: Rules",
        ),
        ("edited / edited", "edited / gone", ":4: 'edited / gone' is no line of the table"),
        ("- Case: edited / edited", "- Starts: at noon", ":4: 'at noon' is none of: in step"),
        ("## Before", "## Previously", ":8: expected '## Before', found '## Previously'"),
        ("### Sales Connect", "### HubSpot", ":10: expected '### Sales Connect', found '### HubSpot'"),
        ("| A    | Call Ann |", "| A    |", ":14: expected 2 cells, the first a letter"),
        ("| A    | Call Ann |", "| task | Call Ann |", ":14: expected 2 cells, the first a letter"),
        ("| Task | Name     |", "| Name | Task     |", ":12: the first column is 'Task'"),
        ("|------|----------|\n", "", ":12: expected a table with a row for each task, or 'Nothing.'"),
        ("## What people do", "## What nobody does", ":22: '## What nobody does' is no '## What people do'"),
        ("- A run ends", "A run ends", ":27: 'What TaskBridge does' has no lines that begin with '- '"),
        ("## After", "## What people do", ":31: 'What people do' has no lines that begin with '- '"),
    ],
)
def test_a_file_that_is_not_understood(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        scenario(tmp_path, old, new)
    assert f"{NAME}{told}" in str(refused.value)


def test_a_name_without_a_rule(tmp_path: Path) -> None:
    with pytest.raises(NotUnderstood, match=r"both_change\.md:1: the file's name is no rule ids and words"):
        scenario(tmp_path, name="both_change.md")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "Ada changes A",
            "Ada ponders A",
            ":24: 'Ada ponders A in Sales Connect: due 2026-05-01' is no sentence",
        ),
        ("Ada changes A", "Ada changes B", ":24: no task B was made before this line"),
        ("due 2026-05-01", "due tomorrow", ":24: Due is 'tomorrow'; expected a date such as"),
        ("due 2026-05-01", "priority Low", ":24: Priority is 'Low'; expected one of: Normal, High"),
        ("due 2026-05-01", "deadline 2026-05-01", ":24: 'deadline 2026-05-01': expected"),
        ("| Task | Name     |", "| Task | Nickname |", ":14: no columns of Sales Connect: ['Nickname']"),
        (
            "1 to Sales Connect, 1 to Salesforce.",
            "1 to HubSpot.",
            ":29: 'A run ends clean and writes 1 to HubSpot'",
        ),
    ],
)
def test_a_line_that_is_not_understood(
    world: World, beginnings: Beginnings, tmp_path: Path, old: str, new: str, told: str
) -> None:
    with pytest.raises(NotUnderstood) as refused:
        play(scenario(tmp_path, old, new), world, beginnings)
    assert f"{NAME}{told}" in str(refused.value)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ends clean", "ends held", ":29: the run ended otherwise:\nRun "),
        ("Connect, 1 to", "Connect, 2 to", ":29: the run wrote 1 to Sales Connect, 1 to Salesforce:"),
        (
            "| A    | Call Ann | High",
            "| B    | Call Ann | High",
            ":33: Sales Connect holds A ('Call Ann') as",
        ),
        (
            "Call Ann | High  ",
            "Call Ann | Normal",
            ":37: Priority of A in Sales Connect is 'high', expected 'normal'",
        ),
        (
            "| Call Ann | High",
            "| Call Bob | High",
            ":37: Name of A in Sales Connect is 'Call Ann', expected 'Call Bob'",
        ),
        ("| A    | Call Ann | High", "| B    | Call Bob | High", ":37: Sales Connect holds no task B"),
    ],
)
def test_what_is_not_true_fails_with_its_line(
    world: World, beginnings: Beginnings, tmp_path: Path, old: str, new: str, told: str
) -> None:
    with pytest.raises(AssertionError) as failed:
        play(scenario(tmp_path, old, new), world, beginnings)
    assert f"{NAME}{told}" in str(failed.value)


def test_texts_of_any_length_and_shape() -> None:
    text = 'details "{3 x ab}, and<br>more", no due'
    assert values.of_text(PLACE, Side.SALES_CONNECT, text) == {
        "details": "ababab, and\nmore",
        "due_date": None,
    }


def test_no_sentence_can_be_taken_for_another() -> None:
    for known in SENTENCES:
        others = [one for one in SENTENCES if one.heading == known.heading and one is not known]
        assert not [one.text for one in others if one.pattern.fullmatch(known.text)]
