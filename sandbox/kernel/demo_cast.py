"""The people and contacts of the demo seed: both services seed the same ones."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoPerson:
    name: str
    time_zone: str
    salesforce_email: str | None
    sales_connect_email: str | None
    active: bool = True
    salesforce_task_sync: bool = False


@dataclass(frozen=True)
class DemoContact:
    """`salesforce_id`: 18 characters, with a right checksum; 003 = Contact, 00Q = Lead."""

    name: str
    email: str
    salesforce_id: str


DEMO_PEOPLE = (
    DemoPerson(
        "Ada Example", "America/New_York", "ada@example.com", "Ada@Example.com", salesforce_task_sync=True
    ),
    DemoPerson(
        "Ben Sample", "Europe/Berlin", "ben@example.com", "ben@example.com", salesforce_task_sync=True
    ),
    DemoPerson("Chi Placeholder", "Asia/Tokyo", "chi@example.com", "chi@example.com"),
    DemoPerson("Dee Salesforce-Only", "UTC", "dee@example.com", None),
    DemoPerson("Eli Inactive", "UTC", "eli@example.com", "eli@example.com", active=False),
)

DEMO_CONTACTS = (
    DemoContact("Nora Prospect", "nora@customer.example", "003Tb000001DemAIAS"),
    DemoContact("Omar Client", "omar@customer.example", "003Tb000001DemBIAS"),
    DemoContact("Pia Käufer", "pia@kunde.example", "003Tb000001DemCIAS"),
    DemoContact("Quinn Partner", "quinn@partner.example", "003Tb000001DemDIAS"),
    DemoContact("Rita Lead", "rita@lead.example", "00QTb000001DemEMAS"),
)
