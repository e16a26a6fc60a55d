"""What is kept of a person, and its removal. `python -m taskbridge.erase PERSON [--really]`.

PERSON is a user's e-mail address, or id in either system, or the Salesforce id of a contact or lead. Without `--really`
it only says what would be removed. The environment variable TASKBRIDGE_DATABASE_URL names the project's database.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from taskbridge.errors import TaskBridgeError
from taskbridge.store.erasure import Erased
from taskbridge.store.ledger import Ledger
from taskbridge.store.migrate import URL_VARIABLE

_NOT_LOOKED_AT: Final = """\
Not looked at: both systems; Airflow's logs, for as long as Airflow keeps them; notes of runs, which name the first
parked tasks, until run_retention_days; who asked for, decided or approved something, by their Airflow user."""


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    url = os.environ.get(URL_VARIABLE)
    if not url:
        print(f"{URL_VARIABLE} is empty; it has to hold the URL of the project's database", file=sys.stderr)
        return 2
    try:
        with Ledger(url) as ledger:
            ledger.check_schema()
            erased = ledger.erasure.erase(options.person, really=options.really)
    except TaskBridgeError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(_told(erased, really=options.really)))
    return 0


def _told(erased: Erased, *, really: bool) -> Iterator[str]:
    named = f"{erased.person} ({erased.name})" if erased.name else erased.person
    yield f"{named}: {erased.pairs} pairs of tasks."
    yield from _counted(
        "Removed:" if really else "Would be removed (nothing was; add --really):", erased.removed
    )
    yield from _counted("Stays, and why:", erased.staying)
    yield _NOT_LOOKED_AT


def _counted(head: str, counts: Mapping[str, int]) -> Iterator[str]:
    some = {what: count for what, count in counts.items() if count}
    yield head if some else f"{head} nothing"
    for what, count in some.items():
        yield f"  {count:>6,} {what}"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m taskbridge.erase", description=__doc__)
    parser.add_argument("person", metavar="PERSON", help="e-mail address, or an id")
    parser.add_argument("--really", action="store_true", help="remove it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
