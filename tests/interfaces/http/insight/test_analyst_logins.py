"""A tenant's analyst logs in to the database with tools of his: he reads the tenant's views, and all else is refused."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import psycopg
import pytest
import sqlalchemy

from infra.embedded.postgres import BINARIES
from interfaces.bootstrap import Services
from projections.views import VIEWS
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.insight.attempts import GROUPS, nothing, refused
from tests.until import until

Session = psycopg.Connection[Any]
BY_RIGHT = psycopg.errors.InsufficientPrivilege
NO_ANSWER = (psycopg.errors.SyntaxError, psycopg.errors.NoActiveSqlTransaction, psycopg.errors.AdminShutdown)
"""What would say nothing of its rights."""


def refusal(session: Session, text: str) -> psycopg.Error | None:
    """What the server has against a statement."""
    try:
        with session.cursor() as cursor:
            if text.startswith("COPY"):
                with cursor.copy(text.encode()) as copy:
                    if text.endswith("STDOUT"):
                        list(copy)
            else:
                cursor.execute(text.encode())
    except psycopg.Error as error:
        return error
    return None


async def login(customer: Customer, name: str = "report", **more: Any) -> dict[str, Any]:
    reply = await customer.http.post("/v1/analytics/logins", json={"name": name, **more})
    assert reply.status_code == 201, reply.text
    made: dict[str, Any] = reply.json()
    return made


async def end(customer: Customer) -> None:
    for each in (await customer.http.get("/v1/analytics/logins")).json()["items"]:
        if each["ended"] is None:
            assert (await customer.http.delete(f"/v1/analytics/logins/{each['id']}")).status_code == 204


@pytest.fixture(name="logins", scope="module")
async def _logins(ours: Customer, theirs: Customer) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Our login's address, and what attempts are made with. Roles are the server's: they go at the end."""
    for customer in (ours, theirs):
        reply = await customer.ask("When are you open?", address="ann")
        assert reply.status_code in (200, 202), reply.text
        seen = {"Retrace-Position": reply.headers["Retrace-Position"]}
        assert len((await customer.http.get("/v1/conversations", headers=seen)).json()["items"]) == 1
    (conversation,) = (await theirs.http.get("/v1/conversations", headers=seen)).json()["items"]
    other = await login(theirs)
    names = {"analyst": other["user"], "tenant": str(theirs.tenant), "conversation": conversation["id"]}
    yield (await login(ours))["address"], names
    for customer in (ours, theirs):
        await end(customer)


@pytest.fixture(name="session")
def _session(logins: tuple[str, dict[str, str]]) -> Iterator[Session]:
    with psycopg.connect(logins[0], autocommit=True, prepare_threshold=None) as connection:
        yield connection


async def seen(session: Session) -> list[Any]:
    """Conversations, once the read model has them."""
    found: list[Any] = await until(
        lambda: session.execute("SELECT conversation FROM conversations").fetchall()
    )
    return found


async def test_a_login_reads_its_tenants_views(ours: Customer, session: Session) -> None:
    (mine,) = (await ours.http.get("/v1/conversations")).json()["items"]
    assert [str(id) for (id,) in await seen(session)] == [mine["id"]]
    for view in VIEWS:
        cursor = session.execute(f"SELECT * FROM {view.name}".encode())
        assert [column.name for column in cursor.description or ()] == [
            column.name for column in view.columns
        ]
    assert session.execute("SELECT retrace_analytics.tenant()").fetchone() == (ours.tenant,)
    settings = (
        "default_transaction_read_only",
        "statement_timeout",
        "search_path",
        "temp_file_limit",
        "timezone",
    )
    shown = [session.execute(f"SHOW {name}".encode()).fetchone() for name in settings]
    assert shown == [("on",), ("30s",), ("retrace_analytics",), ("1GB",), ("UTC",)]


@pytest.mark.skipif(not (BINARIES / "psql").exists() and shutil.which("psql") is None, reason="no psql here")
async def test_psql_reads_them(logins: tuple[str, dict[str, str]], session: Session) -> None:
    await seen(session)
    psql = str(BINARIES / "psql") if (BINARIES / "psql").exists() else "psql"
    command = [
        psql,
        "--no-psqlrc",
        "--csv",
        "--command",
        "SELECT channel, status FROM conversations",
        logins[0],
    ]
    found = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "channel,status\nhttp,open\n"), found.stderr


async def test_drivers_of_other_makers_read_them(
    logins: tuple[str, dict[str, str]], session: Session
) -> None:
    (mine,) = await seen(session)
    other = await asyncpg.connect(logins[0])
    assert [row["conversation"] for row in await other.fetch("SELECT * FROM conversations")] == list(mine)
    await other.close()
    engine = sqlalchemy.create_engine(logins[0].replace("postgresql:", "postgresql+psycopg:"))
    shown = sqlalchemy.inspect(engine)  # as tools find out what there is
    assert set(shown.get_view_names("retrace_analytics")) == {view.name for view in VIEWS}
    for view in VIEWS:
        found = shown.get_columns(view.name, schema="retrace_analytics")
        assert [(each["name"], each["comment"]) for each in found] == [
            (each.name, each.what) for each in view.columns
        ]
    engine.dispose()


@pytest.mark.parametrize("group", GROUPS)
async def test_what_else_it_tries_is_refused(
    group: str, session: Session, logins: tuple[str, dict[str, str]], parts: Services
) -> None:
    async with parts.database.system() as connection:
        pid = str(connection.info.backend_pid)
    words = {**logins[1], "pid": pid, "database": session.info.dbname}
    by_right, allowed, unclear = 0, [], []
    for statement in refused(group):
        session.execute("SET default_transaction_read_only = off")  # which an analyst can say: it is no wall
        text = statement
        for name, value in words.items():
            text = text.replace(f"{{{name}}}", value)
        error = refusal(
            session, f"BEGIN; {text}" if text.startswith(("LOCK", "DECLARE", "PREPARE TRANSACTION")) else text
        )
        if error is None:
            allowed.append(text)
        elif isinstance(error, NO_ANSWER):
            unclear.append(f"{text}: {error}")
        by_right += isinstance(error, BY_RIGHT)
        session.rollback()
        session.execute("DISCARD ALL")
    assert (allowed, unclear) == ([], [])
    assert by_right >= 0.7 * len(refused(group))


def test_there_are_more_than_two_hundred_of_them() -> None:
    every = [statement for group in GROUPS for statement in refused(group)]
    assert len(set(every)) == len(every) >= 300


async def test_what_it_may_ask_tells_nothing_of_others(
    session: Session, logins: tuple[str, dict[str, str]]
) -> None:
    await seen(session)
    for question in nothing():
        text = question.replace("{tenant}", logins[1]["tenant"]).replace(
            "{conversation}", logins[1]["conversation"]
        )
        assert session.execute(text.encode()).fetchall() == [], text


async def test_every_table_of_ours_is_closed_to_it(session: Session) -> None:
    query = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace::regnamespace::text LIKE 'retrace%' AND relkind IN ('r', 'p', 'm', 'S', 'f')"
    tables = [name for (name,) in session.execute(query).fetchall()]
    assert len(tables) > 70
    for name in tables:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(f"SELECT * FROM {name}".encode())


async def test_a_transaction_that_goes_on_for_too_long_is_ended_whatever_it_has_set(
    logins: tuple[str, dict[str, str]], parts: Services
) -> None:
    with psycopg.connect(logins[0]) as session:
        session.execute("SET statement_timeout = 0")
        session.execute("SET idle_in_transaction_session_timeout = 0")
        session.execute("SELECT count(*) FROM costs")
        async with parts.system.system() as connection:
            ended = "SELECT end_analysts(%s)"
            assert await (await connection.execute(ended, ["1 hour"])).fetchone() == (0,)
            assert await (await connection.execute(ended, ["0 s"])).fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")


async def test_a_login_that_is_revoked_ends_at_once(ours: Customer, parts: Services) -> None:
    made = await login(ours, "short", connections=1)
    assert {made["password"], made["address"]}.isdisjoint({None, ""})
    with psycopg.connect(made["address"], autocommit=True) as session:
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            psycopg.connect(made["address"])
        reply = await ours.http.delete(f"/v1/analytics/logins/{made['id']}")
        assert (reply.status_code, "Retrace-Position" in reply.headers) == (204, True)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT pg_sleep(20)")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(made["address"])
    (listed,) = [
        e for e in (await ours.http.get("/v1/analytics/logins")).json()["items"] if e["id"] == made["id"]
    ]
    assert (listed["ended"], listed["user"]) == ("revoked", made["user"])
    assert made["password"] not in str(listed)
    async with parts.database.tenant(ours.tenant) as connection:
        rows = await (await connection.execute("SELECT payload FROM events")).fetchall()
    assert all(made["password"].encode() not in (payload or b"") for (payload,) in rows)
    assert (await ours.http.delete(f"/v1/analytics/logins/{made['id']}")).status_code == 204
    missing = await ours.http.delete("/v1/analytics/logins/00000000-0000-0000-0000-000000000001")
    assert missing.status_code == 404


async def test_a_suspended_tenants_logins_are_locked_until_it_is_resumed(
    theirs: Customer, anyone: Any, parts: Services
) -> None:
    made = await login(theirs, "locked")
    operator = {"Authorization": "Bearer operator-0123456789-0123456789-0123456789"}

    async def do(what: str) -> None:
        reply = await anyone.post(f"/v1/tenants/{theirs.tenant}/{what}", headers=operator)
        assert reply.status_code == 200, reply.text

    async def works(wanted: bool) -> None:
        def does() -> bool:
            try:
                psycopg.connect(made["address"]).close()
            except psycopg.OperationalError:
                return False
            return True

        await until(lambda: does() == wanted)

    await works(True)
    await do("suspend")
    await works(False)
    await do("resume")
    await works(True)


@pytest.mark.parametrize(
    ("body", "words"),
    [({"name": ""}, "name"), ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "future"), ({"name": "x", "connections": 99}, "connections"),
     ({"name": "x", "expires_at": "2999-01-01T00:00:00Z"}, "366 days"), ({"name": "x", "more": 1}, "more")],
)  # fmt: skip
async def test_a_login_that_is_none_is_refused_in_words(
    ours: Customer, body: dict[str, Any], words: str
) -> None:
    reply = await ours.http.post("/v1/analytics/logins", json=body)
    assert reply.status_code == 400, reply.text
    assert words in reply.text


async def test_a_key_of_another_scope_makes_none(ours: Customer) -> None:
    headers = await ours.limited("analytics:view")
    reply = await ours.http.post("/v1/analytics/logins", json={"name": "x"}, headers=headers)
    assert reply.status_code == 403


async def test_a_server_that_makes_no_logins_says_what_to_grant(ours: Customer, parts: Services) -> None:
    with psycopg.connect(str(parts.settings.database_url), autocommit=True) as superuser:
        superuser.execute("ALTER ROLE retrace_registrar NOCREATEROLE")
        try:
            reply = await ours.http.post("/v1/analytics/logins", json={"name": "x"})
        finally:
            superuser.execute("ALTER ROLE retrace_registrar CREATEROLE")
    assert reply.status_code == 422, reply.text
    assert "ALTER ROLE retrace_registrar CREATEROLE" in reply.json()["detail"]
