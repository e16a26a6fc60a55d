"""What Airflow's connections lead to: both systems, the ledger, and the connection type `sales_connect`."""

from taskbridge.hooks.sales_connect import SalesConnectHook

__all__ = ["SalesConnectHook"]
