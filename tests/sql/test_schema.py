"""Migrations, comments, the data dictionary, and what a wrong database is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory

from stack.postgres import PostgresServer
from taskbridge.errors import ConnectionMissing, DatabaseRefused, DatabaseUnavailable, SchemaBehind
from taskbridge.store import Ledger, migrate, statements
from taskbridge.store.dictionary import dictionary
from tests.sql.rows import SC, at, linked, one, open_run, query

PROJECT = Path(__file__).resolve().parents[2]
DICTIONARY = PROJECT / "docs" / "data-dictionary.md"


def test_an_empty_database_is_migrated_and_a_second_time_nothing_happens(empty_database_url: str) -> None:
    assert migrate.current(empty_database_url) is None
    assert migrate.migrate(empty_database_url) == migrate.expected() == migrate.current(empty_database_url)
    with Ledger(empty_database_url) as ledger:
        link_id = linked(ledger)
        assert migrate.migrate(empty_database_url) == migrate.expected()
        ledger.check_schema()
    assert one(empty_database_url, "SELECT link_id FROM mart.task_pairs") == {"link_id": link_id}


def test_each_numbered_file_has_a_revision() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    files = [entry.name for entry in statements.numbered_files("migrations")]
    revisions = {script.revision: script for script in scripts.walk_revisions()}
    assert sorted(revisions) == [name.split("_", 1)[0] for name in files]
    assert scripts.get_heads() == [migrate.expected()]
    for name in files:
        assert f'"{name.removesuffix(".sql")}"' in Path(revisions[name.split("_", 1)[0]].path).read_text()


def test_migrating_keeps_the_grants_on_views(own_database_url: str) -> None:
    query(own_database_url, "CREATE ROLE analyst; GRANT SELECT ON mart.sync_runs TO analyst")
    migrate.migrate(own_database_url)
    assert one(
        own_database_url, "SELECT has_table_privilege('analyst', 'mart.sync_runs', 'select') AS may"
    ) == {"may": True}


def test_a_view_whose_columns_changed_is_made_anew(own_database_url: str) -> None:
    query(own_database_url, "DROP VIEW mart.sync_runs; CREATE VIEW mart.sync_runs AS SELECT 1 AS other")
    migrate.migrate(own_database_url)
    assert query(own_database_url, "SELECT run_id FROM mart.sync_runs") == []


def test_every_table_view_and_column_has_a_comment(database_url: str) -> None:
    bare = query(
        database_url,
        """
        SELECT n.nspname || '.' || c.relname || coalesce('.' || a.attname, '') AS name
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname IN ('bridge', 'staging', 'mart') AND c.relkind IN ('r', 'v', 'p', 'm')
          AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)
        """,
    )
    assert bare == []


def test_what_people_typed_and_who_they_are_is_marked_as_personal(database_url: str) -> None:
    """Wherever a column has such a name."""
    unmarked = query(
        database_url,
        r"""
        SELECT n.nspname || '.' || c.relname || '.' || a.attname AS name
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname IN ('bridge', 'staging', 'mart') AND c.relkind IN ('r', 'v')
          AND a.attname ~ '(^|_)(title|details|email)$|^(user|owner)_name$|^(value|base)_s[cf]$|_by$|^payload$'
          AND NOT coalesce(col_description(c.oid, a.attnum), '') LIKE '%(personal)'
        """,
    )
    assert unmarked == []


def test_a_reader_reads_what_people_ask_for_and_writes_nothing(
    own_database_url: str,
) -> None:
    with Ledger(own_database_url) as ledger:
        linked(ledger)
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("SET ROLE taskbridge_reader")
        views = connection.execute("SELECT viewname FROM pg_views WHERE schemaname = 'mart'").fetchall()
        for (view,) in views:
            connection.execute(f"SELECT * FROM mart.{view}".encode())
        assert connection.execute("SELECT bridge.pair_of('00T1')").fetchone() == ("sc:acc:1",)
        assert connection.execute("SELECT remote_id FROM staging.sales_connect_task").fetchall() == [("1",)]
        for refused in (
            "SELECT sealed FROM bridge.session",
            "UPDATE bridge.link SET dirty = true",
            "DELETE FROM staging.sales_connect_task",
            "CREATE TABLE mart.mine (id int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused.encode())


def test_the_data_dictionary_is_that_of_the_database(database_url: str) -> None:
    assert DICTIONARY.read_text(encoding="utf-8") == dictionary(database_url), (
        "docs/data-dictionary.md is out of date: write it anew with "
        "`python -m taskbridge.store.dictionary URL > docs/data-dictionary.md` on a migrated database"
    )


# wrong databases


@pytest.mark.parametrize("column", ["sc_id", "sf_id"])
def test_a_remote_id_is_in_one_link_only(database_url: str, ledger: Ledger, column: str) -> None:
    linked(ledger, "1", "00T1")
    linked(ledger, "2", "00T2", at(5))
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(f"UPDATE bridge.link SET {column} = (SELECT min({column}) FROM bridge.link)")


def test_a_database_without_our_tables(empty_database_url: str) -> None:
    with (
        Ledger(empty_database_url) as ledger,
        pytest.raises(
            SchemaBehind,
            match=rf"has no TaskBridge tables, this code needs {migrate.expected()}: run `make migrate`",
        ),
    ):
        ledger.check_schema()


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("0000", r"is at schema 0000, this code needs .*: run `make migrate`"),
        ("9999", r"is at schema 9999, ahead of this code"),
    ],
)
def test_a_database_behind_or_ahead_of_the_code(version: str, message: str, own_database_url: str) -> None:
    query(own_database_url, "UPDATE bridge.schema_version SET version_num = %s", version)
    with Ledger(own_database_url) as ledger, pytest.raises(SchemaBehind, match=message) as caught:
        ledger.check_schema()
    assert own_database_url.split("/")[3].split("?")[0] in str(caught.value)


def test_a_database_ahead_is_not_touched(own_database_url: str) -> None:
    query(own_database_url, "UPDATE bridge.schema_version SET version_num = '9999'")
    with pytest.raises(SchemaBehind, match="ahead"):
        migrate.migrate(own_database_url)
    assert migrate.current(own_database_url) == "9999"


UNREACHABLE = {
    "no server": ("postgresql://ada:s3cret@127.0.0.1:1/tasks", r"'tasks' on host 127\.0\.0\.1, port 1"),
    "no such host": (
        "postgresql://ada:s3cret@nowhere.invalid/tasks",
        r"'tasks' on host nowhere\.invalid, port 5432",
    ),
}


@pytest.mark.parametrize("case", UNREACHABLE)
def test_an_unreachable_database_is_named_without_its_password(case: str) -> None:
    url, place = UNREACHABLE[case]
    with Ledger(url) as ledger:
        for call in (ledger.check_schema, ledger.people.user_map):
            with pytest.raises(DatabaseUnavailable, match=place) as caught:
                call()
            assert "taskbridge_db" in str(caught.value)
            assert "s3cret" not in str(caught.value)


def test_a_database_that_does_not_exist(postgres_server: PostgresServer) -> None:
    ledger = Ledger(postgres_server.url("nothing_here"))
    with ledger, pytest.raises(DatabaseUnavailable, match='"nothing_here" does not exist'):
        ledger.check_schema()


@pytest.mark.parametrize("url", ["mysql://ada:s3cret@host/tasks", "not a url: s3cret"])
def test_what_is_no_postgresql_is_refused(url: str) -> None:
    with pytest.raises(ConnectionMissing, match="taskbridge_db") as caught:
        Ledger(url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'taskbridge' AND datname = current_database()
"""


def test_connections_that_were_cut_are_made_anew(ledger: Ledger, database_url: str) -> None:
    linked(ledger)
    ledger.people.user_map()
    assert len(query(database_url, CUT)) >= 2
    assert ledger.people.user_map().empty
    assert ledger.plans.links(open_run(ledger)).empty


def test_a_connection_lost_in_the_middle_is_told_and_rolled_back(ledger: Ledger, database_url: str) -> None:
    def lose_it() -> None:
        with ledger._db.transaction() as tx:
            tx.run("identity/remember_identity", side=SC.value, identity="acc")
            query(database_url, CUT)
            tx.run("identity/read_identities")

    with pytest.raises(DatabaseUnavailable, match=r"does not answer"):
        lose_it()
    assert ledger.sides.state().identities == {}


def test_a_fault_of_a_statement_is_no_unavailable_database(ledger: Ledger) -> None:
    with pytest.raises(DatabaseRefused, match="CheckViolation"), ledger._db.transaction() as tx:
        tx.run("identity/remember_identity", side="nowhere", identity="acc")


# the commands


def _command(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"taskbridge.store.{module}", *arguments],
        cwd=PROJECT / "plugins",
        capture_output=True,
        text=True,
        check=False,
    )


def test_migrating_from_the_command_line(empty_database_url: str) -> None:
    done = _command("migrate", empty_database_url)
    assert (done.returncode, done.stdout) == (0, f"The database is at schema {migrate.expected()}.\n"), (
        done.stderr
    )
    failed = _command("migrate", UNREACHABLE["no server"][0])
    assert failed.returncode == 1
    assert failed.stderr.startswith("The database 'tasks' on host 127.0.0.1, port 1 does not answer")
    assert "s3cret" not in failed.stderr
    assert _command("migrate").returncode == 2


@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("postgresql://127.0.0.1:1/tasks",), 1)])
def test_the_dictionary_from_the_command_line(arguments: tuple[str, ...], code: int) -> None:
    assert _command("dictionary", *arguments).returncode == code
