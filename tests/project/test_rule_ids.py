"""A rule id tells people why; nothing is decided by it. What the machine needs to know has a typed column."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULE = re.compile(r"[A-Z][0-9]{1,2}(,[A-Z][0-9]{1,2})*")
PATTERN = re.compile(r"\\b[A-Z][0-9]")
"""What looks for one within a text."""
ASKING = {
    "equals",
    "not_equal",
    "equal",
    "distinct",
    "is_in",
    "isin",
    "match_substring",
    "startswith",
    "endswith",
    "find",
}
COMPARED_IN_SQL = re.compile(
    r"(=|<>|LIKE|IN|ANY|WHEN|FROM)\s*\(*\s*'%?[A-Z][0-9]{1,2}\b|'[A-Z][0-9]{1,2}'\s*(=|<>|IN\b)"
)


def rule_ids(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) and RULE.fullmatch(part.value)
        for part in ast.walk(node)
    )


def asked(tree: ast.AST) -> list[int]:
    """Lines where something depends on a rule id."""
    return [node.lineno for node in ast.walk(tree) if isinstance(node, ast.expr) and asks(node)]


def asks(node: ast.expr) -> bool:
    match node:
        case ast.Compare():
            return rule_ids(node)
        case ast.Constant(value=str(text)):
            return PATTERN.search(text) is not None
        case ast.Dict(keys=keys):
            return any(rule_ids(key) for key in keys if key is not None)
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=given):
            return name in ASKING and any(map(rule_ids, given))
    return False


@pytest.mark.parametrize(
    "code",
    [
        'x = rule == "C5"',
        'x = rule in ("C1", "K4")',
        'equals(rules, "G3")',
        'pc.match_substring(r, "I4")',
        'd = {"C6": 1}',
        r'x = r"\bK3\b"',
    ],
)
def test_a_decision_by_a_rule_id_is_found(code: str) -> None:
    assert asked(ast.parse(code)) == [1]


@pytest.mark.parametrize(
    "statement",
    ["WHERE rule = 'C5'", "WHEN 'C3' THEN", "rule LIKE '%G3'", "rule IN ('K3')", "'C5' = ANY (x)"],
)
def test_a_statement_that_decides_by_a_rule_id_is_found(statement: str) -> None:
    assert COMPARED_IN_SQL.search(statement)


def test_no_code_decides_by_a_rule_id() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "plugins").rglob("*.py"))
        for line in asked(ast.parse(path.read_text()))
    ]
    assert found == []


def test_no_statement_decides_by_a_rule_id() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "include" / "sql").rglob("*.sql"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if COMPARED_IN_SQL.search(line.split("--")[0])
    ]
    assert found == []
