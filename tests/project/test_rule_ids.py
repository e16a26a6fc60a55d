"""A rule id tells people why; nothing is decided by it. What the machine needs to know has a typed column."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULE = re.compile(r"[A-Z][0-9]{1,2}(,[A-Z][0-9]{1,2})*")
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


def asked(tree: ast.AST) -> Iterator[int]:
    """Lines where something depends on a rule id."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and rule_ids(node):
            yield node.lineno
        elif isinstance(node, ast.Call) and rule_ids(ast.Tuple([*node.args])):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ASKING:
                yield node.lineno
        elif isinstance(node, ast.Dict) and any(rule_ids(key) for key in node.keys if key is not None):
            yield node.lineno


@pytest.mark.parametrize(
    "code",
    [
        'x = rule == "C5"',
        'x = rule in ("C1", "K4")',
        'equals(rules, "G3")',
        'pc.match_substring(r, "I4")',
        'd = {"C6": 1}',
    ],
)
def test_a_decision_by_a_rule_id_is_found(code: str) -> None:
    assert list(asked(ast.parse(code))) == [1]


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
