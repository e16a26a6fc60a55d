"""Short forms of Salesforce calls for tests."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.sandbox.served import Served

DATA = "/services/data/v67.0"
TASKS = f"{DATA}/sobjects/Task"
KEY = "Taskbridge_Id__c"


@dataclass(frozen=True)
class OrgClient:
    """An org with nobody but the integration user; paths of `call` begin after the version."""

    served: Served

    def call(self, method: str, path: str, **rest: Any) -> requests.Response:
        return self.served.api(method, f"{DATA}{path}", **rest)

    def create(self, sobject: str = "Task", **fields: Any) -> str:
        """The id of a record made through the API."""
        answer = self.call("POST", f"/sobjects/{sobject}", json=fields)
        assert answer.status_code == 201, answer.text
        record_id: str = answer.json()["id"]
        return record_id

    def read(self, record_id: str, sobject: str = "Task") -> dict[str, Any]:
        answer = self.call("GET", f"/sobjects/{sobject}/{record_id}")
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()
        return record

    def update(self, record_id: str, /, **fields: Any) -> requests.Response:
        return self.call("PATCH", f"/sobjects/Task/{record_id}", json=fields)

    def delete(self, record_id: str) -> requests.Response:
        return self.call("DELETE", f"/sobjects/Task/{record_id}")

    def query(self, soql: str, resource: str = "query", **headers: str) -> dict[str, Any]:
        answer = self.call("GET", f"/{resource}", params={"q": soql}, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ids(self, soql: str, resource: str = "query") -> list[str]:
        return [row["Id"] for row in self.query(soql, resource)["records"]]

    def rows(self, method: str, *records: dict[str, Any], all_or_none: bool = False, path: str = "") -> Any:
        """The results of a collection of tasks."""
        typed = [{"attributes": {"type": "Task"}, **record} for record in records]
        body = {"allOrNone": all_or_none, "records": typed}
        answer = self.call(method, f"/composite/sobjects{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def user(self, email: str = "ada@example.com", **fields: Any) -> str:
        person = {"Username": email, "Email": email, "LastName": email.split("@")[0], **fields}
        created: str = self.served.control("POST", "/people/User", {"fields": person})["id"]
        return created

    def advance(self, **span: float) -> None:
        seconds = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
        total = sum(count * seconds[unit] for unit, count in span.items())
        self.served.control("POST", "/clock", {"advance_seconds": total})

    def set_clock(self, moment: str) -> None:
        """Stops the service's clock there, with a session that began then."""
        self.served.control("POST", "/clock", {"set": moment, "freeze": True})
        self.served.log_in()
