"""The objects of the org besides Task, and the register of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .catalog_task import TASK, TYPE_FIELD
from .schema import Field, SObject, audit_fields, deleted_flag, flag, id_field, lookup, read_only, text


def _person_name() -> tuple[Field, ...]:
    return (
        text("LastName", "Last Name", 80, nillable=False),
        text("FirstName", "First Name", 40),
        read_only(text("Name", "Full Name", 121, nillable=False, name_field=True, defaulted_on_create=True)),
    )


def _owner() -> Field:
    return lookup("OwnerId", "Owner ID", "Owner", "User", nillable=False, defaulted_on_create=True)


def _master(name: str) -> Field:
    """Of a record that was merged into another: that other one."""
    return read_only(lookup("MasterRecordId", "Master Record ID", "MasterRecord", name))


USER = SObject(
    "User",
    "User",
    "Users",
    "005",
    (
        id_field("User ID"),
        text("Username", "Username", 80, nillable=False, unique=True),
        *_person_name(),
        text("CompanyName", "Company Name", 80),
        text("Title", "Title", 80),
        text("Email", "Email", 128, type="email", nillable=False),
        text("Alias", "Alias", 8),
        text(
            "TimeZoneSidKey",
            "Time Zone",
            40,
            default="America/Los_Angeles",
            nillable=False,
            defaulted_on_create=True,
        ),
        text("LocaleSidKey", "Locale", 40, default="en_US", nillable=False, defaulted_on_create=True),
        flag("IsActive", "Active", default=True),
        text(
            "UserType",
            "User Type",
            40,
            default="Standard",
            createable=False,
            updateable=False,
            defaulted_on_create=True,
        ),
        lookup("ManagerId", "Manager ID", "Manager", "User"),
        *audit_fields(),
    ),
    deletable=False,
)

CONTACT = SObject(
    "Contact",
    "Contact",
    "Contacts",
    "003",
    (
        id_field("Contact ID"),
        deleted_flag(),
        _master("Contact"),
        lookup("AccountId", "Account ID", "Account", "Account", children="Contacts"),
        *_person_name(),
        text("Title", "Title", 128),
        text("Phone", "Business Phone", 40, type="phone"),
        text("Email", "Email", 80, type="email"),
        _owner(),
        *audit_fields(),
    ),
)

LEAD = SObject(
    "Lead",
    "Lead",
    "Leads",
    "00Q",
    (
        id_field("Lead ID"),
        deleted_flag(),
        _master("Lead"),
        *_person_name(),
        text("Company", "Company", nillable=False),
        text("Title", "Title", 128),
        text("Phone", "Phone", 40, type="phone"),
        text("Email", "Email", 80, type="email"),
        _owner(),
        read_only(flag("IsConverted", "Converted")),
        read_only(Field("ConvertedDate", "date", "Converted Date")),
        read_only(lookup("ConvertedAccountId", "Converted Account ID", "ConvertedAccount", "Account")),
        read_only(lookup("ConvertedContactId", "Converted Contact ID", "ConvertedContact", "Contact")),
        *audit_fields(),
    ),
)

ACCOUNT = SObject(
    "Account",
    "Account",
    "Accounts",
    "001",
    (
        id_field("Account ID"),
        deleted_flag(),
        text("Name", "Account Name", nillable=False, name_field=True),
        text("Phone", "Account Phone", 40, type="phone"),
        text("Website", "Website", type="url"),
        text("Industry", "Industry"),
        _owner(),
        *audit_fields(),
    ),
)

ORGANIZATION = SObject(
    "Organization",
    "Organization",
    "Organizations",
    "00D",
    (
        id_field("Organization ID"),
        text("Name", "Name", 80, nillable=False, name_field=True),
        text("OrganizationType", "Edition", 40),
        text("InstanceName", "Instance Name", 5),
        flag("IsSandbox", "Is Sandbox"),
        Field("TrialExpirationDate", "datetime", "Trial Expiration Date"),
        text("NamespacePrefix", "Namespace Prefix", 15),
        *audit_fields(),
    ),
    createable=False,
    updateable=False,
    deletable=False,
    replicateable=False,
    searchable=False,
)


def _activity_value(
    name: str, label: str, plural: str, prefix: str, flag_name: str, flag_label: str
) -> SObject:
    fields = (
        id_field(f"{label} ID"),
        text("MasterLabel", "Master Label", nillable=False, name_field=True),
        text("ApiName", "API Name"),
        Field("SortOrder", "int", "Sort Order"),
        flag("IsDefault", "Is Default"),
        flag(flag_name, flag_label),
        *audit_fields(),
    )
    return SObject(
        name,
        label,
        plural,
        prefix,
        tuple(map(read_only, fields)),
        createable=False,
        updateable=False,
        deletable=False,
        replicateable=False,
        searchable=False,
    )


TASK_STATUS = _activity_value(
    "TaskStatus", "Task Status Value", "Task Status Values", "01P", "IsClosed", "Closed"
)
TASK_PRIORITY = _activity_value(
    "TaskPriority", "Task Priority Value", "Task Priority Values", "01Q", "IsHighPriority", "High Priority"
)

# What a query sees through a lookup that can point at several objects (Owner, Who, What).
NAME = SObject(
    "Name",
    "Name",
    "Names",
    None,
    tuple(
        map(
            read_only,
            (
                id_field("Name ID"),
                text("Name", "Name", nillable=False, name_field=True),
                text("LastName", "Last Name", 80),
                text("FirstName", "First Name", 40),
                text("Type", "Type", 40),
                text("Email", "Email", 128, type="email"),
                text("Phone", "Phone", 40, type="phone"),
                text("Title", "Title", 128),
                text("Username", "Username", 80),
                text("Alias", "Alias", 8),
                flag("IsActive", "Active"),
            ),
        )
    ),
    createable=False,
    updateable=False,
    deletable=False,
    replicateable=False,
    listed=False,
)

_STOCK = (ACCOUNT, CONTACT, LEAD, ORGANIZATION, TASK, TASK_PRIORITY, TASK_STATUS, USER, NAME)
_WITH_TYPE = replace(TASK, fields=(*TASK.fields, TYPE_FIELD))

Catalog = Mapping[str, SObject]


def catalog(*, type_field: bool) -> Catalog:
    """Objects by lower-case name; `type_field` adds Task.Type, which only some orgs have."""
    objects = {sobject.name.lower(): sobject for sobject in _STOCK}
    if type_field:
        objects["task"] = _WITH_TYPE
    return objects
