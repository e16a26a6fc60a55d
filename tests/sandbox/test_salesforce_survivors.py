"""Converted leads and merged records: what follows them, and what refuses to be used afterwards."""

from typing import Any

import pytest

from tests.sandbox.org_client import OrgClient

FATE = "SELECT Id, IsDeleted, MasterRecordId FROM Contact"


def convert(org: OrgClient, lead: str, **body: Any) -> dict[str, str]:
    made: dict[str, str] = org.served.control("POST", f"/people/Lead/{lead}/convert", body)
    return made


def merge(org: OrgClient, master: str, *losers: str, sobject: str = "Contact") -> None:
    org.served.control("POST", f"/people/{sobject}/{master}/merge", {"losers": list(losers)})


def refused(org: OrgClient, **fields: Any) -> tuple[str, str]:
    answer = org.call("POST", "/sobjects/Task", json=fields)
    assert answer.status_code == 400, answer.text
    (error,) = answer.json()
    return error["errorCode"], error["message"]


def test_tasks_of_a_converted_lead_move_to_its_contact(org: OrgClient) -> None:
    org.set_clock("2026-07-15T12:00:00Z")
    rita = org.create("Lead", LastName="Lead", FirstName="Rita", Company="Sons")
    task, binned = org.create(WhoId=rita), org.create(WhoId=rita)
    org.delete(binned)
    org.advance(hours=1)
    made = convert(org, rita)
    lead = org.read(rita, "Lead")
    assert (lead["IsConverted"], lead["ConvertedDate"]) == (True, "2026-07-15")
    assert (lead["ConvertedContactId"], lead["ConvertedAccountId"]) == (made["contact"], made["account"])
    assert org.read(made["contact"], "Contact")["Name"] == "Rita Lead"
    moved = org.read(task)
    assert (moved["WhoId"], moved["AccountId"]) == (made["contact"], made["account"])
    assert moved["SystemModstamp"] == "2026-07-15T13:00:00.000+0000"
    assert moved["LastModifiedDate"] == "2026-07-15T12:00:00.000+0000", "nobody edited it"
    (left,) = org.query(f"SELECT WhoId FROM Task WHERE Id = '{binned}'", "queryAll")["records"]
    assert left["WhoId"] == rita


def test_a_converted_lead_is_read_only(org: OrgClient) -> None:
    rita = org.create("Lead", LastName="Lead", Company="Sons")
    nora = org.create("Contact", LastName="Prospect")
    assert convert(org, rita, contact=nora) == {"contact": nora}
    code = "CANNOT_UPDATE_CONVERTED_LEAD"
    assert refused(org, WhoId=rita) == (code, "cannot reference converted lead")
    task = org.create()
    assert org.update(task, WhoId=rita).json()[0]["errorCode"] == code
    (row,) = org.rows("POST", {"WhoId": rita})
    assert row["errors"] == [{"statusCode": code, "message": "cannot reference converted lead", "fields": []}]
    edit = org.call("PATCH", f"/sobjects/Lead/{rita}", json={"Title": "x"})
    assert edit.json()[0]["message"] == "cannot update converted lead"
    for name in ("IsConverted", "ConvertedContactId", "MasterRecordId"):
        value: Any = True if name == "IsConverted" else None
        other = org.create("Lead", LastName="Other", Company="Sons")
        forged = org.call("PATCH", f"/sobjects/Lead/{other}", json={name: value})
        assert forged.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_lead_is_converted_once(org: OrgClient) -> None:
    rita = org.create("Lead", LastName="Lead", Company="Sons")
    convert(org, rita)
    with pytest.raises(AssertionError, match="is converted already"):
        convert(org, rita)
    with pytest.raises(AssertionError, match="there is no live Lead"):
        convert(org, "00QTb000000zzzz")


@pytest.mark.parametrize("code", ["INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED"])
def test_the_loser_of_a_merge_is_deleted_and_names_its_master(org: OrgClient, code: str) -> None:
    org.served.switch(deleted_reference=code)
    acme = org.create("Account", Name="Acme")
    nora = org.create("Contact", LastName="Prospect", AccountId=acme)
    double, plain = (org.create("Contact", LastName=name) for name in ("Double", "Plain"))
    task = org.create(WhoId=double)
    merge(org, nora, double)
    org.served.control("DELETE", f"/people/Contact/{plain}")
    fates = {
        row["Id"]: (row["IsDeleted"], row["MasterRecordId"]) for row in org.query(FATE, "queryAll")["records"]
    }
    assert fates == {nora: (False, None), double: (True, nora), plain: (True, None)}
    moved = org.read(task)
    assert (moved["WhoId"], moved["AccountId"]) == (nora, acme)
    assert refused(org, WhoId=double)[0] == code
    org.served.control("POST", f"/people/Contact/{double}/undelete")
    assert org.read(double, "Contact")["MasterRecordId"] is None, "it is a record of its own again"


def test_merges_that_no_org_does(org: OrgClient) -> None:
    nora, omar = (org.create("Contact", LastName=name) for name in ("Nora", "Omar"))
    rita, kim = (org.create("Lead", LastName=name, Company="Sons") for name in ("Rita", "Kim"))
    convert(org, rita)
    for master, losers, sobject, words in (
        (nora, [nora], "Contact", "besides the master"),
        (nora, [], "Contact", "1 to 2 losers"),
        (nora, [omar, omar], "Contact", "each once"),
        (nora, [kim], "Contact", "no live Contact"),
        (kim, [rita], "Lead", "a converted lead cannot be merged"),
        (org.create("Account", Name="Acme"), [nora], "Account", "Contact and Lead can"),
    ):
        with pytest.raises(AssertionError, match=words):
            merge(org, master, *losers, sobject=sobject)
    assert org.ids("SELECT Id FROM Contact WHERE LastName IN ('Nora', 'Omar')") == [nora, omar]
