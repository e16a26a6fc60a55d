"""A single record as the API shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.kernel.store import Document

from .records import Records
from .schema import Field, SObject


def as_row(
    records: Records, sobject: SObject, doc: Document, fields: Iterable[Field], base: str
) -> dict[str, Any]:
    """`base` is `/services/data/vNN.0`. Id is always there, last when it was not asked for."""
    url = f"{base}/sobjects/{sobject.name}/{doc['Id']}"
    row: dict[str, Any] = {"attributes": {"type": sobject.name, "url": url}}
    row |= {field.name: records.getter(sobject, field)(doc) for field in fields}
    return row if "Id" in row else row | {"Id": doc["Id"]}
