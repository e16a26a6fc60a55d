"""The outside proof: an unmodified jsforce 3.10.16 against the sandbox, over TLS.

Needs Node 20 or later and a registry of packages for `npm ci`; where Node is absent the tests are skipped, which
the summary tells.
"""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.salesforce.app import create_app
from tests.sandbox.org_client import KEY, OrgClient
from tests.sandbox.served import SECRETS, Served, serving
from tests.sandbox.texts import hard_text

HERE = Path(__file__).parent / "jsforce"
STEPS = [
    "clientCredentials",
    "otherLogins",
    "paging",
    "bulkQuery",
    "singles",
    "upsert",
    "queryAll",
    "changes",
    "collections",
    "bulkIngest",
    "bulkByHand",
    "roundTrip",
]

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None,
    reason="Node is not installed: jsforce is not run against the sandbox",
)


@pytest.fixture(scope="module")
def installed() -> None:
    """The locked packages, installed once for each lock file, also by tests that run side by side."""
    done = HERE / "node_modules" / ".installed"
    with (HERE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = lock.read()
        if not done.exists() or done.read_text() != wanted:
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ran = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300)
            assert ran.returncode == 0, ran.stderr
            done.write_text(wanted)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(create_app, tmp_path_factory.mktemp("jsforce")) as served:
        served.log_in()
        yield served


@pytest.fixture(scope="module")
def seen(installed: None, server: Served) -> dict[str, Any]:
    """What every step of scenario.js saw."""
    org = OrgClient(server)
    for number in range(5):
        org.create(Subject=f"page {number}")
    org.delete(org.create(Subject="page gone"))
    server.switch(page_size=3)  # results of Bulk queries stay one page: jsforce fails on a second one
    now = datetime.now(UTC)
    config = {
        "url": server.url,
        "token": server.service.vendor.issue_token(),
        "clientId": SECRETS["client_id"],
        "clientSecret": SECRETS["client_secret"],
        "username": SECRETS["username"],
        "password": SECRETS["password"],
        "refreshToken": SECRETS["refresh_token"],
        "key": KEY,
        "text": hard_text(),
        "start": (now - timedelta(minutes=30)).isoformat(),
        "end": (now + timedelta(minutes=2)).isoformat(),
        "steps": STEPS,
    }
    ran = subprocess.run(
        ["node", "scenario.js"],
        cwd=HERE,
        env=os.environ | {"NODE_EXTRA_CA_CERTS": str(server.ca_bundle)},
        input=json.dumps(config).encode(),
        capture_output=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def test_the_version_is_the_one_named() -> None:
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert packages["node_modules/jsforce"]["version"] == "3.10.16"


def test_client_credentials(seen: dict[str, Any], server: Served) -> None:
    told = seen["clientCredentials"]
    assert (told["instanceUrl"], told["max"]) == (server.url, 15000)
    assert (told["user"]["id"][:3], told["user"]["organizationId"][:3]) == ("005", "00D")
    assert told["username"] == SECRETS["username"]


def test_password_refresh_token_and_soap(seen: dict[str, Any]) -> None:
    told = seen["otherLogins"]
    assert (told["password"], told["refresh"], told["soap"]) == (True, True, ["005", True])
    assert told["gone"] == "No operation available for request {urn:partner.soap.sforce.com}login"


def test_create_read_update_delete(seen: dict[str, Any]) -> None:
    told = seen["singles"]
    assert told["created"]["success"] is told["updated"]["success"] is told["deleted"]["success"] is True
    assert (told["read"]["Subject"], told["read"]["IsHighPriority"]) == ("Call – äöü 🎯", True)
    assert (told["closed"], told["again"]) == (True, "ENTITY_IS_DELETED")


def test_upsert(seen: dict[str, Any]) -> None:
    told = seen["upsert"]
    assert (told["first"]["created"], told["second"]["created"]) == (True, False)
    assert (told["first"]["id"], told["subject"]) == (told["second"]["id"], "two")


def test_query_with_paging(seen: dict[str, Any]) -> None:
    told = seen["paging"]
    assert (told["total"], told["done"], told["fetched"]) == (5, [False, True], 5)
    assert told["subjects"] == [["page 0", "page 1", "page 2"], ["page 3", "page 4"]]


def test_query_all(seen: dict[str, Any]) -> None:
    assert seen["queryAll"] == {"shown": 0, "all": [True]}


def test_updated_and_deleted(seen: dict[str, Any]) -> None:
    told = seen["changes"]
    assert told["kept"] in told["updated"]["ids"]
    assert told["gone"] in [row["id"] for row in told["deleted"]["deletedRecords"]]
    assert told["updated"]["latestDateCovered"].endswith(".000+0000")


def test_collections(seen: dict[str, Any]) -> None:
    told = seen["collections"]
    assert [row["success"] for row in told["created"]] == [True, False, True]
    assert told["created"][1]["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    assert [row["success"] for row in told["updated"] + told["deleted"]] == [True] * 4
    assert [row["created"] for row in told["upserted"]] == [True, True]
    assert told["priorities"] == ["High", "High"]


def test_bulk_ingest(seen: dict[str, Any]) -> None:
    told = seen["bulkIngest"]
    inserted = told["inserted"]
    assert [row["Subject"] for row in inserted["successfulResults"]] == ["bulk one"]
    assert inserted["failedResults"][0]["sf__Error"].startswith(
        "STRING_TOO_LONG:Subject: data value too large"
    )
    assert inserted["unprocessedRecords"] == []
    assert told["updated"]["successfulResults"][0]["Description"] == "#N/A"
    assert told["upserted"]["successfulResults"][0]["sf__Created"] == "true"
    assert told["deleted"]["successfulResults"][0]["sf__Created"] == "false"
    assert told["bad"].endswith("InvalidBatch : Field name not found : Nope")


def test_bulk_ingest_by_hand(seen: dict[str, Any]) -> None:
    told = seen["bulkByHand"]
    assert told["states"] == ["Open", "UploadComplete", "InProgress", "JobComplete"]
    assert (told["unprocessed"], told["aborted"], told["deleted"]) == ([], "Aborted", None)


def test_bulk_query(seen: dict[str, Any]) -> None:
    told = seen["bulkQuery"]
    assert [row["Subject"] for row in told["shown"]] == [f"page {number}" for number in range(5)]
    assert [row["IsDeleted"] for row in told["all"]] == ["false"] * 5 + ["true"]
    assert told["shown"][0]["Owner.Name"] == "TaskBridge Integration"


def test_a_hard_text_comes_back_as_it_was(seen: dict[str, Any]) -> None:
    assert seen["roundTrip"] == {"byCollection": True, "result": True, "byBulk": True}
