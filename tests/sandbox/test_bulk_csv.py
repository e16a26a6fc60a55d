"""The CSV dialect of Bulk jobs."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.salesforce.bulk.dialect import DELIMITERS, LINE_ENDINGS, BadFile, Dialect

UNESCAPED = "Found unescaped quote"
WRONG_END = "LineEnding is invalid on user data. Current LineEnding setting is LF"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Id,Subject\n1,a\n", [["Id", "Subject"], ["1", "a"]]),
        ("Id,Subject\n1,a", [["Id", "Subject"], ["1", "a"]]),
        ('A\n"x ""y"" z"\n', [["A"], ['x "y" z']]),
        ('A,B\n"a,b","c\nd"\n', [["A", "B"], ["a,b", "c\nd"]]),
        ('A\n"one\r\ntwo\rthree"\n', [["A"], ["one\r\ntwo\rthree"]]),
        ("A,B\n,\n", [["A", "B"], ["", ""]]),
        ("A,B\n1,", [["A", "B"], ["1", ""]]),
        ("A\n\n1\n\n", [["A"], ["1"]]),
        ("A,B\n 1 , 2\n", [["A", "B"], [" 1 ", " 2"]]),
        ('A\n""\n', [["A"], [""]]),
    ],
)
def test_what_is_read(text: str, rows: list[list[str]]) -> None:
    assert Dialect().read(text) == rows


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('A\nx"y\n', UNESCAPED),
        ('A\n"x"y\n', UNESCAPED),
        ('A\n"x\n', UNESCAPED),
        ('A,B\n"x", "y"\n', UNESCAPED),
        ('\ufeff"A"\n1\n', UNESCAPED),
        ("A\r\n1\r\n", WRONG_END),
        ("A\n1\r\n", WRONG_END),
        ("A\r1\r", WRONG_END),
    ],
)
def test_what_makes_a_file_bad(text: str, problem: str) -> None:
    with pytest.raises(BadFile, match=problem):
        Dialect().read(text)


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_every_delimiter_alone_separates(delimiter: str) -> None:
    mark = DELIMITERS[delimiter]
    others = "".join(set(DELIMITERS.values()) - {mark})
    assert Dialect(delimiter).read(f'A{mark}B\n{others}{mark}"{mark}"\n') == [["A", "B"], [others, mark]]


def test_crlf_rows_need_crlf() -> None:
    assert Dialect(line_ending="CRLF").read('A\r\n"x\ny"\r\n') == [["A"], ["x\ny"]]
    with pytest.raises(BadFile, match="Current LineEnding setting is CRLF"):
        Dialect(line_ending="CRLF").read("A\nx\n")


def test_line_breaks_within_quotes_may_have_to_fit_too() -> None:
    assert Dialect().read('A\n"x\ny"\n', "everywhere") == [["A"], ["x\ny"]]
    with pytest.raises(BadFile, match="LineEnding"):
        Dialect().read('A\n"x\r\ny"\n', "everywhere")
    with pytest.raises(BadFile, match="LineEnding"):
        Dialect(line_ending="CRLF").read('A\r\n"x\ny"\r\n', "everywhere")


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=4),
    st.sampled_from(sorted(DELIMITERS)),
    st.sampled_from(sorted(LINE_ENDINGS)),
)
def test_what_is_written_is_read_alike_here_and_elsewhere(
    rows: list[list[str]], delimiter: str, line_ending: str
) -> None:
    dialect = Dialect(delimiter, line_ending)
    text = dialect.write(rows)
    assert dialect.read(text) == rows
    elsewhere = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[delimiter], strict=True)
    assert list(elsewhere) == rows
