"""Who may do what on the pages, as Airflow's auth manager says.

Reading needs read access to the DAG task_sync, acting edit access to the DAG that does it, the switch access to
Variables. What a person does here goes through Airflow's REST API, which asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails, VariableDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.models.dag import DagModel
from fastapi import Depends

READ: Final = "task_sync"
SWITCH: Final = "taskbridge_enabled"
_reads: Final = requires_access_dag("GET", param_dag_id=READ)


@dataclass(frozen=True)
class Viewer:
    """Whoever looks at a page."""

    user: Any

    def may(self, dag_id: str) -> bool:
        """Whether runs of that DAG may be started and its requests answered."""
        details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
        return bool(get_auth_manager().is_authorized_dag(method="PUT", details=details, user=self.user))

    @property
    def may_switch(self) -> bool:
        details = VariableDetails(key=SWITCH)
        return bool(get_auth_manager().is_authorized_variable(method="PUT", details=details, user=self.user))


def viewer(user: GetUserDep, _: Annotated[None, Depends(_reads)]) -> Viewer:
    """The person, who may read. Answers 401 to a stranger and 403 to anybody else."""
    return Viewer(user)
