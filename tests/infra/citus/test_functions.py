"""Functions of a Citus stand in for those of the schema: the same names, arguments and answers."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from application.ports import Unavailable
from infra.citus.distributing import DELEGATED, NEEDED
from infra.postgres.database import Database
from tests.cells import cell
from tests.citus import pretend, put_functions

ASKED_BY_THEIR_CALLER = ("calls_sealed_by", "embedding_calls_sealed_by")

ARGUMENTS = """
SELECT p.proname::text, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.prosecdef, p.proowner::regrole::text
FROM pg_proc p WHERE p.pronamespace = 'retrace'::regnamespace ORDER BY p.pronargs
"""


def _functions(connection: psycopg.Connection) -> dict[str, tuple[object, ...]]:
    rows = connection.execute(ARGUMENTS).fetchall()
    found = {row[0]: row[1:] for row in rows}
    # Roles of the version before call `append` with two arguments less while they run beside new ones; that one is not replaced.
    assert len(found) == len(rows) - 1, "one of a name"
    return found


def test_they_stand_in_for_the_plain_ones(database_url: str) -> None:
    """Also after a file of the schema has given one another argument: then two of a name are here, and this fails."""
    with psycopg.connect(database_url) as connection:
        before = _functions(connection)
        put_functions(connection)
        after = _functions(connection)
        connection.rollback()
    assert set(after) - set(before) == {*DELEGATED, *NEEDED, "node_of"}
    for name in ASKED_BY_THEIR_CALLER:  # why: infra/schema/citus/erasure.sql
        assert before[name][2], "of its owner's"
        assert not after.pop(name)[2], "of its caller's"
        del before[name]
    assert {name: after[name] for name in before} == before
    of_one = str(after["append_of"][0])
    assert of_one == f"of_tenant uuid, {before['append'][0]}"
    assert after["append_of"][1:] == before["append"][1:]


async def _fails_inside(database: Database) -> None:
    """As a Citus whose node goes away under a statement."""
    async with database.tenant(uuid4()) as connection:
        await connection.execute("DO $$ BEGIN RAISE internal_error; END $$")


async def test_sessions_know_what_the_server_is(database_url: str) -> None:
    ours = cell(database_url)
    async with Database(ours, size=1) as database:
        assert not ours.distributed
        with pytest.raises(psycopg.errors.InternalError_):
            await _fails_inside(database)
    pretend(database_url)
    async with Database(ours, size=1) as database:
        assert ours.distributed
        with pytest.raises(Unavailable, match="try again"):
            await _fails_inside(database)
