"""The outside proof: an unmodified simple-salesforce against the sandbox, over TLS."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_soql

from sandbox.kernel.secrets import new_private_key
from tests.sandbox.served import SECRETS, Served

KEY = "Taskbridge_Id__c"


@pytest.fixture
def trusted(salesforce: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(salesforce.ca_bundle))
    return salesforce


@pytest.fixture
def domain(trusted: Served) -> str:
    """The client appends ".salesforce.com/services/oauth2/token" to it: the fragment swallows that."""
    return f"{trusted.url.removeprefix('https://')}/services/oauth2/token#"


@pytest.fixture
def client(trusted: Served) -> Any:
    """Untyped: objects are attributes that only exist at run time."""
    return Salesforce(instance_url=trusted.url, session_id=trusted.service.vendor.issue_token())


def test_client_credentials_through_the_domain(trusted: Served, domain: str) -> None:
    client = Salesforce(
        consumer_key=SECRETS["client_id"], consumer_secret=SECRETS["client_secret"], domain=domain
    )
    assert client.sf_instance == trusted.url.removeprefix("https://")
    assert client.query("SELECT Name FROM Organization")["records"][0]["Name"] == "TaskBridge Sandbox"
    assert client.is_sandbox() is False


def test_username_and_password_through_the_domain(domain: str) -> None:
    login: dict[str, Any] = {
        "username": SECRETS["username"],
        "consumer_key": SECRETS["client_id"],
        "consumer_secret": SECRETS["client_secret"],
        "domain": domain,
    }
    client = Salesforce(password=SECRETS["password"], **login)
    assert client.limits()["DailyApiRequests"]["Max"] == 15000
    with pytest.raises(SalesforceAuthenticationFailed, match="authentication failure"):
        Salesforce(password="wrong", **login)


def test_jwt_bearer_through_the_instance(trusted: Served, domain: str) -> None:
    login: dict[str, Any] = {
        "username": SECRETS["username"],
        "consumer_key": SECRETS["client_id"],
        "instance_url": domain,
    }
    client = Salesforce(privatekey=SECRETS["private_key"], **login)
    assert client.query("SELECT COUNT() FROM Task")["totalSize"] == 0
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid assertion"):
        Salesforce(privatekey=new_private_key(), **login)


def test_soap_login_in_a_version_that_still_has_it(trusted: Served) -> None:
    host = trusted.url.removeprefix("https://")
    login = {"username": SECRETS["username"], "password": SECRETS["password"], "security_token": ""}
    client = Salesforce(domain=f"{host}/services/Soap/u/59.0#", **login)
    assert client.query("SELECT COUNT() FROM Task")["totalSize"] == 0
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(domain=f"{host}/services/Soap/u/59.0#", **login | {"security_token": "x"})
    with pytest.raises(SalesforceAuthenticationFailed, match="No operation available"):
        Salesforce(domain=f"{host}/services/Soap/u/65.0#", version="65.0", **login)


def test_an_expired_session_is_renewed_by_the_client(trusted: Served, domain: str) -> None:
    client = Salesforce(
        consumer_key=SECRETS["client_id"], consumer_secret=SECRETS["client_secret"], domain=domain
    )
    first = client.session_id
    trusted.control("POST", "/clock", {"advance_seconds": 7201})
    assert client.query("SELECT COUNT() FROM Task")["totalSize"] == 0
    assert client.session_id != first


def test_create_read_update_delete(client: Any) -> None:
    created = client.Task.create(
        {"Subject": "Call – äöü 🎯", "ActivityDate": "2026-12-24", "Priority": "High"}
    )
    assert created["success"] is True
    assert created["errors"] == []
    task = client.Task.get(created["id"])
    assert (task["Subject"], task["ActivityDate"]) == ("Call – äöü 🎯", "2026-12-24")
    assert task["IsHighPriority"] is True
    assert client.Task.update(created["id"], {"Status": "Completed"}) == 204
    assert client.Task.get(created["id"])["IsClosed"] is True
    assert client.Task.delete(created["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        client.Task.delete(created["id"])


def test_upsert_and_read_by_external_id(client: Any) -> None:
    assert client.Task.upsert(f"{KEY}/sc-1", {"Subject": "one"}) == 201
    assert client.Task.upsert(f"{KEY}/sc-1", {"Subject": "two"}) == 200
    assert client.Task.get_by_custom_id(KEY, "sc-1")["Subject"] == "two"


def test_query_pages_and_query_all(client: Any, trusted: Served) -> None:
    trusted.switch(page_size=2)
    ids = [client.Task.create({"Subject": f"task {number}"})["id"] for number in range(5)]
    page = client.query("SELECT Id FROM Task ORDER BY Id")
    assert (page["totalSize"], page["done"], len(page["records"])) == (5, False, 2)
    page = client.query_more(page["nextRecordsUrl"], identifier_is_url=True)
    assert [row["Id"] for row in page["records"]] == ids[2:4]
    client.Task.delete(ids[1])
    assert len(client.query_all("SELECT Id FROM Task")["records"]) == 4
    everything = client.query_all("SELECT Id, IsDeleted FROM Task ORDER BY Id", include_deleted=True)
    assert [row["Id"] for row in everything["records"] if row["IsDeleted"]] == [ids[1]]


def test_quoted_values_survive_format_soql(client: Any) -> None:
    wanted = client.Task.create({"Subject": "50% of O'Brien's \\ \"quote\""})["id"]
    client.Task.create({"Subject": "other"})
    soql = format_soql("SELECT Id FROM Task WHERE Subject = {}", "50% of O'Brien's \\ \"quote\"")
    assert [row["Id"] for row in client.query(soql)["records"]] == [wanted]
    soql = format_soql("SELECT Id FROM Task WHERE Subject LIKE '{:like}%'", "50%")
    assert [row["Id"] for row in client.query(soql)["records"]] == [wanted]


def test_updated_and_deleted(client: Any, trusted: Served) -> None:
    kept = client.Task.create({"Subject": "kept"})["id"]
    gone = client.Task.create({"Subject": "gone"})["id"]
    client.Task.delete(gone)
    trusted.control("POST", "/clock", {"advance_seconds": 120})
    start, end = datetime.now(UTC) - timedelta(minutes=30), datetime.now(UTC) + timedelta(minutes=2)
    assert client.Task.updated(start, end)["ids"] == [kept]
    deleted = client.Task.deleted(start, end)
    assert [row["id"] for row in deleted["deletedRecords"]] == [gone]
    assert deleted["latestDateCovered"].endswith(".000+0000")


def test_collections_through_restful(client: Any) -> None:
    records = [{"attributes": {"type": "Task"}, "Subject": f"task {number}"} for number in range(3)]
    created = client.restful("composite/sobjects", method="POST", json={"records": records})
    ids = [row["id"] for row in created]
    changed = [{"attributes": {"type": "Task"}, "Id": each, "Priority": "High"} for each in ids]
    updated = client.restful("composite/sobjects", method="PATCH", json={"records": changed})
    assert [row["success"] for row in updated] == [True] * 3
    upserts = [{"attributes": {"type": "Task"}, KEY: "a", "Subject": "by key"}]
    upserted = client.restful(f"composite/sobjects/Task/{KEY}", method="PATCH", json={"records": upserts})
    assert upserted[0]["created"] is True
    read = client.restful("composite/sobjects/Task", params={"ids": ",".join(ids), "fields": "Id,Priority"})
    assert [row["Priority"] for row in read] == ["High"] * 3
    deleted = client.restful("composite/sobjects", params={"ids": ",".join(ids)}, method="DELETE")
    assert [row["id"] for row in deleted] == ids


def test_describe_and_usage(client: Any) -> None:
    names = {each["name"] for each in client.describe()["sobjects"]}
    assert {"Task", "User", "Contact", "TaskStatus", "TaskPriority"} <= names
    fields = {field["name"]: field for field in client.Task.describe()["fields"]}
    assert fields[KEY]["externalId"] is True
    assert client.Task.metadata()["objectDescribe"]["keyPrefix"] == "00T"
    assert client.api_usage["api-usage"].total == 15000


def test_a_refusal_arrives_with_its_code(client: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.Task.create({"Subjct": "typo"})
    refusal: Any = refused.value.content
    assert refusal == [
        {"message": "No such column 'Subjct' on sobject of type Task", "errorCode": "INVALID_FIELD"}
    ]
