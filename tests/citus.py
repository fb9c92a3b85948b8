"""Databases on the Citus that CITUS_URL names, for the suites that `make citus` runs on it. docs/citus.md says how to get one.

Without one, a PostgreSQL alone pretends to be a Citus: it has the functions that are others there, and says what it is not. So the second way
of the log and of work is held to what the first one does in every run; what only several servers can show is left to `make citus`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.citus.distributing import FUNCTIONS

SHARDS = 4
"""Few: each is a table on a node, of each table."""

PLAIN, THERE = "plain", "as on a Citus"
BOTH = ("test_store", "test_turns")
"""Modules whose tests run in both."""

SKIPPED = {
    "interval '1 s'": "the test's own statement, which tampers with a time, is one that a Citus refuses",
    "test_a_full_disk_is_told_at_once": "there are no triggers on distributed tables, by which the test fills a disk",
    "test_recorder.py::TestRecorder::test_insert_select": "the test's own session sets its tenant where only the coordinator hears it",
    "test_recorder.py::TestNonInterleaving": "the same",
    "test_a_schedule_is_a_row_that_puts_itself_back": "the test's own statement, which moves time on, is one that a Citus refuses",
}
"""What `make citus` leaves out, by a part of its name, and why."""


def reason_to_skip(name: str) -> str | None:
    return next((why for part, why in SKIPPED.items() if part in name), None)


SAYS = "CREATE FUNCTION pg_catalog.citus_version() RETURNS text LANGUAGE sql AS $$ SELECT 'none' $$"


def pretend(database_url: str) -> None:
    """Make a migrated database of a server alone one as on a Citus, for whoever begins a session then."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET allow_system_table_mods = on")
        connection.execute(SAYS)
        put_functions(connection)


def put_functions(connection: psycopg.Connection) -> None:
    connection.execute("SET ROLE retrace_owner; SET search_path = retrace, public")
    for file in sorted(FUNCTIONS.glob("*.sql")):
        connection.execute(file.read_bytes())


def url() -> str | None:
    return os.environ.get("CITUS_URL")


@cache
def nodes(coordinator: str) -> tuple[tuple[str, int], ...]:
    """Host and port of the coordinator, then of the workers."""
    facts = conninfo_to_dict(coordinator)
    with psycopg.connect(coordinator) as connection:
        query = "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 AND isactive ORDER BY 2"
        workers = connection.execute(query).fetchall()
    return (str(facts["host"]), int(facts["port"])), *((row[0], row[1]) for row in workers)


@contextmanager
def database(name: str) -> Iterator[str]:
    """A new, empty database on each node, joined as those of CITUS_URL are; its URL is the superuser's, at the coordinator."""
    coordinator = url()
    assert coordinator is not None
    places = nodes(coordinator)

    def at(place: tuple[str, int], of: str) -> str:
        return make_conninfo(coordinator, host=place[0], port=place[1], dbname=of)

    for place in places:
        with psycopg.connect(at(place, "postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
            connection.execute(f"ALTER DATABASE {name} SET citus.shard_count = {SHARDS}".encode())
        with psycopg.connect(at(place, name), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION citus; CREATE EXTENSION vector")
    try:
        with psycopg.connect(at(places[0], name), autocommit=True) as connection:
            connection.execute("SELECT citus_set_coordinator_host(%s, %s)", places[0])
            for place in places[1:]:
                connection.execute("SELECT citus_add_node(%s, %s)", place)
        yield at(places[0], name)
    finally:
        for place in places:
            with psycopg.connect(at(place, "postgres"), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
