"""query and queryAll over HTTP: pages, locators, limits, describe."""

from urllib.parse import quote

import pytest
import requests

from tests.sandbox.org_client import DATA, KEY, OrgClient

ALL = "SELECT Id FROM Task ORDER BY Id"


@pytest.fixture
def five(org: OrgClient) -> list[str]:
    org.served.switch(page_size=2)
    return [org.create(Subject=f"task {number}") for number in range(5)]


def test_a_page_says_how_to_go_on(org: OrgClient, five: list[str]) -> None:
    page = org.query(ALL)
    assert list(page) == ["totalSize", "done", "nextRecordsUrl", "records"]
    assert (page["totalSize"], page["done"]) == (5, False)
    assert page["nextRecordsUrl"].startswith(f"{DATA}/query/0r8")
    assert page["nextRecordsUrl"].endswith("-2")
    seen = [row["Id"] for row in page["records"]]
    while not page["done"]:
        page = org.served.api("GET", page["nextRecordsUrl"]).json()
        assert page["totalSize"] == 5
        seen += [row["Id"] for row in page["records"]]
    assert seen == five
    assert "nextRecordsUrl" not in page


def test_pages_are_a_snapshot_of_ids(org: OrgClient, five: list[str]) -> None:
    url = org.query(ALL)["nextRecordsUrl"]
    org.create(Subject="too late")
    org.update(five[2], Subject="changed")
    page = org.served.api("GET", url).json()
    assert (page["totalSize"], [row["Id"] for row in page["records"]]) == (5, five[2:4])


def test_the_size_of_a_page_is_a_hint(org: OrgClient) -> None:
    org.rows("POST", *({"Subject": f"task {number}"} for number in range(200)))
    org.create(Subject="one more")
    for options, size in {"batchSize=200": 200, "batchSize=1": 200, "batchSize=9999": 201, "x": 201}.items():
        page = org.query(ALL, **{"Sforce-Query-Options": options})
        assert len(page["records"]) == size


def test_locators_that_lead_nowhere(org: OrgClient, five: list[str]) -> None:
    url = org.query(ALL)["nextRecordsUrl"]
    locator = url.rsplit("/", 1)[1]
    for path in (
        "/query/0r8Tb0000000zzz-2",
        "/query/nonsense",
        f"/query/{locator}x",
        f"/query/{locator[:-1]}9",
    ):
        answer = org.call("GET", path)
        assert answer.status_code == 400
        assert answer.json() == [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}]


def test_locators_expire_and_make_room(org: OrgClient, five: list[str]) -> None:
    org.served.switch(open_locators=2, locator_seconds=600)
    first, second, third = (org.query(ALL)["nextRecordsUrl"] for _ in range(3))
    assert org.served.api("GET", first).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert org.served.api("GET", second).status_code == 200
    org.advance(seconds=601)
    assert org.served.api("GET", third).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_query_all_counts_deleted_rows(org: OrgClient, five: list[str]) -> None:
    org.delete(five[4])
    page = org.query(ALL, "queryAll")
    assert page["totalSize"] == 5
    assert org.query(ALL)["totalSize"] == 4


def test_count_has_no_records(org: OrgClient, five: list[str]) -> None:
    assert org.query("SELECT COUNT() FROM Task") == {"totalSize": 5, "done": True, "records": []}


def test_ties_may_come_in_any_order(org: OrgClient, five: list[str]) -> None:
    org.served.switch(page_size=2000, tie_order="reversed")
    assert org.ids("SELECT Id FROM Task ORDER BY Status") == five[::-1]
    assert org.ids("SELECT Id FROM Task ORDER BY Status, Id") == five


def test_a_plus_must_be_encoded(org: OrgClient) -> None:
    record_id = org.create(Subject="x")
    soql = quote("SELECT Id FROM Task WHERE CreatedDate > 2020-01-01T00:00:00+00:00", safe="")
    assert org.call("GET", f"/query?q={soql}").json()["records"][0]["Id"] == record_id
    answer = org.call("GET", f"/query?q={soql.replace('%2B', '+')}")
    assert answer.json()[0]["errorCode"] == "MALFORMED_QUERY"


def test_a_uri_has_at_most_16_kilobytes(org: OrgClient) -> None:
    def asked(length: int) -> requests.Response:
        soql = "SELECT Id FROM Task WHERE Subject = '{}'"
        return org.call("GET", "/query", params={"q": soql.format("x" * length)})

    assert asked(16_000).status_code == 200
    assert asked(16_384).status_code == 414


def test_a_query_needs_a_query(org: OrgClient) -> None:
    answer = org.call("GET", "/query")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    assert answer.json() == [
        {"message": "A query string has to be specified", "errorCode": "MALFORMED_QUERY"}
    ]


def test_usage_is_told_and_limited(org: OrgClient) -> None:
    assert org.call("GET", "/sobjects").headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    org.served.switch(api_daily_max=3, shared_limit_header=True)
    answer = org.call("GET", "/limits")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=2/3; api-bursts=1/750"
    assert answer.json()["DailyApiRequests"] == {"Max": 3, "Remaining": 1}
    assert {"DailyBulkApiBatches", "DailyBulkV2QueryJobs"} <= set(answer.json())
    assert org.call("GET", "/limits").status_code == 200
    refused = org.call("GET", "/limits")
    assert refused.status_code == 403
    assert refused.json() == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    org.advance(hours=25)
    org.served.log_in()
    assert org.call("GET", "/limits").status_code == 200


def test_describe_of_task(org: OrgClient) -> None:
    described = org.call("GET", "/sobjects/Task/describe").json()
    assert (described["keyPrefix"], described["replicateable"], described["mergeable"]) == (
        "00T",
        True,
        False,
    )
    fields = {field["name"]: field for field in described["fields"]}
    assert len(fields) == 44
    status = fields["Status"]
    assert [value["value"] for value in status["picklistValues"]] == [
        "Not Started",
        "In Progress",
        "Completed",
        "Waiting on someone else",
        "Deferred",
    ]
    assert (status["restrictedPicklist"], status["nillable"], status["length"]) == (False, False, 255)
    description = fields["Description"]
    assert (description["length"], description["filterable"], description["sortable"]) == (
        32000,
        False,
        False,
    )
    assert (fields["Subject"]["type"], fields["Subject"]["groupable"]) == ("combobox", False)
    assert fields["WhoId"]["referenceTo"] == ["Contact", "Lead"]
    assert (fields["TaskSubtype"]["createable"], fields["TaskSubtype"]["updateable"]) == (True, False)
    key = fields[KEY]
    assert (key["externalId"], key["unique"], key["caseSensitive"], key["custom"]) == (True,) * 4
    assert fields["SystemModstamp"]["groupable"] is False


def test_describe_global_and_basic_information(org: OrgClient) -> None:
    body = org.call("GET", "/sobjects/").json()
    assert (body["encoding"], body["maxBatchSize"]) == ("UTF-8", 200)
    assert "Name" not in {each["name"] for each in body["sobjects"]}
    record_id = org.create(Subject="recent")
    recent = org.call("GET", "/sobjects/Task").json()["recentItems"]
    assert [(row["Id"], row["Subject"]) for row in recent] == [(record_id, "recent")]
    assert org.call("GET", "/sobjects/Nope/describe").status_code == 404


def test_what_closed_and_high_mean_can_be_asked(org: OrgClient) -> None:
    soql = "SELECT MasterLabel, ApiName FROM TaskStatus WHERE IsClosed = true"
    assert [row["ApiName"] for row in org.query(soql)["records"]] == ["Completed"]
    soql = "SELECT ApiName FROM TaskPriority WHERE IsHighPriority = true"
    assert [row["ApiName"] for row in org.query(soql)["records"]] == ["High"]
