"""The CSV of Bulk jobs: RFC 4180, strictly, with a choice of delimiters and line ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Scope = Literal["rows", "everywhere"]

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_WRONG_END = {"LF": re.compile("\r"), "CRLF": re.compile("(?<!\r)\n|\r(?!\n)")}
_UNESCAPED = (
    "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote"
)


class BadFile(Exception):
    """What makes a whole job fail; the text is the job's errorMessage."""


@dataclass(frozen=True)
class Dialect:
    """Names as the API has them: `delimiter` "COMMA", `line_ending` "LF"."""

    delimiter: str = "COMMA"
    line_ending: str = "LF"

    def read(self, text: str, ends: Scope = "rows") -> list[list[str]]:
        """The cells of every row, the header first; empty lines are left out.

        `ends` tells whether line breaks within quotes must be the job's own too. Raises BadFile.
        """
        cell = _cell(DELIMITERS[self.delimiter])
        rows: list[list[str]] = []
        row: list[str] = []
        at = 0
        while at < len(text):
            match = cell.match(text, at)
            if match is None:
                raise BadFile(_UNESCAPED)
            quoted, plain, end = match.groups()
            row.append(plain if quoted is None else self._unquoted(quoted, ends))
            at = match.end()
            if end == DELIMITERS[self.delimiter]:
                continue
            self._check_end(end)
            if quoted is not None or row != [""]:
                rows.append(row)
            row = []
        if row:
            rows.append([*row, ""])
        return rows

    def write(self, rows: Iterable[Sequence[str]]) -> str:
        """Every cell in quotes, every row ended."""
        delimiter, end = DELIMITERS[self.delimiter], LINE_ENDINGS[self.line_ending]
        return "".join(
            delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + end for row in rows
        )

    def _unquoted(self, quoted: str, ends: Scope) -> str:
        if ends == "everywhere" and _WRONG_END[self.line_ending].search(quoted):
            raise self._wrong_end()
        return quoted.replace('""', '"')

    def _check_end(self, end: str) -> None:
        if end and end != LINE_ENDINGS[self.line_ending]:
            raise self._wrong_end()

    def _wrong_end(self) -> BadFile:
        return BadFile(
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
            f"{self.line_ending}"
        )


def _cell(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    return re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"\r\n{mark}]*))({mark}|\r\n|\n|\r|\Z)')
