"""C19: one URL, read the same by both drivers: SQLAlchemy's and the one that reads frames."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from stack.postgres import USER, PostgresServer
from taskbridge.errors import ConnectionMissing
from taskbridge.store import Ledger
from taskbridge.store.database import Database


def used_in_both_ways(url: str) -> None:
    with Ledger(url) as ledger:
        ledger.check_schema()
        assert ledger.people.user_map().empty


def test_C19_a_socket_in_a_folder_with_a_space(
    postgres_server: PostgresServer, database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "my project"
    folder.symlink_to(postgres_server.host)
    for written in (quote(str(folder), safe=""), quote(str(folder)).replace("%20", "+")):
        used_in_both_ways(database_url.replace(quote(postgres_server.host, safe=""), written))


@pytest.mark.parametrize("space", ["+", "%20"])
def test_C19_options_of_the_server_reach_both(database_url: str, space: str) -> None:
    url = f"{database_url}&options=-c{space}statement_timeout%3D5s{space}-c{space}work_mem%3D7MB"
    used_in_both_ways(url)
    with Database(url) as database:
        with database.transaction() as tx:
            assert tx.connection.exec_driver_sql("SHOW statement_timeout").scalar_one() == "5s"
        seen = database._fetch("SELECT current_setting('work_mem') AS seen", [])
        assert seen.to_pylist() == [{"seen": "7MB"}]


@pytest.mark.parametrize("password", ["with space", "a+b", "100%", "it's", "back\\slash", "q?u#e/r:y", "ä@€"])
def test_C19_a_password_of_any_characters(
    postgres_server: PostgresServer, database_url: str, password: str
) -> None:
    role = f"reader_{abs(hash(password))}"
    with psycopg.connect(database_url) as admin:
        admin.execute(
            sql.SQL("CREATE ROLE {} LOGIN SUPERUSER PASSWORD {}").format(
                sql.Identifier(role), sql.Literal(password)
            )
        )
    try:
        used_in_both_ways(database_url.replace(f"{USER}@", f"{role}:{quote(password, safe='')}@"))
    finally:
        with psycopg.connect(database_url) as admin:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_C19_an_option_that_nobody_knows_is_named(database_url: str) -> None:
    with pytest.raises(ConnectionMissing, match='"cursor"'):
        Database(f"{database_url}&cursor=dict")


@pytest.mark.parametrize(
    "url", ["postgresql://u:sec@ret@db.example.com/tb", "postgresql://u:s@ecret@h:5432/tb"]
)
def test_C19_an_at_sign_in_a_password_has_to_be_encoded(url: str) -> None:
    with pytest.raises(ConnectionMissing, match=r"percent-encode.* %40") as refused:
        Database(url)
    assert "ret" not in str(refused.value).replace("secret", "")
