"""The steps of a run as Airflow operators. Each builds the engine and calls one function of it.

Imported whenever a DAG file is parsed, so engine, clients and pandas are imported by the tasks alone.
"""

from taskbridge.versions import refuse_untried

# Before anything of Airflow that an older one may lack.
refuse_untried()

from taskbridge.operators.approval import AskOperator, RequestsOperator
from taskbridge.operators.conflicts import RecordDecisionOperator
from taskbridge.operators.doctor import DoctorOperator
from taskbridge.operators.gate import GateOperator
from taskbridge.operators.load import DeleteOperator, LoadOperator, UpsertOperator
from taskbridge.operators.opening import OpenRunSensor
from taskbridge.operators.parked import AnswerParkedOperator
from taskbridge.operators.planning import (
    DecideOperator,
    ExtractOperator,
    PlanPartOperator,
    ReadDirtyOperator,
    RecoverOperator,
)
from taskbridge.operators.reporting import ReportOperator
from taskbridge.operators.settling import SettleOperator

__all__ = [
    "AnswerParkedOperator",
    "AskOperator",
    "DecideOperator",
    "DeleteOperator",
    "DoctorOperator",
    "ExtractOperator",
    "GateOperator",
    "LoadOperator",
    "OpenRunSensor",
    "PlanPartOperator",
    "ReadDirtyOperator",
    "RecordDecisionOperator",
    "RecoverOperator",
    "ReportOperator",
    "RequestsOperator",
    "SettleOperator",
    "UpsertOperator",
]
