"""Short forms of Bulk API 2.0 calls for tests."""

import csv
import io
from dataclasses import dataclass
from typing import Any

import requests

from tests.sandbox.org_client import OrgClient

INGEST = "/jobs/ingest"
QUERY = "/jobs/query"


@dataclass(frozen=True)
class BulkClient:
    org: OrgClient

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.org.call("POST", path, json=body)
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def open(self, operation: str, **body: Any) -> str:
        """The id of a job for tasks."""
        job: str = self.post(INGEST, object="Task", operation=operation, **body)["id"]
        return job

    def put(self, job: str, content: str | bytes) -> requests.Response:
        data = content.encode() if isinstance(content, str) else content
        headers = {"Content-Type": "text/csv; charset=UTF-8"}
        return self.org.call("PUT", f"{INGEST}/{job}/batches", data=data, headers=headers)

    def set(self, job: str, state: str, path: str = INGEST) -> requests.Response:
        return self.org.call("PATCH", f"{path}/{job}", json={"state": state})

    def look(self, job: str, path: str = INGEST) -> dict[str, Any]:
        answer = self.org.call("GET", f"{path}/{job}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def close(self, operation: str, content: str | bytes, **body: Any) -> str:
        """A job with this file, given to the service."""
        job = self.open(operation, **body)
        assert self.put(job, content).status_code == 201
        assert self.set(job, "UploadComplete").status_code == 200
        return job

    def run(self, operation: str, content: str | bytes, **body: Any) -> dict[str, Any]:
        """The job when it has ended."""
        return self.wait(self.close(operation, content, **body))

    def wait(self, job: str, path: str = INGEST) -> dict[str, Any]:
        for _ in range(10):
            told = self.look(job, path)
            if told["state"] not in ("UploadComplete", "InProgress"):
                return told
        raise AssertionError(f"not finished after ten looks: {told}")

    def file(self, job: str, which: str) -> list[dict[str, str]]:
        answer = self.org.call("GET", f"{INGEST}/{job}/{which}")
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/csv")
        return rows_of(answer)

    def errors(self, job: str) -> dict[str, str]:
        """By subject."""
        return {row["Subject"]: row["sf__Error"] for row in self.file(job, "failedResults")}

    def query(self, soql: str, operation: str = "query", **body: Any) -> str:
        """The id of a query job that is complete."""
        job: str = self.post(QUERY, operation=operation, query=soql, **body)["id"]
        assert self.wait(job, QUERY)["state"] == "JobComplete"
        return job

    def page(self, job: str, **parameters: Any) -> requests.Response:
        return self.org.call("GET", f"{QUERY}/{job}/results", params=parameters)


def rows_of(answer: requests.Response, delimiter: str = ",") -> list[dict[str, str]]:
    """By an independent reader."""
    text = answer.content.decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    error = answer.json()[0]
    return answer.status_code, error["errorCode"], error["message"]
