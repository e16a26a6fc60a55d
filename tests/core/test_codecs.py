"""Invariant 17 and the canonical form: what crosses and comes back is what it was."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskbridge.core import canonical
from taskbridge.core.fields import with_tail
from taskbridge.core.rules import Rules
from taskbridge.core.terms import Side
from tests.core import frames

SC, SF = Side.SALES_CONNECT, Side.SALESFORCE
_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\r\n\t 😀漢"), max_size=40)

CROSSING = Rules.of(frames.given()).crossing
WORDS = [
    ("status", ["open", "complete"]),
    ("priority", ["normal", "high"]),
    ("owner", ["anna", "ben"]),
    ("details", ["a\nb", None]),
]


@pytest.mark.parametrize(("name", "words"), WORDS)
def test_F2_F5_C3_a_value_that_can_cross_comes_back_as_it_was(name: str, words: list[str | None]) -> None:
    there = CROSSING.to(SF, name, pa.array(words, pa.string()))
    back = CROSSING.to(SC, name, there.values)
    assert there.can.all()
    assert back.can.all()
    assert back.values.to_pylist() == words


@pytest.mark.parametrize(("name", "word"), [("status", "Deferred"), ("priority", "Low"), ("owner", "005X")])
def test_F6_a_value_that_cannot_cross_is_told_apart(name: str, word: str) -> None:
    crossed = CROSSING.to(SC, name, pa.array([word, None], pa.string()))
    assert crossed.can.tolist() == [False, False]
    assert crossed.values.to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  a \r\n", "a"),
        ("a\r\nb\rc", "a\nb\nc"),
        (" \t\n", None),
        ("", None),
        (None, None),
        ("a\u00a0", "a"),
    ],
)
def test_G1_trimming_padding_and_line_ends_are_no_change(raw: str | None, text: str | None) -> None:
    assert canonical.text(pa.array([raw], pa.string())).to_pylist() == [text]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | _TEXT, max_size=5))
def test_G1_the_canonical_form_is_stable(texts: list[str | None]) -> None:
    once = canonical.text(pa.array(texts, pa.string()))
    assert canonical.text(once).equals(once)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | _TEXT, min_size=1, max_size=5), st.integers(1, 60))
def test_F5_T2_a_cut_is_the_longest_beginning_that_fits(texts: list[str | None], units: int) -> None:
    cut = canonical.cut(pa.array(texts, pa.string()), units)
    for text, short in zip(texts, cut.to_pylist(), strict=True):
        if text is None:
            assert short is None
            continue
        assert text.startswith(short)
        assert _units(short) <= units
        assert short == text or _units(text[: len(short) + 1]) > units


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | _TEXT, max_size=5))
def test_F5_lengths_are_counted_as_salesforce_counts(texts: list[str | None]) -> None:
    counted = canonical.utf16_units(pa.array(texts, pa.string())).to_pylist()
    assert counted == [None if text is None else _units(text) for text in texts]


@settings(max_examples=60, deadline=None)
@given(_TEXT, _TEXT)
def test_F5_the_tail_follows_text_that_was_not_edited(held: str, tail: str) -> None:
    whole = canonical.text(pa.array([held + tail], pa.string()))
    beginning = canonical.text(pa.array([held], pa.string()))
    if not (whole[0].as_py() or "").startswith(beginning[0].as_py() or ""):
        return
    assert with_tail(beginning, whole, beginning).equals(whole)


def test_control_characters_are_found() -> None:
    texts = pa.array(["a\tb\nc\rd\ve\ff", "a\x00", "\x1f", "\x7f", "é漢😀\u2028", None])
    assert canonical.has_control(texts).to_pylist() == [False, True, True, True, False, False]


def test_G1_every_kind_of_line_break_that_no_system_keeps_is_the_same() -> None:
    texts = pa.array(["a\nb", "a\r\nb", "a\rb", "a\vb", "a\fb\f"])
    assert canonical.text(texts).to_pylist() == ["a\nb"] * 5


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
