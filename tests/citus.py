"""Databases on the Citus that CITUS_URL names, for the suites that `make citus` runs on it. docs/citus.md says how to get one.

Without one, a PostgreSQL alone pretends to be a Citus: it has the functions that are others there, and says what it is not. So the second way
of the log and of work is held to what the first one does in every run; what only several servers can show is left to `make citus`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench import spread
from infra.citus import shards
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
    "test_published.py": "analysts have no views there",
    "test_nodes.py": "its server pretends to be a Citus",
}
"""What `make citus` leaves out, by a part of its name, and why."""


def reason_to_skip(name: str) -> str | None:
    return next((why for part, why in SKIPPED.items() if part in name), None)


SAYS = """
CREATE FUNCTION pg_catalog.citus_version() RETURNS text LANGUAGE sql AS $$ SELECT 'none' $$;
CREATE FUNCTION pg_catalog.get_shard_id_for_distribution_column(regclass, anyelement) RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$;
CREATE FUNCTION pg_catalog.lock_shard_metadata(integer, bigint[]) RETURNS void LANGUAGE sql AS $$ SELECT $$;
CREATE TABLE pg_catalog.pg_dist_node (nodename text, nodeport integer, groupid integer, isactive boolean, noderole text);
CREATE TABLE pg_catalog.pg_dist_placement AS SELECT 1::bigint AS shardid, 1 AS groupid;
CREATE TABLE pg_catalog.pg_dist_local_group AS SELECT 1 AS groupid;
GRANT SELECT ON pg_catalog.pg_dist_node, pg_catalog.pg_dist_placement, pg_catalog.pg_dist_local_group TO public
"""


def pretend(database_url: str) -> None:
    """Make a migrated database of a server alone one as on a Citus, for whoever begins a session then: of one node, which is itself, with
    one shard of each table, which is a view of it."""
    facts = conninfo_to_dict(database_url)
    node = "INSERT INTO pg_catalog.pg_dist_node VALUES (%s, %s, 1, true, 'primary')"
    with psycopg.connect(database_url) as connection:
        connection.execute("SET allow_system_table_mods = on")
        connection.execute(SAYS)
        connection.execute(node, [facts["host"], int(facts.get("port") or 5432)])
        put_functions(connection)
        for table in shards.TABLES:
            connection.execute(f"CREATE VIEW {table}_1 AS SELECT * FROM {table}".encode())
        text = (FUNCTIONS / f"{shards.BODY}.sql").read_text()
        connection.execute(shards.body_of(text, 1, dict.fromkeys(shards.TABLES, 1)).encode())


def put_functions(connection: psycopg.Connection) -> None:
    connection.execute("SET ROLE retrace_owner; SET search_path = retrace, public")
    for file in sorted(FUNCTIONS.glob("*.sql")):
        connection.execute(file.read_bytes())


def url() -> str | None:
    return os.environ.get("CITUS_URL")


@contextmanager
def database(name: str) -> Iterator[str]:
    """A new, empty database on each node, joined as those of CITUS_URL are; its URL is the superuser's, at the coordinator."""
    coordinator = url()
    assert coordinator is not None
    with spread.database(coordinator, name, SHARDS) as made:
        yield made
