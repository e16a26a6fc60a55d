"""One server per service and test session; every test begins with an empty state."""

from collections.abc import Iterator

import pytest

from sandbox.sales_connect.app import create_app as create_sales_connect
from sandbox.salesforce.app import create_app as create_salesforce
from tests.sandbox.org_client import OrgClient
from tests.sandbox.served import Served, serving


@pytest.fixture(scope="session")
def sales_connect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(create_sales_connect, tmp_path_factory.mktemp("sales_connect")) as served:
        yield served


@pytest.fixture
def sales_connect(sales_connect_server: Served) -> Served:
    sales_connect_server.reset()
    sales_connect_server.log_in()
    return sales_connect_server


@pytest.fixture(scope="session")
def salesforce_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(create_salesforce, tmp_path_factory.mktemp("salesforce")) as served:
        yield served


@pytest.fixture
def salesforce(salesforce_server: Served) -> Served:
    salesforce_server.reset()
    salesforce_server.log_in()
    return salesforce_server


@pytest.fixture
def org(salesforce: Served) -> OrgClient:
    return OrgClient(salesforce)
