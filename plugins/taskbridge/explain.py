"""Why a task is as it is, for people. `python -m taskbridge.explain ID [ID ...]`.

An ID is a Sales Connect id, a Salesforce id of 15 or 18 characters, the name of a pair, or a whole title. The
environment variable TASKBRIDGE_DATABASE_URL names the project's database.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from taskbridge.engine.on_demand.explain import explain
from taskbridge.errors import TaskBridgeError
from taskbridge.store.ledger import Ledger
from taskbridge.store.migrate import URL_VARIABLE


def main(arguments: Sequence[str]) -> int:
    url = os.environ.get(URL_VARIABLE)
    if not url or not arguments:
        print(
            f"usage: python -m taskbridge.explain ID [ID ...]; {URL_VARIABLE} holds the database's URL",
            file=sys.stderr,
        )
        return 2
    try:
        with Ledger(url) as ledger:
            ledger.check_schema()
            print("\n\n".join(explain(ledger, task) for task in arguments))
    except TaskBridgeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
