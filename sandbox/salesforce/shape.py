"""The objects as this org has them, and as the API's user may see and change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .catalog import Catalog, catalog
from .catalog_task import EXTERNAL_ID
from .schema import Field, Picklist, SObject, read_only
from .switches import SalesforceSwitches

_RESTRICTABLE = ("Task.Status", "Task.Priority")


def org_catalog(switches: SalesforceSwitches) -> Catalog:
    """What is so for everybody: fields that are absent, values of picklists."""
    stock = catalog(type_field=switches.type_field)
    return {
        name: _with_fields(
            sobject,
            lambda sobject, field: (
                None if _is_absent(switches, field) else _as_defined(switches, sobject, field)
            ),
        )
        for name, sobject in stock.items()
    }


def seen_catalog(whole: Catalog, switches: SalesforceSwitches) -> Catalog:
    """What permissions leave of it: hidden objects and fields are as if they were not there."""

    def allowed(sobject: SObject, field: Field) -> Field | None:
        name = f"{sobject.name}.{field.name}"
        if name in switches.hidden_fields:
            return None
        return read_only(field) if switches.read_only_user or name in switches.read_only_fields else field

    seen = {
        name: _with_fields(sobject, allowed)
        for name, sobject in whole.items()
        if sobject.name not in switches.hidden_objects
    }
    if not switches.read_only_user:
        return seen
    return {
        name: replace(sobject, createable=False, updateable=False, deletable=False)
        for name, sobject in seen.items()
    }


def _with_fields(sobject: SObject, shape: Callable[[SObject, Field], Field | None]) -> SObject:
    """The object itself where nothing differs: what it has computed stays with it."""
    fields = tuple(shaped for field in sobject.fields if (shaped := shape(sobject, field)) is not None)
    return sobject if fields == sobject.fields else replace(sobject, fields=fields)


def _is_absent(switches: SalesforceSwitches, field: Field) -> bool:
    return field.name == EXTERNAL_ID and not switches.external_id_field


def _as_defined(switches: SalesforceSwitches, sobject: SObject, field: Field) -> Field:
    if field.name == EXTERNAL_ID and not switches.external_id_unique:
        return replace(field, unique=False)
    if field.picklist is None:
        return field
    name = f"{sobject.name}.{field.name}"
    restricted = field.picklist.restricted or (switches.restricted_status and name in _RESTRICTABLE)
    values = switches.picklists.get(name, field.picklist.values)
    return replace(field, picklist=Picklist(tuple(values), field.picklist.default, restricted))
