"""Every way of logging in that a Salesforce connection can hold, through the provider's own hook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from taskbridge.errors import (
    AuthenticationFailed,
    CallRefused,
    ConnectionMissing,
    ContractBroken,
    SideUnreachable,
)
from taskbridge.hooks.salesforce import log_in
from tests.dags.world import SALESFORCE, Installation

SECRET = "hunter2-and-longer"


def connected(world: Installation, way: str, **changed: Any) -> None:
    """A connection that holds one way; the fragments keep the rest of the library's URLs from being sent."""
    secrets = world.sandbox.salesforce.secrets
    host = world.sandbox.salesforce.url.removeprefix("https://")
    token, soap = f"{host}/services/oauth2/token#", f"{host}/services/Soap/u/59.0#"
    key, secret = secrets["client_id"], secrets["client_secret"]
    password = secrets["password"]
    parts: dict[str, dict[str, Any]] = {
        "client credentials": {"domain": token, "consumer_key": key, "consumer_secret": secret},
        "JWT bearer": {
            "login": secrets["username"],
            "instance_url": token,
            "consumer_key": key,
            "private_key": secrets["private_key"],
        },
        "password": {
            "login": secrets["username"],
            "password": password,
            "domain": token,
            "consumer_key": key,
            "consumer_secret": secret,
        },
        "SOAP": {
            "login": secrets["username"],
            "password": password[:-5],
            "security_token": password[-5:],
            "domain": soap,
        },
    }
    set_parts(world, **{**parts[way], **changed})


def set_parts(world: Installation, **parts: Any) -> None:
    standard = {name: parts.pop(name) for name in ("login", "password") if name in parts}
    world.connection(SALESFORCE, conn_type="salesforce", extra=json.dumps(parts), **standard)


WAYS = ["client credentials", "JWT bearer", "password", "SOAP"]


@pytest.mark.parametrize("way", WAYS)
def test_each_way_logs_in(world: Installation, way: str) -> None:
    connected(world, way)
    world.forget_calls()
    session = log_in()
    assert session.instance_url == world.sandbox.salesforce.url
    assert session.access_token not in repr(session)
    assert world.calls("logins")[1] == 1


def test_a_private_key_may_be_a_file(world: Installation, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(world.sandbox.salesforce.secrets["private_key"])
    connected(world, "JWT bearer", private_key=None, private_key_file_path=str(file))
    assert log_in().access_token


@pytest.mark.parametrize(
    ("way", "changed", "told"),
    [
        ("client credentials", {"consumer_secret": SECRET}, "client credentials .*consumer key and secret"),
        ("JWT bearer", {"login": "nobody@example.com"}, "JWT bearer .*hasn't approved.*permission set"),
        ("password", {"password": SECRET}, "password of an app .*authentication failure"),
        ("SOAP", {"security_token": SECRET}, "INVALID_LOGIN.*security token"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*connected app policy")
def test_a_refused_login_says_which_way_and_what_helps(
    world: Installation, way: str, changed: dict[str, str], told: str
) -> None:
    connected(world, way, **changed)
    with pytest.raises(AuthenticationFailed, match=told) as refused:
        log_in()
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("way", "changed", "told"),
    [
        ("client credentials", {"consumer_secret": ""}, "no whole way .*consumer_key, domain"),
        ("client credentials", {"domain": None}, "no whole way"),
        ("client credentials", {"domain": "login"}, "domain login, which takes no client credentials"),
        ("client credentials", {"login": "ann@example.com"}, "user name as well"),
        ("client credentials", {"password": SECRET}, "more than one way"),
        ("JWT bearer", {"consumer_secret": SECRET}, "more than one way"),
        ("JWT bearer", {"login": ""}, "no whole way"),
        ("JWT bearer", {"private_key": SECRET}, "JWT bearer .*check username, consumer_key, private_key"),
        ("password", {"security_token": SECRET}, "more than one way"),
        ("SOAP", {"private_key": SECRET, "consumer_key": "x"}, "more than one way"),
    ],
)
def test_a_connection_that_is_unusable_or_ambiguous_gets_one_sentence_and_no_call(
    world: Installation, way: str, changed: dict[str, Any], told: str
) -> None:
    connected(world, way, **changed)
    world.forget_calls()
    with pytest.raises(ConnectionMissing, match=told) as refused:
        log_in()
    text = str(refused.value)
    assert "salesforce_default" in text
    assert text.count("\n") == 0
    assert SECRET not in f"{text}{refused.value.__cause__!r}"
    assert world.calls("logins")[1] == 0


def test_a_key_file_that_is_not_there_says_so(world: Installation, tmp_path: Path) -> None:
    connected(world, "JWT bearer", private_key=None, private_key_file_path=str(tmp_path / "none.pem"))
    with pytest.raises(ConnectionMissing, match="JWT bearer \\(FileNotFoundError\\)"):
        log_in()


def test_the_forms_long_names_count_as_well(world: Installation) -> None:
    connected(world, "client credentials")
    secrets = world.sandbox.salesforce.secrets
    host = world.sandbox.salesforce.url.removeprefix("https://")
    set_parts(
        world,
        extra__salesforce__domain=f"{host}/services/oauth2/token#",
        extra__salesforce__consumer_key=secrets["client_id"],
        extra__salesforce__consumer_secret=secrets["client_secret"],
    )
    assert log_in().access_token


def asked_host(monkeypatch: pytest.MonkeyPatch) -> str:
    """The host that a login with the present connection goes to; nothing is sent."""
    asked = []

    def send(_: Any, request: requests.PreparedRequest, **__: Any) -> None:
        asked.append(urlsplit(request.url or "").netloc)
        raise requests.ConnectionError

    monkeypatch.setattr("requests.Session.send", send)
    with pytest.raises(requests.ConnectionError):
        log_in()
    return str(asked[0])


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("acme.my", "acme.my"),
        ("acme.my.salesforce.com", "acme.my"),
        ("https://acme.my.salesforce.com", "acme.my"),
        (" HTTPS://Acme.my.salesforce.com/ ", "acme.my"),
        ("https://acme.my.salesforce.com/services/oauth2/token", "acme.my"),
        ("acme.my/", "acme.my"),
        ("acme--dev.sandbox.my", "acme--dev.sandbox.my"),
        ("https://acme--dev.sandbox.my.salesforce.com/", "acme--dev.sandbox.my"),
        ("acme-dev-ed.develop.my.salesforce.com", "acme-dev-ed.develop.my"),
        ("https://eu55.salesforce.com", "eu55"),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_C17_a_domain_is_understood_in_every_form_that_people_copy(
    world: Installation, monkeypatch: pytest.MonkeyPatch, way: str, given: str, host: str
) -> None:
    connected(world, way, **{"instance_url" if way == "JWT bearer" else "domain": given})
    assert asked_host(monkeypatch) == f"{host}.salesforce.com"


def test_C17_a_login_host_for_everybody_is_understood_where_it_works(
    world: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected(world, "SOAP", domain="https://test.salesforce.com")
    assert asked_host(monkeypatch) == "test.salesforce.com"
    connected(world, "client credentials", domain="https://login.salesforce.com/")
    with pytest.raises(ConnectionMissing, match="domain login, which takes no client credentials"):
        log_in()


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ("acme", "acme.my"),
        ("acme.salesforce.com", "acme.my"),
        ("https://acme.lightning.force.com/lightning/page/home", "acme.my"),
        ("acme--dev.sandbox.lightning.force.com", "acme--dev.sandbox.my"),
        ("https://acme.my.salesforce-setup.com/lightning/setup/SetupOneHome/home", "acme.my"),
        ("acme.my.site.com", "acme.my"),
        ("acme--dev.sandbox", "acme--dev.sandbox.my"),
        ("https://sales.acme.com", "such as acme.my"),
        ("https://acme.my.salesforce.com:8443", "such as acme.my"),
        ("ann@acme.my", "such as acme.my"),
        ("your My Domain", "such as acme.my"),
        ("https://", "such as acme.my"),
    ],
)
def test_C17_what_is_no_login_host_is_refused_with_the_right_form(
    world: Installation, given: str, form: str
) -> None:
    connected(world, "client credentials", domain=given)
    with pytest.raises(
        ConnectionMissing, match=f"salesforce_default names the domain .*, {form} "
    ) as refused:
        log_in()
    assert given in str(refused.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [301, 307])
def test_no_way_follows_a_redirect_with_its_secrets(world: Installation, way: str, status: int) -> None:
    connected(world, way)
    world.forget_calls()
    there = {"Location": f"{world.sandbox.sales_connect.url}/oauth/token"}
    world.sandbox.salesforce.fault(kind="status", endpoint="POST *", status=status, headers=there, body="x")
    with pytest.raises(CallRefused, match=f"salesforce_default.*redirect to 127.0.0.1 .HTTP {status} "):
        log_in()
    assert world.calls() == (0, 1)


def _session(way: str, instance: Any, token: Any = "00D5g000004AbCd!secret") -> Any:
    """What a login of that way answers."""
    if way != "SOAP":
        return {"access_token": token, "instance_url": instance}
    return f"<r><sessionId>{token}</sessionId><serverUrl>{instance}/services/Soap/u/59.0/00D</serverUrl></r>"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "instance",
    [
        "https://evil.example",
        "https://acme.my.salesforce.com@evil.example",
        "https://acme.my.salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://acme.my.salesforce.com:8443",
    ],
)
def test_an_instance_elsewhere_gets_no_session(world: Installation, way: str, instance: str) -> None:
    connected(world, way)
    world.sandbox.salesforce.fault(kind="status", endpoint="POST *", status=200, body=_session(way, instance))
    with pytest.raises(
        ContractBroken, match=r"salesforce_default.*neither that host nor one of Salesforce's"
    ) as no:
        log_in()
    assert "secret" not in str(no.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "instance", ["https://acme.my.salesforce.com", "http://acme--dev.sandbox.my.salesforce.com"]
)
def test_an_instance_of_salesforces_is_the_orgs_own(world: Installation, way: str, instance: str) -> None:
    connected(world, way)
    world.sandbox.salesforce.fault(kind="status", endpoint="POST *", status=200, body=_session(way, instance))
    assert log_in().instance_url == instance.replace("http://", "https://")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "body",
    [
        [],
        {"access_token": None, "instance_url": "https://acme.my.salesforce.com"},
        {"access_token": ["secret"], "instance_url": "https://acme.my.salesforce.com"},
        {"access_token": "00D5g000004AbCd!secret"},
        {"access_token": "00D5g000004AbCd!secret", "instance_url": 7},
        "<html>sign in</html>",
    ],
)
def test_a_login_of_another_shape_is_one_sentence(world: Installation, way: str, body: Any) -> None:
    connected(world, way)
    world.sandbox.salesforce.fault(kind="status", endpoint="POST *", status=200, body=body)
    with pytest.raises(
        (ContractBroken, SideUnreachable, AuthenticationFailed, CallRefused), match="salesforce_default"
    ) as no:
        log_in()
    assert "secret" not in f"{no.value}{no.value.__cause__!r}"
