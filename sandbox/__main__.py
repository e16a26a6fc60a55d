"""`python -m sandbox`: both services in one process, over TLS."""

import argparse
import asyncio
import fcntl
import json
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from sandbox.kernel.secrets import load_secrets
from sandbox.kernel.service import Kernel, Service
from sandbox.kernel.serving import Binding, ServerGroup, listen
from sandbox.kernel.tls import make_tls_files
from sandbox.sales_connect.app import create_app as create_sales_connect
from sandbox.salesforce.app import create_app as create_salesforce

_SERVICES: dict[str, Callable[[Kernel], Service]] = {
    "salesforce": create_salesforce,
    "sales_connect": create_sales_connect,
}


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parse(arguments)
    options.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _lock(options.state_dir)
    with lock:
        asyncio.run(_run(options))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--public-host", help="host name that clients use, when it is not the address above")
    parser.add_argument("--salesforce-port", type=int, default=0, help="0 = any free port (default)")
    parser.add_argument("--sales-connect-port", type=int, default=0, help="0 = any free port (default)")
    parser.add_argument("--state-dir", type=Path, required=True, help="everything that outlives a restart")
    parser.add_argument("--seed", choices=("demo", "empty"), default="empty", help="what a new state holds")
    parser.add_argument(
        "--ready-file",
        type=Path,
        help="where the JSON with urls and secrets is written; without it they are printed",
    )
    parser.add_argument("--expired-certificate", action="store_true", help="serve one that ended yesterday")
    return parser.parse_args(arguments)


def _lock(state_dir: Path) -> TextIO:
    """Held as long as the process lives: two sandboxes on one state would overwrite each other."""
    lock = (state_dir / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"Another sandbox uses {state_dir}. Stop it, or give another --state-dir.")
    return lock


async def _run(options: argparse.Namespace) -> None:
    public_host = options.public_host or options.host
    secrets = load_secrets(options.state_dir)
    files = make_tls_files(options.state_dir, [public_host], expired=options.expired_certificate)
    bindings: dict[str, Binding] = {}
    ports = {"salesforce": options.salesforce_port, "sales_connect": options.sales_connect_port}
    for name, port in ports.items():
        listener = _listen(options.host, port)
        base_url = f"https://{public_host}:{listener.getsockname()[1]}"
        kernel = Kernel.open(options.state_dir / f"{name}.sqlite", secrets[name], base_url)
        service = _SERVICES[name](kernel)
        service.seed_once(options.seed)
        bindings[name] = Binding(listener, service)
    ready = {name: _access(binding.application) for name, binding in bindings.items()}
    group = ServerGroup(list(bindings.values()), files.certificate)
    for received in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(received, group.stop)
    announced = {**ready, "ca_bundle": str(files.ca_bundle.resolve())}
    await group.run(lambda: _announce(announced, options.ready_file))


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as problem:
        sys.exit(
            f"Cannot listen on {host}:{port}: {problem.strerror}. Give another port, or 0 for a free one."
        )


def _access(service: Service) -> Mapping[str, str]:
    kernel = service.kernel
    return {"url": kernel.base_url, **kernel.secrets, "access_token": service.vendor.issue_token()}


def _announce(ready: Mapping[str, Any], ready_file: Path | None) -> None:
    text = json.dumps(ready)
    if ready_file is None:
        print(text, flush=True)
        return
    unfinished = ready_file.with_name(f"{ready_file.name}.part")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(ready_file)
    # What is printed may end in a log: the secrets are in the file alone.
    urls = {name: ready[name]["url"] for name in _SERVICES}
    print(json.dumps({**urls, "ready_file": str(ready_file)}), flush=True)


if __name__ == "__main__":
    main()
