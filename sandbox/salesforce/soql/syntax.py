"""From the text of a query to its tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Literal

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedToken
from lark.exceptions import VisitError

from ..errors import ApiError
from .errors import query_error

ValueKind = Literal["STRING", "NUMBER", "DATETIME", "DATE", "BOOLEAN", "NULL", "RANGE"]


@dataclass(frozen=True)
class Path:
    """A field, through relationships if dotted. `at` is its offset in the query."""

    text: str
    at: int


@dataclass(frozen=True)
class Call:
    """COUNT(), COUNT(field), MIN(field) ...; `name` in upper case."""

    name: str
    path: Path | None
    alias: str | None
    at: int


@dataclass(frozen=True)
class FieldSet:
    """FIELDS(ALL), FIELDS(STANDARD), FIELDS(CUSTOM)."""

    which: str
    at: int


@dataclass(frozen=True)
class Value:
    """A literal as written, except that a string is unquoted and unescaped.

    `pattern` is a string in which an escaped wildcard is still escaped, for LIKE.
    """

    kind: ValueKind
    text: str
    at: int
    pattern: str = ""


@dataclass(frozen=True)
class Comparison:
    path: Path
    operator: str
    value: Value


@dataclass(frozen=True)
class Membership:
    path: Path
    negated: bool
    values: tuple[Value, ...]
    subquery: Query | None


@dataclass(frozen=True)
class Logic:
    operator: Literal["AND", "OR", "NOT"]
    operands: tuple[Condition, ...]


Condition = Comparison | Membership | Logic
SelectItem = Path | Call | FieldSet


@dataclass(frozen=True)
class OrderKey:
    item: Path | Call
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Having:
    """An aggregate compared with a number."""

    call: Call
    operator: str
    number: float


@dataclass(frozen=True)
class Query:
    select: tuple[SelectItem, ...]
    sobject: str
    sobject_at: int
    alias: str | None
    where: Condition | None
    group_by: tuple[Path, ...]
    having: tuple[Having, ...]
    order_by: tuple[OrderKey, ...]
    limit: int | None
    offset: int | None
    offset_at: int


_MOST_CHARACTERS = 100_000
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)


class _BadEscape(ValueError):
    pass


def _unescape(body: str, *, keep_wildcards: bool) -> str:
    def one(match: re.Match[str]) -> str:
        mark = match[1]
        if mark in "_%":
            return match[0] if keep_wildcards else mark
        if len(mark) == 5:
            return chr(int(mark[1:], 16))
        if mark not in _ESCAPES:
            raise _BadEscape(match[0])
        return "\\\\" if keep_wildcards and mark == "\\" else _ESCAPES[mark]

    return _ESCAPE.sub(one, body)


def _tokens(items: Sequence[Any], kind: str) -> list[Token]:
    return [item for item in items if isinstance(item, Token) and item.type == kind]


def _some(items: Sequence[Any], kind: type) -> tuple[Any, ...]:
    return tuple(item for item in items if isinstance(item, kind))


def _offset(token: Token) -> int:
    return token.start_pos or 0


class _Builder(Transformer[Token, Any]):
    def path(self, items: list[Token]) -> Path:
        return Path(str(items[0]), _offset(items[0]))

    def function(self, items: list[Any]) -> Call:
        name, path, alias = items
        return Call(str(name).upper(), path, str(alias) if alias else None, _offset(name))

    def field_set(self, items: list[Token]) -> FieldSet:
        return FieldSet(str(items[1]).upper(), _offset(items[0]))

    def value(self, items: list[Token]) -> Value:
        token = items[0]
        if token.type == "STRING":
            body = str(token)[1:-1]
            return Value(
                "STRING",
                _unescape(body, keep_wildcards=False),
                _offset(token),
                _unescape(body, keep_wildcards=True),
            )
        kind: Any = "RANGE" if token.type in ("DATE_RANGE", "NAMED_RANGE") else token.type
        return Value(kind, str(token), _offset(token))

    def comparison(self, items: list[Any]) -> Comparison:
        path, operator, value = items
        text = str(operator).upper()
        return Comparison(path, "!=" if text == "<>" else text, value)

    def membership(self, items: list[Any]) -> Membership:
        subqueries = _some(items, Query)
        return Membership(
            items[0], bool(_tokens(items, "NOT")), _some(items, Value), subqueries[0] if subqueries else None
        )

    def _logic(self, operator: Any, items: list[Any]) -> Logic:
        return Logic(operator, tuple(item for item in items if not isinstance(item, Token)))

    def conjunction(self, items: list[Any]) -> Logic:
        return self._logic("AND", items)

    def disjunction(self, items: list[Any]) -> Logic:
        return self._logic("OR", items)

    def negation(self, items: list[Any]) -> Logic:
        return self._logic("NOT", items)

    def where(self, items: list[Any]) -> tuple[str, Any]:
        return "where", items[1]

    def source(self, items: list[Any]) -> tuple[str, Any]:
        names = _tokens(items, "NAME")
        return "source", names

    def group_by(self, items: list[Any]) -> tuple[str, Any]:
        return "group_by", _some(items, Path)

    def having_test(self, items: list[Any]) -> Having:
        call, operator, number = items
        return Having(call, "!=" if operator == "<>" else str(operator), float(number))

    def having(self, items: list[Any]) -> tuple[str, Any]:
        return "having", _some(items, Having)

    def order_item(self, items: list[Any]) -> OrderKey:
        direction, place = _tokens(items, "DIRECTION"), _tokens(items, "NULLS_PLACE")
        return OrderKey(
            items[0],
            bool(direction) and direction[0].upper() == "DESC",
            bool(place) and place[0].upper() == "LAST",
        )

    def order_by(self, items: list[Any]) -> tuple[str, Any]:
        return "order_by", _some(items, OrderKey)

    def limit(self, items: list[Token]) -> tuple[str, Any]:
        return "limit", items[1]

    def offset(self, items: list[Token]) -> tuple[str, Any]:
        return "offset", items[1]

    def query(self, items: list[Any]) -> Query:
        clauses = {item[0]: item[1] for item in items if isinstance(item, tuple)}
        source = clauses["source"]
        select = tuple(item for item in items if isinstance(item, Path | Call | FieldSet))
        return Query(
            select=select,
            sobject=str(source[0]),
            sobject_at=_offset(source[0]),
            alias=str(source[1]) if len(source) > 1 else None,
            where=clauses.get("where"),
            group_by=clauses.get("group_by", ()),
            having=clauses.get("having", ()),
            order_by=clauses.get("order_by", ()),
            limit=int(clauses["limit"]) if "limit" in clauses else None,
            offset=int(clauses["offset"]) if "offset" in clauses else None,
            offset_at=_offset(clauses["offset"]) if "offset" in clauses else 0,
        )


@cache
def _parser() -> Lark:
    grammar = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", start="query", maybe_placeholders=True)


@lru_cache(maxsize=256)
def parse(text: str) -> Query:
    """The tree of a query. Raises ApiError MALFORMED_QUERY."""
    if not text.strip():
        raise ApiError("MALFORMED_QUERY", "SOQL statements cannot be empty or null")
    if len(text) > _MOST_CHARACTERS:
        message = f"SOQL statements can have at most {_MOST_CHARACTERS} characters, this one has {len(text)}"
        raise ApiError("MALFORMED_QUERY", message)
    try:
        tree = _parser().parse(text)
        return _Builder().transform(tree)  # type: ignore[no-any-return]
    except UnexpectedEOF:
        raise _unexpected(text, len(text), "<EOF>") from None
    except UnexpectedToken as error:
        if error.token.type == "$END":
            raise _unexpected(text, len(text), "<EOF>") from None
        raise _unexpected(text, error.pos_in_stream or 0, str(error.token)) from None
    except UnexpectedCharacters as error:
        at = error.pos_in_stream or 0
        message = f"line {error.line}:{error.column} no viable alternative at character '{text[at]}'"
        raise query_error("MALFORMED_QUERY", text, at, message) from None
    except VisitError as error:
        message = f"Illegal string escape or number: {error.orig_exc}"
        raise ApiError("MALFORMED_QUERY", message) from None


def _unexpected(text: str, at: int, token: str) -> ApiError:
    return query_error("MALFORMED_QUERY", text, at, f"unexpected token: '{token}'")
