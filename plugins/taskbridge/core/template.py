"""The subject template (T1, T2): free text and dynamic fields, rendered for whole columns at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from taskbridge.core import canonical

DYNAMIC_FIELDS: Final[Mapping[str, str]] = {
    "activity_type": "type",
    "activity_subject": "title",
    "sales_campaign_name": "campaign_name",
    "sales_campaign_day": "campaign_day",
    "sales_campaign_step": "campaign_step",
    "call_outcome": "call_outcome",
    "call_reason": "call_reason",
}
"""The template's field names and the SC columns that they show (T1)."""

_TYPE_LABELS: Final = {"email": "Email", "call": "Call", "inmail": "InMail", "custom": "Custom"}
_PLACEHOLDER: Final = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_UNSENDABLE: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_BREAKS: Final = "[\r\n\x0b\x0c\x85\u2028\u2029]"


class UnknownTemplateField(ValueError):
    """The template names a dynamic field that does not exist (T1)."""


class UnsendableTemplate(ValueError):
    """The template holds a character that neither system takes."""


@dataclass(frozen=True)
class SubjectTemplate:
    """A parsed template. `parts` alternates free text and SC column names, beginning and ending with text."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, source: str) -> SubjectTemplate:
        """Raises UnknownTemplateField with the list of known fields, UnsendableTemplate for text that no Subject may
        hold."""
        if found := _UNSENDABLE.search(source):
            raise UnsendableTemplate(
                f"subject_template: U+{ord(found[0]):04X} at character {found.start() + 1} is a control character or "
                "half of a character, which no Subject may hold: take it out"
            )
        parts = _PLACEHOLDER.split(source)
        for position in range(1, len(parts), 2):
            column = DYNAMIC_FIELDS.get(parts[position].lower())
            if column is None:
                known = ", ".join(DYNAMIC_FIELDS)
                raise UnknownTemplateField(
                    f"subject_template: unknown field {{{{{parts[position]}}}}}; known fields: {known}"
                )
            parts[position] = column
        return cls(tuple(parts))

    @property
    def columns(self) -> tuple[str, ...]:
        """The SC columns that the template shows."""
        return tuple(dict.fromkeys(self.parts[1::2]))

    def render(self, values: Mapping[str, pa.Array], rows: int) -> pa.Array:
        """Subjects for `rows` rows; `values` has an array for each of `columns`. Empty is null (T2)."""
        pieces: list[pa.Array | pa.Scalar] = []
        for position, part in enumerate(self.parts):
            if position % 2 == 0:
                pieces.append(pa.scalar(part, pa.string()))
            elif part == "type":
                pieces.append(_type_labels(values[part]))
            else:
                pieces.append(values[part])
        if not any(isinstance(piece, pa.Array) for piece in pieces):
            pieces[0] = pa.array([self.parts[0]] * rows, pa.string())
        joined = pc.binary_join_element_wise(*pieces, "", null_handling="replace", null_replacement="")
        subject = canonical.cut(pc.replace_substring_regex(joined, _LINE_BREAKS, ""), canonical.SUBJECT_UNITS)
        return canonical.text(subject)


def _type_labels(types: pa.Array) -> pa.Array:
    position = pc.index_in(types, pa.array(list(_TYPE_LABELS)))
    return pc.coalesce(pc.take(pa.array(list(_TYPE_LABELS.values())), position), types)
