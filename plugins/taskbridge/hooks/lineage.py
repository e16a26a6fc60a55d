"""What OpenLineage is told, where Airflow has its provider: from which fields of one system those of the other come.

A dataset is named after what its connection leads to: `salesforce://acme.my.salesforce.com`, `Task`;
`sales_connect://host`, `task`; and by OpenLineage's own rule `postgres://host:port`, `database.schema.table`.

Airflow calls this after a task, and only with the provider, so what needs it is imported by the functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from taskbridge.core.template import SubjectTemplate
from taskbridge.core.terms import FIELDS, TEMPLATE_INPUTS, Side
from taskbridge.hooks.connections import DATABASE, SALES_CONNECT, SALESFORCE, connection_named
from taskbridge.hooks.salesforce_domain import understood

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.generated.base import Dataset, RunFacet
    from openlineage.client.generated.column_lineage_dataset import Fields

    from taskbridge.settings import Settings

    Lineage = OperatorLineage[Dataset, RunFacet]


class Named(NamedTuple):
    """A dataset by its name in OpenLineage."""

    namespace: str
    name: str


class Origin(NamedTuple):
    """Where a field comes from, and how."""

    dataset: Named
    fields: tuple[str, ...]
    how: str
    same: bool = False  # taken over as it is


Columns = Mapping[str, tuple[Origin, ...]]  # by field of what is written

_READ_ONLY: Final = {
    Side.SALES_CONNECT: {
        "remote_id": "id",
        "person": "person.salesforce_id",
        **{name: name.replace("campaign_", "campaign.") for name in TEMPLATE_INPUTS},
    },
    Side.SALESFORCE: {"remote_id": "Id", "person": "WhoId"},
}
"""Columns of staging that cross besides the mapped fields, and the fields that they are read from."""
_AS_READ: Final = "as it is read: ends of line are one kind, outer white space is gone"
_IN_WORDS: Final = "its word in the other system, if that has one ({})"
_WHEN_CREATED: Final = "when the task is created ({})"


def of_reading(side: Side) -> Lineage:
    """From a system into its staging table."""
    source, staging = _system(side), table("staging", f"{side}_task")
    fields = {**_wire(side), **_READ_ONLY[side]}
    return _lineage(
        [source],
        staging,
        {name: (Origin(source, (field,), _AS_READ, same=True),) for name, field in fields.items()},
    )


def of_writing(side: Side, settings: Settings) -> Lineage:
    """From what was staged of one system into the other one, by the rules and the settings of the run."""
    theirs, ours = (table("staging", f"{one}_task") for one in (side.other, side))
    wire = _wire(side)
    fields = {wire[name]: origins for name, origins in _crossing(side, theirs, ours).items()}
    if side is Side.SALESFORCE:
        fields |= _of_salesforce_alone(theirs, wire["title"], settings)
    else:
        # A Subject that is edited in Salesforce never comes back (F1).
        fields |= {
            wire["title"]: (Origin(theirs, ("title",), _WHEN_CREATED.format("F1, F7")),),
            "person_id": (Origin(theirs, ("person",), _WHEN_CREATED.format("F7")),),
            "idempotency_key": (Origin(theirs, ("remote_id",), _WHEN_CREATED.format("G2")),),
        }
    # Text that Salesforce cannot hold is kept from what Sales Connect has, so that both are read.
    inputs = [theirs, ours] if side is Side.SALES_CONNECT else [theirs]
    return _lineage(inputs, _system(side), fields)


def of_bringing_back(side: Side) -> Lineage:
    """Into a system from what the ledger keeps of earlier values: an undo, a restore (K5)."""
    return _lineage([table("bridge", "action")], _system(side), {})


def of_deciding() -> Lineage:
    """From staging and ledger to the plan."""
    staged = [table("staging", f"{side}_task") for side in Side]
    return _lineage([*staged, table("bridge", "link")], table("bridge", "action"), {})


def of_reporting() -> Lineage:
    """From what was written to the runs as people see them."""
    return _lineage([table("bridge", "action")], table("mart", "sync_runs"), {})


def table(schema: str, name: str) -> Named:
    """A table of the project's database. A server that is reached by a socket is one of this machine."""
    connection = connection_named(DATABASE)
    host = connection.host or ""
    place = "localhost" if not host or host.startswith("/") else host
    return Named(f"postgres://{place}:{connection.port or 5432}", f"{connection.schema}.{schema}.{name}")


def _system(side: Side) -> Named:
    if side is Side.SALES_CONNECT:
        connection = connection_named(SALES_CONNECT)
        host = str(connection.host).strip().rstrip("/")
        address = urlsplit(host if "://" in host else f"https://{host}").netloc
        port = f":{connection.port}" if connection.port and ":" not in address else ""
        return Named(f"sales_connect://{address}{port}", "task")
    extras = understood(connection_named(SALESFORCE)).extra_dejson
    domain = str(extras.get("domain") or extras.get("extra__salesforce__domain") or "login")
    # What ends in `#` is an address with its path, see `salesforce_domain`.
    host = domain.partition("/")[0] if domain.endswith("#") else f"{domain}.salesforce.com"
    return Named(f"salesforce://{host}", "Task")


def _wire(side: Side) -> Mapping[str, str]:
    from taskbridge.sides.sales_connect.records import WIRE as SALES_CONNECT_WIRE
    from taskbridge.sides.salesforce.records import WIRE as SALESFORCE_WIRE

    return SALES_CONNECT_WIRE if side is Side.SALES_CONNECT else SALESFORCE_WIRE


def _crossing(side: Side, theirs: Named, ours: Named) -> Columns:
    """The fields that both sides may change."""
    details: tuple[Origin, ...]
    if side is Side.SALESFORCE:
        details = (Origin(theirs, ("details",), "as far as it fits (F5)"),)
    else:
        tail = Origin(ours, ("details",), "the tail that Salesforce cannot hold (F5)")
        details = (Origin(theirs, ("details",), "what precedes that tail (F5)"), tail)
    found = {
        "status": (Origin(theirs, ("status",), _IN_WORDS.format("F2")),),
        "priority": (Origin(theirs, ("priority",), _IN_WORDS.format("F3")),),
        "due_date": (Origin(theirs, ("due_date",), "as it is (F4)", same=True),),
        "details": details,
        "owner": (Origin(theirs, ("owner",), "the same person's user (C3)"),),
    }
    return {name: found[name] for name in FIELDS if name in found}


def _of_salesforce_alone(theirs: Named, subject: str, settings: Settings) -> Columns:
    found: dict[str, tuple[Origin, ...]] = {}
    if shown := SubjectTemplate.parse(settings.subject_template).columns:
        found[subject] = (Origin(theirs, shown, "by the subject template (F1, T1)"),)
    if settings.fill_person:
        found["WhoId"] = (Origin(theirs, ("person",), _WHEN_CREATED.format("F7")),)
    if settings.salesforce_marker_field:
        marker = (Origin(theirs, ("remote_id",), _WHEN_CREATED.format("G2")),)
        found[settings.salesforce_marker_field] = marker
    return found


def _lineage(inputs: list[Named], output: Named, columns: Columns) -> Lineage:
    from airflow.providers.common.compat.openlineage.facet import ColumnLineageDatasetFacet
    from airflow.providers.openlineage.extractors import OperatorLineage

    used: dict[Named, dict[str, None]] = {one: {} for one in inputs}
    for origin in (origin for origins in columns.values() for origin in origins):
        used[origin.dataset] |= dict.fromkeys(origin.fields)
    target = _dataset(output, columns)
    if columns:
        fields = {field: _from(origins) for field, origins in columns.items()}
        target.facets = {**(target.facets or {}), "columnLineage": ColumnLineageDatasetFacet(fields=fields)}
    read: list[Dataset] = [_dataset(one, fields) for one, fields in used.items()]
    return OperatorLineage(inputs=read, outputs=[target])


def _dataset(named: Named, fields: Mapping[str, object]) -> Dataset:
    """With the fields that take part: some backends show no lineage of a field that no schema names."""
    from airflow.providers.common.compat.openlineage.facet import (
        Dataset,
        SchemaDatasetFacet,
        SchemaDatasetFacetFields,
    )

    schema = SchemaDatasetFacet(fields=[SchemaDatasetFacetFields(name=name) for name in fields])
    return Dataset(namespace=named.namespace, name=named.name, facets={"schema": schema} if fields else {})


def _from(origins: tuple[Origin, ...]) -> Fields:
    from airflow.providers.common.compat.openlineage.facet import Fields, InputField
    from openlineage.client.generated.column_lineage_dataset import Transformation

    return Fields(
        inputFields=[
            InputField(
                namespace=origin.dataset.namespace,
                name=origin.dataset.name,
                field=field,
                transformations=[
                    Transformation(
                        type="DIRECT",
                        subtype="IDENTITY" if origin.same else "TRANSFORMATION",
                        description=origin.how,
                    )
                ],
            )
            for origin in origins
            for field in origin.fields
        ]
    )
