"""Whatever a client sends, the answer is the API's own: never a crash."""

import random
from typing import Any

from tests.sandbox.org_client import KEY, OrgClient

VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", " ", "x", "x" * 300, "2026-01-01", "2026-01-01T00:00:00Z", "\x00",
    "🎯" * 130,
    [], {}, ["x"], {"type": "Task"}, "00TTb0000000001", "005Tb0000000001AAA",
]  # fmt: skip
SOUP = (
    "SELECT FROM WHERE AND OR NOT IN LIKE ORDER BY LIMIT OFFSET GROUP NULLS FIRST ASC ( ) , = != < >= Id "
    "Subject Task Owner.Email IsClosed ActivityDate 'x' '%' 5 -1 null true 2026-01-01 2026-01-01T00:00:00Z "
    "TODAY LAST_N_DAYS:99999999 COUNT() COUNT(Id) MAX(IsClosed) FIELDS(ALL) FOR VIEW : \\ ' Task.Id a.b.c.d.e"
)


def test_records_of_any_shape(org: OrgClient) -> None:
    dice = random.Random(1)
    names = [field["name"] for field in org.call("GET", "/sobjects/Task/describe").json()["fields"]]
    names += ["attributes", "Nope", "id", "Type"]
    for _ in range(150):
        record = {dice.choice(names): dice.choice(VALUES) for _ in range(dice.randint(0, 4))}
        typed = {"attributes": {"type": "Task"}, **record}
        path, body = dice.choice(
            [
                ("/sobjects/Task", record),
                ("/composite/sobjects", {"records": [typed, record]}),
                ("/composite/sobjects", {"records": dice.choice(VALUES), "allOrNone": dice.choice(VALUES)}),
                (f"/composite/sobjects/Task/{KEY}", {"records": [{KEY: dice.choice(VALUES), **typed}]}),
            ]
        )
        method = "PATCH" if KEY in path else "POST"
        answer = org.call(method, path, json=body)
        assert answer.status_code < 500, (path, body)
        assert isinstance(answer.json(), list | dict)


def test_queries_of_any_words(org: OrgClient) -> None:
    org.create(Subject="x")
    dice, words = random.Random(2), SOUP.split()
    for _ in range(200):
        tail = " ".join(dice.choice(words) for _ in range(dice.randint(0, 7)))
        soql = dice.choice(["SELECT Id FROM Task WHERE ", "SELECT Id FROM Task ", "SELECT ", ""]) + tail
        answer = org.call("GET", "/query", params={"q": soql})
        assert answer.status_code in (200, 400), soql
