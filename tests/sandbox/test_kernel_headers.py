"""Names of headers as they go over the wire: clients that look them up with their case have to find them."""

import socket
import ssl
from urllib.parse import urlsplit

import pytest

from tests.sandbox.org_client import DATA, TASKS, OrgClient
from tests.sandbox.served import Served


def wire(served: Served, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, list[str]]:
    """Status and header names of an answer, as they were sent. `body` is CSV or JSON."""
    url = urlsplit(served.url)
    given = {
        "Host": url.netloc,
        "Authorization": str(served.session.headers["Authorization"]),
        "Content-Length": str(len(body)),
        "Connection": "close",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return sent(served, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def sent(served: Served, request: bytes) -> tuple[int, list[str]]:
    url = urlsplit(served.url)
    context = ssl.create_default_context(cafile=str(served.ca_bundle))
    with (
        socket.create_connection((url.hostname, url.port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=url.hostname) as connection,
    ):
        connection.sendall(request)
        answer = b""
        while more := connection.recv(65_536):
            answer += more
    first, *names = answer.split(b"\r\n\r\n", 1)[0].decode("latin-1").split("\r\n")
    return int(first.split()[1]), [line.split(":", 1)[0] for line in names]


def assert_spelled(names: list[str], *expected: str) -> None:
    assert set(expected) <= set(names), names
    assert not [name for name in names if not name[0].isupper()], names


def test_answers_name_headers_as_orgs_do(org: OrgClient) -> None:
    status, names = wire(org.served, "GET", f"{DATA}/limits")
    assert status == 200
    assert_spelled(names, "Content-Type", "Content-Length", "Sforce-Limit-Info", "Date")
    task = org.create(Subject="x")
    assert_spelled(wire(org.served, "GET", f"{TASKS}/{task}")[1], "Last-Modified")
    made = wire(org.served, "POST", TASKS, b'{"Subject": "y"}', Content_Type="application/json")
    assert made[0] == 201
    assert_spelled(made[1], "Location")


def test_pages_of_a_bulk_query_name_their_locator(org: OrgClient) -> None:
    org.served.switch(bulk_looks=0)
    job = org.call("POST", "/jobs/query", json={"operation": "query", "query": "SELECT Id FROM User"}).json()
    status, names = wire(org.served, "GET", f"{DATA}/jobs/query/{job['id']}/results?maxRecords=1")
    assert status == 200
    assert_spelled(names, "Sforce-Locator", "Sforce-NumberOfRecords")


@pytest.mark.parametrize(
    ("method", "path", "status", "header"),
    [
        ("GET", f"{DATA}/sobjects/Nothing", 404, "Sforce-Limit-Info"),
        ("PUT", f"{DATA}/limits", 405, "Allow"),
        ("GET", "/services/oauth2/nothing", 404, "Content-Type"),
        ("GET", f"{DATA}/query?q={'x' * 17_000}", 414, "Content-Type"),
    ],
)
def test_refusals_name_headers_so_too(
    org: OrgClient, method: str, path: str, status: int, header: str
) -> None:
    seen, names = wire(org.served, method, path)
    assert seen == status
    assert_spelled(names, header, "Date")


def test_an_unknown_session_is_told_by_a_header(org: OrgClient) -> None:
    status, names = wire(org.served, "GET", f"{DATA}/limits", Authorization="Bearer x")
    assert status == 401
    assert_spelled(names, "WWW-Authenticate")


def test_faults_send_their_headers_as_they_were_asked_for(org: OrgClient) -> None:
    headers = {"Retry-After": "7", "X-SFDC-Request-Id": "1", "content-TYPE": "text/odd"}
    org.served.fault(kind="status", status=503, body="<html>down</html>", headers=headers)
    status, names = wire(org.served, "GET", f"{DATA}/limits")
    assert status == 503
    assert set(headers) <= set(names)
    assert [name for name in names if name.lower() == "content-type"] == ["content-TYPE"]
    org.served.fault(kind="status", status=500, headers={"Retry-After": "7"})
    assert_spelled(wire(org.served, "GET", f"{DATA}/limits")[1], "Retry-After", "Date")


def test_faults_that_cut_an_answer_name_them_too(org: OrgClient) -> None:
    org.served.fault(kind="drop_midway")
    assert_spelled(wire(org.served, "GET", f"{DATA}/limits")[1], "Content-Type", "Sforce-Limit-Info")


def test_what_is_no_request_is_refused_by_the_server_itself(org: OrgClient) -> None:
    status, names = sent(org.served, b"nonsense\r\n\r\n")
    assert status == 400
    assert_spelled(names, "Content-Type")


def test_sales_connect_names_them_so_too(sales_connect: Served) -> None:
    status, names = wire(sales_connect, "GET", "/v2/users")
    assert status == 200
    assert_spelled(names, "Content-Type", "X-RateLimit-Endpoint-Cost", "X-RateLimit-Remaining-Minute")
