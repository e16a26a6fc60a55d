"""What an object and a field are: the vocabulary of describe, validation and queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

FieldType = Literal[
    "id",
    "string",
    "textarea",
    "combobox",
    "picklist",
    "boolean",
    "int",
    "double",
    "date",
    "datetime",
    "reference",
    "email",
    "phone",
    "url",
]
TEXT_TYPES = frozenset({"string", "textarea", "combobox", "picklist", "email", "phone", "url"})


@dataclass(frozen=True)
class Picklist:
    """Values in order; `restricted` refuses any other value."""

    values: tuple[str, ...]
    default: str | None = None
    restricted: bool = False


@dataclass(frozen=True)
class Field:
    """One field; names of the attributes follow describe. `children`: the relationship as its parent names it."""

    name: str
    type: FieldType
    label: str
    length: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    sortable: bool = True
    groupable: bool = True
    default: Any = None
    defaulted_on_create: bool = False
    picklist: Picklist | None = None
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    children: str | None = None
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    name_field: bool = False
    id_lookup: bool = False

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def polymorphic(self) -> bool:
        return len(self.reference_to) > 1

    @property
    def required(self) -> bool:
        """A create must carry it: nothing else gives it a value."""
        return self.createable and not self.nillable and not self.defaulted_on_create and self.default is None


@dataclass(frozen=True)
class SObject:
    """One object. `fields` are in describe order."""

    name: str
    label: str
    label_plural: str
    key_prefix: str | None
    fields: tuple[Field, ...]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    replicateable: bool = True
    searchable: bool = True
    listed: bool = True

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def by_lower_name(self) -> Mapping[str, Field]:
        """SOQL and record bodies take field names in any case."""
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def by_relationship(self) -> Mapping[str, Field]:
        return {field.relationship.lower(): field for field in self.fields if field.relationship}

    @cached_property
    def unique_fields(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.unique)

    @cached_property
    def undeletable(self) -> bool:
        return "IsDeleted" in self.by_name


def text(name: str, label: str, length: int = 255, **more: Any) -> Field:
    return Field(name, more.pop("type", "string"), label, length, **more)


def flag(name: str, label: str, **more: Any) -> Field:
    return Field(
        name,
        "boolean",
        label,
        nillable=False,
        defaulted_on_create=True,
        default=more.pop("default", False),
        **more,
    )


def lookup(name: str, label: str, relationship: str, *targets: str, **more: Any) -> Field:
    return Field(name, "reference", label, 18, reference_to=targets, relationship=relationship, **more)


def read_only(field: Field) -> Field:
    return replace(field, createable=False, updateable=False)


def audit_fields() -> tuple[Field, ...]:
    """The system fields that every replicated object has."""
    return tuple(
        read_only(field)
        for field in (
            Field("CreatedDate", "datetime", "Created Date", nillable=False, defaulted_on_create=True),
            lookup(
                "CreatedById", "Created By ID", "CreatedBy", "User", nillable=False, defaulted_on_create=True
            ),
            Field(
                "LastModifiedDate", "datetime", "Last Modified Date", nillable=False, defaulted_on_create=True
            ),
            lookup(
                "LastModifiedById",
                "Last Modified By ID",
                "LastModifiedBy",
                "User",
                nillable=False,
                defaulted_on_create=True,
            ),
            Field(
                "SystemModstamp",
                "datetime",
                "System Modstamp",
                nillable=False,
                defaulted_on_create=True,
                groupable=False,
            ),
        )
    )


def id_field(label: str) -> Field:
    return read_only(Field("Id", "id", label, 18, nillable=False, defaulted_on_create=True, id_lookup=True))


def deleted_flag() -> Field:
    return read_only(flag("IsDeleted", "Deleted"))
