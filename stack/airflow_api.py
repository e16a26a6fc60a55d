"""A small client of Airflow's REST API: what the demo and the end-to-end tests do as a person would."""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import requests

from stack.errors import StackError

RUN_ENDED = frozenset({"success", "failed"})
CALL_SECONDS = 30.0
POLL_SECONDS = 0.2


class AirflowApi:
    """Calls under `url`/api/v2 as one user. Bodies are Airflow's own JSON, as dicts.

    Raises `StackError` for an answer that is not a success, and when a wait runs out of time.
    """

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._credentials = {"username": username, "password": password}
        self._session = requests.Session()
        # Only our own loopback server is called: no proxy and no netrc entry may get in between.
        self._session.trust_env = False

    def log_in(self) -> None:
        answer = self._session.post(f"{self.url}/auth/token", json=self._credentials, timeout=CALL_SECONDS)
        if answer.status_code != 201:
            raise StackError(f"Airflow refused the login of {self._credentials['username']}: {_seen(answer)}")
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: Iterable[int] = (),
    ) -> requests.Response:
        """One call of `/api/v2/{path}`; statuses in `accept` are returned instead of raised."""
        if "Authorization" not in self._session.headers:
            self.log_in()
        answer = self._send(method, path, params, body)
        if answer.status_code == 401:
            self.log_in()
            answer = self._send(method, path, params, body)
        if not answer.ok and answer.status_code not in set(accept):
            raise StackError(f"{method} {path} of Airflow's API: {_seen(answer)}")
        return answer

    def _send(
        self, method: str, path: str, params: Mapping[str, Any] | None, body: Mapping[str, Any] | None
    ) -> requests.Response:
        return self._session.request(
            method, f"{self.url}/api/v2/{path}", params=params, json=body, timeout=CALL_SECONDS
        )

    def health(self) -> dict[str, str]:
        """Part -> "healthy", "unhealthy" or "unknown"; empty while the API server does not answer."""
        try:
            answer = self._session.get(f"{self.url}/api/v2/monitor/health", timeout=CALL_SECONDS)
        except (requests.ConnectionError, requests.Timeout):
            return {}
        if not answer.ok:
            return {}
        return {part: state["status"] or "unknown" for part, state in answer.json().items() if state}

    def dag_ids(self) -> set[str]:
        found = self.call("GET", "dags", params={"limit": 100}).json()["dags"]
        return {dag["dag_id"] for dag in found}

    def import_errors(self) -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = self.call("GET", "importErrors").json()["import_errors"]
        return errors

    def wait_for_dags(self, wanted: Iterable[str], seconds: float) -> None:
        """Wait until Airflow has parsed these DAGs. A DAG file that fails to import ends the wait at once."""
        missing = set(wanted)
        deadline = time.monotonic() + seconds
        while missing := missing - self.dag_ids():
            if errors := self.import_errors():
                told = "\n".join(f"{error['filename']}:\n{error['stack_trace']}" for error in errors)
                raise StackError(f"DAG files cannot be imported:\n{told}")
            if time.monotonic() > deadline:
                raise StackError(
                    f"Airflow has not found the DAGs {sorted(missing)} after {seconds:.0f} s. "
                    "See dag-processor.log."
                )
            time.sleep(POLL_SECONDS)

    def unpause(self, dag_id: str) -> None:
        self.call("PATCH", f"dags/{dag_id}", body={"is_paused": False})

    def pause(self, dag_id: str) -> None:
        self.call("PATCH", f"dags/{dag_id}", body={"is_paused": True})

    def trigger(
        self,
        dag_id: str,
        *,
        conf: Mapping[str, Any] | None = None,
        run_id: str | None = None,
        logical_date: datetime | None = None,
    ) -> str:
        """Start a run and return its id."""
        body: dict[str, Any] = {"logical_date": logical_date.isoformat() if logical_date else None}
        body |= {"conf": dict(conf)} if conf else {}
        body |= {"dag_run_id": run_id} if run_id else {}
        started: str = self.call("POST", f"dags/{dag_id}/dagRuns", body=body).json()["dag_run_id"]
        return started

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"dags/{dag_id}/dagRuns/{run_id}").json()
        return found

    def runs(self, dag_id: str, **filters: Any) -> list[dict[str, Any]]:
        """The runs of a DAG, newest first; filters as the API has them, for instance `state="success"`."""
        params = {"order_by": "-id", "limit": 100} | filters
        found: list[dict[str, Any]] = self.call("GET", f"dags/{dag_id}/dagRuns", params=params).json()[
            "dag_runs"
        ]
        return found

    def wait_for_run(self, dag_id: str, run_id: str, seconds: float) -> dict[str, Any]:
        """The run when it has ended, well or not."""
        deadline = time.monotonic() + seconds
        while (found := self.run(dag_id, run_id))["state"] not in RUN_ENDED:
            if time.monotonic() > deadline:
                states = {task["task_id"]: task["state"] for task in self.tasks(dag_id, run_id)}
                raise StackError(
                    f"{dag_id} {run_id} is still {found['state']} after {seconds:.0f} s: {states}"
                )
            time.sleep(POLL_SECONDS)
        return found

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = self.call("GET", path).json()["task_instances"]
        return found

    def task_log(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> str:
        """The log of one attempt as text, one event a line."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        content = self.call("GET", path, params={"full_content": True}).json()["content"]
        return "\n".join(entry["event"] if isinstance(entry, dict) else str(entry) for entry in content)

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.call("GET", path).json()["value"]

    def set_variable(self, key: str, value: str) -> None:
        body = {"key": key, "value": value}
        if self.call("PATCH", f"variables/{key}", body=body, accept={404}).status_code == 404:
            self.call("POST", "variables", body=body)

    def add_variable(self, key: str, value: str, description: str) -> None:
        """One that is there already stays as it is."""
        body = {"key": key, "value": value, "description": description}
        self.call("POST", "variables", body=body, accept={409})

    def set_connection(self, body: Mapping[str, Any]) -> None:
        name = body["connection_id"]
        if self.call("PATCH", f"connections/{name}", body=body, accept={404}).status_code == 404:
            self.call("POST", "connections", body=body)

    def variable(self, key: str) -> str | None:
        """None where there is none."""
        answer = self.call("GET", f"variables/{key}", accept={404})
        return None if answer.status_code == 404 else str(answer.json()["value"])

    def delete_variable(self, key: str) -> None:
        self.call("DELETE", f"variables/{key}", accept={404})

    def create_backfill(
        self, dag_id: str, start: datetime, end: datetime, *, conf: Mapping[str, Any] | None = None
    ) -> int:
        """Start a native backfill of the intervals from `start` to `end`, both included; returns its id."""
        body = {
            "dag_id": dag_id,
            "from_date": start.isoformat(),
            "to_date": end.isoformat(),
            "dag_run_conf": dict(conf or {}),
            "max_active_runs": 10,
            "reprocess_behavior": "none",
        }
        created: int = self.call("POST", "backfills", body=body).json()["id"]
        return created

    def wait_for_backfill(self, backfill_id: int, seconds: float) -> list[dict[str, Any]]:
        """The runs that the backfill made, newest first, when all of them have ended, well or not.

        Intervals that had a run before are not among them: Airflow leaves those alone.
        """
        deadline = time.monotonic() + seconds
        while True:
            backfill = self.call("GET", f"backfills/{backfill_id}").json()
            runs = self.runs(
                backfill["dag_id"],
                run_type="backfill",
                logical_date_gte=backfill["from_date"],
                logical_date_lte=backfill["to_date"],
            )
            # Airflow notices the end of a backfill only every half minute; its runs tell sooner.
            ended = all(run["state"] in RUN_ENDED for run in runs)
            if ended and (runs or backfill["completed_at"]):
                return runs
            if time.monotonic() > deadline:
                states = {run["dag_run_id"]: run["state"] for run in runs}
                raise StackError(f"Backfill {backfill_id} has not ended after {seconds:.0f} s: {states}")
            time.sleep(POLL_SECONDS)


def _seen(answer: requests.Response) -> str:
    return f"{answer.status_code} {answer.text[:500]}"
