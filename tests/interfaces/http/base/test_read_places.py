"""Reads that decide nothing on a real streaming standby: never staler than was asked for, and no request is lost with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import msgspec
import psycopg
import pytest
import pytest_asyncio
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from sqlalchemy import column, select, table

from application.ports import Unavailable
from infra.replicas import Replica, Replicas, watching
from infra.replicas.looking import Seen, unfit
from infra.settings import Secret, Settings
from interfaces.asgi import routes
from interfaces.bootstrap import Services, services
from interfaces.doctor.replicas import of_replicas
from interfaces.http.base.reading.read_places import ROUTES
from projections.costs import Costs
from tests.cells import session
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import Person, joined
from tests.standby import Standby, standby
from tests.until import until

POSITION = "Retrace-Position"
ENDLESS = {"/v1/analytics/feed", "/v1/audit/events/stream"}


@pytest.fixture(scope="module", name="other")
def _other(database_url: str) -> Iterator[Standby]:
    with standby(database_url) as other:
        yield other


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(watching, "PERIOD", 0.05)
        patch.setattr(watching, "PATIENCE", 20.0)
        patch.setattr(watching, "LONGEST", 0.2)
        yield


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings, other: Standby) -> AsyncIterator[Services]:
    given = msgspec.structs.replace(settings, replica_url=Secret(other.url), replica_lag=60)
    async with services(given, pool=6, role="serve") as parts:
        yield parts


@pytest.fixture(name="replicas")
def _replicas(parts: Services) -> Replicas:
    assert parts.replicas is not None
    return parts.replicas


@pytest_asyncio.fixture(name="replica")
async def _replica(replicas: Replicas) -> Replica:
    """It, once it may be read from."""
    (replica,) = replicas.all
    await until(lambda: replica.usable)
    return replica


@pytest_asyncio.fixture(scope="module", name="ann")
async def _ann(ours: Customer) -> Person:
    ann = await joined(ours, "ann@example.com", "admin")
    await ann.sign_in()
    return ann


@pytest.fixture(name="paused")
def _paused(other: Standby, database_url: str) -> Iterator[Standby]:
    """It replays nothing more until the test ends."""
    other.caught_up(database_url)
    other.run("SELECT pg_wal_replay_pause()")
    yield other
    other.run("SELECT pg_wal_replay_resume()")


def handlers(parts: Services) -> dict[str, HTTPRouteHandler]:
    """Path → what answers a GET of it."""
    known = [each for each in routes(parts.settings.origins).routes if isinstance(each, HTTPRoute)]
    found = [handler for route in known for handler in route.route_handlers if "GET" in handler.http_methods]
    return {path: handler for handler in found for path in handler.paths}


async def conversations(customer: Customer, **headers: str) -> list[str]:
    reply = await customer.http.get("/v1/conversations", params={"limit": 200}, headers=headers)
    assert reply.status_code == 200, reply.text
    return [each["id"] for each in reply.json()["items"]]


async def all_applied(customer: Customer, parts: Services) -> bool:
    """Whether all read models have come to the log's end."""
    return not any(lag.behind for lag in await parts.reads.lags(customer.tenant))


async def asked(customer: Customer, address: str) -> tuple[str, dict[str, str]]:
    """A message's conversation, and the header with its position."""
    reply = await customer.ask("When are you open?", address=address, wait=0)
    return reply.json()["conversation"], {POSITION: reply.headers[POSITION]}


async def test_each_of_the_routes_is_answered_by_the_replica_alone_and_as_by_the_primary(
    ours: Customer,
    ann: Person,
    parts: Services,
    replicas: Replicas,
    replica: Replica,
    other: Standby,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A standby refuses what writes or locks: then the primary would be asked, which is counted."""
    known = handlers(parts)
    assert not ROUTES - known.keys()
    assert all("services" in known[path].parsed_fn_signature.parameters for path in ROUTES)
    assert not [path for path in ROUTES if known[path].http_methods - {"GET", "HEAD", "OPTIONS"}]
    assert (await ours.ask("When are you open?", wait=30)).status_code == 200
    await until(lambda: all_applied(ours, parts))
    other.caught_up(str(parts.settings.database_url))
    for path in sorted(each.replace("{view:str}", "conversations") for each in ROUTES - ENDLESS):
        if "{" in path:
            continue
        http = ann.http if path.startswith("/console") else ours.http
        params = {"q": "open"} if path.endswith("search") else {}
        before = dict(replicas.reads)
        reply = await http.get(path, params=params)
        assert reply.status_code == 200, (path, reply.text)
        assert replicas.reads["primary"] == before["primary"], path
        assert replicas.reads["replica"] > before["replica"], path
        if path.startswith("/v1") and "audit" not in path:  # where each read is on record
            with monkeypatch.context() as patch:
                patch.setattr(replica, "_resting_until", float("inf"))
                assert (await http.get(path, params=params)).text == reply.text, path
                assert replicas.reads["primary"] > before["primary"], path


async def test_a_replica_that_has_not_come_so_far_is_not_read_from(
    ours: Customer, replica: Replica, paused: Standby
) -> None:
    conversation, position = await asked(ours, "not there yet")
    assert conversation not in await conversations(ours)  # it is the replica's
    assert conversation in await conversations(ours, **position)
    events = {"after": int(position[POSITION]) - 1}
    reply = await ours.http.get("/v1/audit/events", params=events)
    assert reply.json()["items"][0]["position"] == events["after"] + 1
    reply = await ours.http.get("/v1/audit/events", headers=position)
    assert reply.status_code == 200
    beyond = await ours.http.get("/v1/audit/events", params={"after": 10**9})
    assert beyond.status_code == 409, "only the primary knows the end"


async def test_a_browser_sees_what_its_form_has_done(
    ours: Customer, ann: Person, replica: Replica, paused: Standby
) -> None:
    conversation, position = await asked(ours, "claimed")
    await conversations(ours, **position)
    seen = ann.browser()
    await seen.sign_in()
    assert conversation not in (await seen.http.get("/console/inbox")).text
    assert (await seen.send(f"/console/inbox/{conversation}/claim")).status_code == 303
    assert int(seen.http.cookies["retrace-written"]) > int(position[POSITION])
    await until(lambda: shows(seen, conversation))  # as soon as the projector has it


async def test_a_form_that_is_done_is_not_told_as_failed(
    ours: Customer, ann: Person, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the primary goes away just after it."""
    conversation, _ = await asked(ours, "done")
    seen = ann.browser()
    await seen.sign_in()
    await until(lambda: shows(seen, conversation, "all"))

    async def gone(tenant: object) -> int:
        raise Unavailable("the database is away")

    monkeypatch.setattr(parts.reads, "head", gone)
    assert (await seen.send(f"/console/inbox/{conversation}/claim")).status_code == 303


async def shows(person: Person, text: str, view: str = "mine") -> bool:
    return text in (await person.http.get(f"/console/inbox?view={view}")).text


async def test_one_that_is_too_far_behind_is_left_out_and_told(
    ours: Customer, parts: Services, replica: Replica, paused: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation, _ = await asked(ours, "late")
    monkeypatch.setattr(replica, "_bound", 0.3)
    await until(lambda: not replica.usable)
    assert "behind" in replica.hindered
    assert conversation in await until(lambda: listed_with(ours, conversation))
    told = (await parts.figures())[0].decode()
    assert f'retrace_replica_used{{replica="{replica.place}"}} 0.0' in told
    lag = told.split(f'retrace_replica_lag_seconds{{replica="{replica.place}"}} ')[1].split()[0]
    assert 0.3 < float(lag) < 60
    (check,) = [each async for each in of_replicas(parts.cell, [paused.url], 0.2)]
    assert not check.ok
    assert "behind" in check.detail
    paused.run("SELECT pg_wal_replay_resume()")
    monkeypatch.undo()
    await until(lambda: replica.usable)


async def listed_with(customer: Customer, conversation: str) -> list[str]:
    found = await conversations(customer)
    return found if conversation in found else []


async def test_tenants_are_as_far_apart_there_and_nothing_is_written(
    ours: Customer, theirs: Customer, other: Standby, database_url: str
) -> None:
    await asked(ours, "apart")
    other.caught_up(database_url)
    with session(other.url, "retrace_app", ours.tenant) as connection:
        owners = connection.execute("SELECT DISTINCT tenant FROM events").fetchall()
        assert owners == [(ours.tenant,)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM idempotency")
    with session(other.url, "retrace_app") as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)


async def test_a_read_that_stands_in_the_way_of_recovery_goes_on_at_the_primary(
    ours: Customer, parts: Services, replicas: Replicas, replica: Replica, database_url: str
) -> None:
    seen = parts.seen_from(replicas.sight(ours.tenant, 0))
    before = dict(replicas.reads)
    async with seen.reads.at(ours.tenant, Costs()) as sql:
        query = select(table("costs", column("tenant"))).limit(1)
        first = await sql.all(query)
        with psycopg.connect(database_url) as connection:  # its replay ends whoever has the table open there
            connection.execute("LOCK TABLE retrace.costs IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(0.1)
        assert await sql.all(query) == first
    assert replicas.reads["primary"] == before["primary"] + 1


async def test_requests_go_on_while_it_is_killed_and_stands_still(
    ours: Customer, replicas: Replicas, replica: Replica, other: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PATIENCE", 1.0)
    paths = ("/v1/conversations", "/v1/analytics/quality", "/v1/audit/events/latest", "/v1/providers/usage")

    async def going(stop: asyncio.Event) -> int:
        done = 0
        while not stop.is_set():
            reply = await ours.http.get(paths[done % len(paths)])
            assert reply.status_code == 200, reply.text
            done += 1
        return done

    for hinder, mend in (
        (other.kill, other.start),
        (lambda: other.stand_still(True), lambda: other.stand_still(False)),
    ):
        await until(lambda: replica.usable)
        stop, before = asyncio.Event(), replicas.reads["replica"]
        running = [asyncio.create_task(going(stop)) for _ in range(3)]
        await until(lambda before=before: replicas.reads["replica"] > before + 6)  # type: ignore[misc]
        await asyncio.to_thread(hinder)
        await until(lambda: not replica.usable)
        await asyncio.to_thread(mend)
        await until(lambda: replica.usable)
        stop.set()
        assert sum(await asyncio.gather(*running)) > 6


def test_what_is_no_replica_of_the_primary_is_said() -> None:
    primary = Seen(reached=100, timeline=2, cluster=7, database=5)
    assert unfit(primary, primary) == ""
    for seen, word in (
        (None, "promoted"),
        (primary._replace(cluster=8), "another server"),
        (primary._replace(database=6), "another database"),
        (primary._replace(timeline=1), "timeline 1"),
    ):
        assert word in unfit(primary, seen)


async def test_one_that_was_promoted_is_not_read_from(
    ours: Customer, parts: Services, replica: Replica, other: Standby
) -> None:
    """The last one of this file: there is no way back."""
    checks = [
        each async for each in of_replicas(parts.cell, [other.url, str(parts.settings.database_url)], 5)
    ]
    assert [each.ok for each in checks] == [True, False]
    assert "no standby" in checks[1].detail
    other.run("SELECT pg_promote()")
    await until(lambda: "promoted" in replica.why)
    conversation, position = await asked(ours, "promoted")
    assert conversation in await conversations(ours, **position)
