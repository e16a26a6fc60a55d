"""Canonical text: what must be equal for two texts to count as the same (G1), and how text is cut (F5, T2).

Servers trim, pad and turn line ends around; none of that is an edit. Any other rewrite is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

SUBJECT_UNITS: Final = 255
COMMENTS_UNITS: Final = 32_000

_BREAKS: Final = r"\r\n?|[\x0B\x0C]"
_CONTROL: Final = r"[\x00-\x08\x0E-\x1F\x7F]"
_ASTRAL: Final = "[\U00010000-\U0010ffff]"
_HALVES: Final = re.compile("[\ud800-\udfff]")


def storable(value: Any, changed: Callable[[str], str] = str) -> Any:
    """The value with every text in it, names too, as a database can hold it: NUL is shown as U+2400, half of a
    surrogate pair as U+FFFD. `changed` gets each text that is not as it was."""
    match value:
        case str():
            shown = (value if value.isascii() else _HALVES.sub("\ufffd", value)).replace("\x00", "\u2400")
            return value if shown == value else changed(shown)
        case list() | tuple():
            return [storable(each, changed) for each in value]
        case Mapping():
            return {storable(name, changed): storable(each, changed) for name, each in value.items()}
    return value


def text(values: pa.Array) -> pa.Array:
    """Strings in canonical form: CRLF, CR, vertical tab and form feed are LF, outer white space is gone, nothing left
    is null."""
    values = pc.replace_substring_regex(values, _BREAKS, "\n")
    values = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def has_control(values: pa.Array) -> pa.Array:
    """True where a string holds a control character other than tab and line breaks; False for null."""
    return pc.fill_null(pc.match_substring_regex(values, _CONTROL), False)


def utf16_units(values: pa.Array) -> pa.Array:
    """Length in UTF-16 code units, as Salesforce counts; null stays null."""
    return pc.add(pc.utf8_length(values), pc.count_substring_regex(values, _ASTRAL))


def cut(values: pa.Array, units: int) -> pa.Array:
    """Strings cut to so many UTF-16 code units, never inside a code point.

    Only the rows that are too long are re-encoded: they are rare, and the encoding is what costs.
    """
    # A code point is at most two units and four bytes, so byte lengths clear most columns.
    if pc.max(pc.binary_length(values)).as_py() is None or pc.max(pc.binary_length(values)).as_py() <= units:
        return values
    too_long = pc.fill_null(pc.greater(utf16_units(values), units), False)
    if not pc.any(too_long).as_py():
        return values
    long = pd.Series(values.filter(too_long).to_pylist(), dtype=object)
    halves = long.str.encode("utf-16-le").str.slice(0, 2 * units)
    # A code point cut in half leaves a lone surrogate at the end, which decoding drops.
    shortened = pa.array(halves.str.decode("utf-16-le", errors="ignore"), pa.string())
    return pc.replace_with_mask(values, too_long, shortened)


def cut_comments(values: pa.Array) -> pa.Array:
    """What Salesforce can hold of a text (F5), canonical again: a cut may end in white space."""
    shortened = cut(values, COMMENTS_UNITS)
    return values if shortened is values else pc.utf8_rtrim_whitespace(shortened)
