"""G7: a reserve of Salesforce's daily calls is left to the org's people."""

from __future__ import annotations

import pytest

from taskbridge.core.terms import Op
from taskbridge.errors import ApiLimitReached
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.salesforce.budget import Budget
from tests.contract.worlds import SalesforceWorld, salesforce_side


def told(header: str, reserve: float = 0.1) -> Budget:
    budget = Budget("salesforce_default", reserve)
    budget.note(HttpAnswer("salesforce_default", 200, {"Sforce-Limit-Info": header} if header else {}, b""))
    return budget


@pytest.mark.parametrize(
    "header",
    [
        "api-usage=89/100",
        "api-usage=89/100; api-bursts=1/750",
        "api-bursts=1/750;api-usage=89/100",
        "per-app-api-usage=99/100(appName=x); api-usage=89/100",
    ],
)
def test_G7_both_forms_of_the_header_are_read(header: str) -> None:
    budget = told(header)
    budget.require()
    with pytest.raises(
        ApiLimitReached, match=r"89 of the 100 calls.*10 are left to the org's people.*carried"
    ):
        budget.require(2)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "api-usage",
        "api-usage=x/100",
        "per-app-api-usage=99/100",
        f"api-usage=1/{10**30}",
        "api-usage=" + "9" * 5_000 + "/1",
    ],
)
def test_G7_a_header_that_tells_nothing_stops_nothing(header: str) -> None:
    budget = told(header)
    assert not budget.known
    budget.require()


@pytest.mark.parametrize(("reserve", "used", "fits"), [(0.0, 99, True), (0.0, 100, False), (1.0, 0, False)])
def test_G7_the_reserve_is_a_setting(reserve: float, used: int, fits: bool) -> None:
    budget = told(f"api-usage={used}/100", reserve)
    if fits:
        budget.require()
    else:
        with pytest.raises(ApiLimitReached):
            budget.require()


def test_G7_writing_stops_before_the_reserve_and_says_how_much_is_left(salesforce: SalesforceWorld) -> None:
    salesforce.service.switch(api_daily_max=40)
    salesforce.side = salesforce_side(salesforce.service, api_reserve=0.9)
    for number in range(3):
        salesforce.write(Op.CREATE, salesforce.new(f"task {number}", f"tb:x:{number}:1"))
    with pytest.raises(ApiLimitReached, match="salesforce_api_reserve"):
        salesforce.write(Op.CREATE, salesforce.new("task 3", "tb:x:3:1"))
    sent = salesforce.service.control("GET", "/snapshot")["Task"]
    assert len(sent) == 3, "one call asked what is left, three wrote, and the fifth was not sent"


def test_G7_reading_goes_on(salesforce: SalesforceWorld) -> None:
    salesforce.side = salesforce_side(salesforce.service, api_reserve=1.0)
    task = salesforce.create("there")
    assert salesforce.read(task)[task]["presence"] == "live"
