import pytest

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.syntax import Comparison, Logic, Membership, Path, Query, parse


def refusal(query: str) -> ApiError:
    with pytest.raises(ApiError) as refused:
        parse(query)
    return refused.value


def test_every_clause() -> None:
    tree = parse(
        "select Id, Owner.Email from Task t where Status = 'Open' "
        "order by SystemModstamp desc nulls last, Id limit 5 offset 2"
    )
    assert tree.select == (Path("Id", 7), Path("Owner.Email", 11))
    assert (tree.sobject, tree.alias, tree.limit, tree.offset) == ("Task", "t", 5, 2)
    assert [(key.item.at, key.descending, key.nulls_last) for key in tree.order_by] == [
        (66, True, True),
        (98, False, False),
    ]


def test_parentheses_decide_how_conditions_belong_together() -> None:
    tree = parse("SELECT Id FROM Task WHERE (A = 1 OR B = 2) AND (NOT C IN ('x', 'y'))")
    assert isinstance(tree.where, Logic)
    left, right = tree.where.operands
    assert isinstance(left, Logic)
    assert isinstance(right, Logic)
    assert (tree.where.operator, left.operator, right.operator) == ("AND", "OR", "NOT")
    assert isinstance(right.operands[0], Membership)
    assert [value.text for value in right.operands[0].values] == ["x", "y"]


def test_an_inner_select() -> None:
    tree = parse("SELECT Id FROM Task WHERE WhoId NOT IN (SELECT Id FROM Contact WHERE Name = 'x')")
    assert isinstance(tree.where, Membership)
    assert tree.where.negated
    assert isinstance(tree.where.subquery, Query)


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (r"'O\'Brien'", "O'Brien"),
        (r"'a\\b'", "a\\b"),
        (r"'tab\tline\n'", "tab\tline\n"),
        (r"'\u00e4'", "ä"),
        ("'日本語 🎯'", "日本語 🎯"),
        ("'SELECT FROM WHERE'", "SELECT FROM WHERE"),
        ("'two\nlines'", "two\nlines"),
        ("''", ""),
    ],
)
def test_strings(literal: str, text: str) -> None:
    tree = parse(f"SELECT Id FROM Task WHERE Subject = {literal}")
    assert isinstance(tree.where, Comparison)
    assert tree.where.value.text == text


def test_fields_may_be_called_like_keywords() -> None:
    tree = parse("SELECT Order.Name, Limit, IsIn__c, Nullable__c FROM Group ORDER BY Order.Name, Offset")
    assert [item.text for item in tree.select if isinstance(item, Path)] == [
        "Order.Name",
        "Limit",
        "IsIn__c",
        "Nullable__c",
    ]


@pytest.mark.parametrize(
    ("query", "token", "column"),
    [
        ("SELECT Id FORM Task", "FORM", 11),
        ("SELECT FROM Task", "FROM", 8),
        ("SELECT Id FROM", "<EOF>", 15),
        ("SELECT Id FROM Task WHERE", "<EOF>", 26),
        ("SELECT Id, FROM Task", "FROM", 12),
        ("SELECT Id FROM Task WHERE A = 1 AND B = 2 OR C = 3", "OR", 43),
        ("SELECT Id FROM Task WHERE NOT A = 1 AND B = 2", "AND", 37),
        ("SELECT Id FROM Task WHERE A = 1 B = 2", "B", 33),
        ("SELECT Id FROM Task WHERE A == 1", "=", 30),
        ("SELECT Id FROM Task LIMIT 5 ORDER BY Id", "ORDER", 29),
        ("SELECT Id FROM Task WHERE D > 2026-01-01T00:00:00 00:00", "T00", 41),
        ("DELETE FROM Task", "DELETE", 1),
    ],
)
def test_a_malformed_query_names_token_and_place(query: str, token: str, column: int) -> None:
    error = refusal(query)
    assert (error.code, error.status) == ("MALFORMED_QUERY", 400)
    assert error.message.endswith(f"ERROR at Row:1:Column:{column}\nunexpected token: '{token}'")


def test_the_caret_stands_under_the_place() -> None:
    error = refusal("SELECT Id\nFROM Task\nWHERE Subject == 'x'")
    assert error.message == (
        "\nWHERE Subject == 'x'\n               ^\nERROR at Row:3:Column:16\nunexpected token: '='"
    )


@pytest.mark.parametrize(
    "query", ["", "   ", "SELECT Id FROM Task WHERE A = 'open", r"SELECT Id FROM T WHERE A = '\q'"]
)
def test_other_malformed_queries(query: str) -> None:
    assert refusal(query).code == "MALFORMED_QUERY"
