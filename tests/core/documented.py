"""What docs/rules.md shows of a table of the code."""

from __future__ import annotations

from pathlib import Path

RULES = Path(__file__).parents[2] / "docs" / "rules.md"


def shown(name: str) -> str:
    """The text between `<!-- name -->` and `<!-- /name -->`, each of which stands there once."""
    text, begin, end = RULES.read_text(), f"<!-- {name} -->", f"<!-- /{name} -->"
    assert text.count(begin) == text.count(end) == 1, f"{RULES} needs the lines {begin} and {end}"
    return text.partition(begin)[2].partition(end)[0].strip()
