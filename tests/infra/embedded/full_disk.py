"""The embedded PostgreSQL on a disk that gets full: python -m tests.infra.embedded.full_disk FOLDER, the disk's."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psycopg

from infra.embedded import servers
from infra.embedded.process import ServerFailed
from tests.infra.embedded.small_disk import filled

ROWS = "INSERT INTO notes SELECT repeat(md5(random()::text), 30) FROM generate_series(1, 10000)"


def main(folder: Path) -> None:
    with servers(folder / "data", redis_url="redis://nowhere") as running:
        with psycopg.connect(running.database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE notes (text text)")
            connection.execute("INSERT INTO notes VALUES ('kept')")
            with filled(folder):
                refused(connection)
                assert running.ensure() == []
                assert count(connection) == 1
            connection.execute(ROWS)
        with filled(folder):
            ended(running.database_url)
            failures: list[str] = []
            until = time.monotonic() + 60  # it may take its time to end itself
            while len(failures) < 2 and time.monotonic() < until:
                began = time.monotonic()
                try:
                    running.ensure()
                except ServerFailed as error:
                    failures.append(str(error))
                assert time.monotonic() - began < 30
                time.sleep(0.2)
            assert failures
            assert "its disk is full" in failures[-1]
            assert "No space left on device" in failures[-1]
        assert running.ensure() == ["PostgreSQL"]
        with psycopg.connect(running.database_url, autocommit=True) as connection:
            assert count(connection) == 10_001
            connection.execute(ROWS)
    print("came back")


def refused(connection: psycopg.Connection) -> None:
    """Its table can't grow: the statement fails, the server goes on."""
    try:
        connection.execute(ROWS)
    except psycopg.errors.DiskFull:
        return
    raise AssertionError("there was room")


def ended(url: str) -> None:
    """It can't write its log any more: it ends all sessions, and at last itself."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            while True:
                connection.execute("SELECT pg_switch_wal()")
                connection.execute("CREATE TEMPORARY TABLE one (n int)")
                connection.execute("DROP TABLE one")
    except psycopg.OperationalError:
        return


def count(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM notes").fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
