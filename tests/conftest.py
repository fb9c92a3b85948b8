"""The real servers for all tests: one PostgreSQL and one Redis a run, one fresh database a module."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import hypothesis
import psycopg
import pytest
import uvloop
from argon2.profiles import CHEAPEST

from infra.crypto import passwords
from infra.embedded import Servers, servers
from infra.projections import reads
from infra.providers import catalogue
from infra.providers.tuning import targets
from infra.redis import connection as reach
from infra.redis import health
from infra.schema.migrate import migrate
from tests import citus
from tests.cells import cell
from tests.dated import moved

_numbers = itertools.count(1)

# A machine that is busy stands still at times: no example of a property has a time limit of its own.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session", name="servers")
def _servers() -> Iterator[Servers]:
    with tempfile.TemporaryDirectory(prefix="retrace-test-") as folder, servers(Path(folder)) as running:
        _keep_nothing(running)
        yield running


def _keep_nothing(running: Servers) -> None:
    """What is in this server is gone with it: it waits for no disk. Tests of what outlives a crash start servers of their own."""
    with psycopg.connect(running.database_url, autocommit=True) as connection:
        for name in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session", autouse=True)
def _patience_with_redis() -> Iterator[None]:
    """A machine that is busy stands still at times. Tests of the wait itself set it as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reach, "PATIENCE", 10.0)
        patch.setattr(health, "PATIENCE", 10.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def _patience_with_read_models() -> Iterator[None]:
    """A projector on such a machine may be some seconds behind. Tests of the wait itself set it as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reads, "PATIENCE", timedelta(seconds=20))
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """A hash as it is made for people takes a tenth of a second of a core. Tests of the hash itself make it so (`tests/infra/crypto/test_passwords.py`)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", CHEAPEST)
        yield


@pytest.fixture(name="hasty")
def _hasty(monkeypatch: pytest.MonkeyPatch) -> float:
    """For tests of a Redis that stands still: seconds that it is waited for."""
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(reach, "PATIENCE", 0.25)
    return 0.25


@pytest.fixture(scope="session")
def template(servers: Servers) -> str:
    """Name of a migrated database that the others are copied from. Nobody else logs in to it, as to the one that the servers come with."""
    admin, name = servers.database_url.replace("/retrace?", "/postgres?"), "retrace_template"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    asyncio.run(migrate(cell(servers.database_url.replace("/retrace?", f"/{name}?"))))
    return name


@pytest.fixture(scope="module")
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated, empty database; its user is the superuser. Of modules in `citus.BOTH` each test has it a second time, as on a Citus."""
    for url in _database(request):
        if getattr(request, "param", citus.PLAIN) != citus.PLAIN:
            citus.pretend(url)
        yield url


@pytest.fixture(scope="module")
def other_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A second one, for another deployment; beside a Citus on a PostgreSQL alone."""
    yield from _database(request, alone=True)


@pytest.fixture(scope="session")
def lasting_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """One for all tests of a run that ask for it, each of which has a tenant of its own."""
    yield from _database(request)


def _database(request: pytest.FixtureRequest, *, alone: bool = False) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    if request.config.getoption("--citus") and not alone:
        with citus.database(name) as url:
            asyncio.run(migrate(cell(url)))
            yield url
        return
    servers, template = request.getfixturevalue("servers"), request.getfixturevalue("template")
    admin = servers.database_url.replace("/retrace?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield servers.database_url.replace("/retrace?", f"/{name}?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def pytest_configure(config: pytest.Config) -> None:
    """What is asked of the catalogue today has the answer of the day that it is of, before the first test is read. Tests of its own dates
    ask the shipped one (`tests/dated.py`)."""
    folder = tempfile.TemporaryDirectory(prefix="retrace-catalogue-")
    config.add_cleanup(folder.cleanup)
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    for data in (catalogue, targets):
        file = Path(folder.name) / data.FILE.name
        file.write_text(moved(data.FILE))
        patch.setattr(data, "FILE", file)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items if config.getoption("--citus") else ():
        if (why := citus.reason_to_skip(item.nodeid)) is not None:
            item.add_marker(pytest.mark.skip(reason=why))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    both = (
        metafunc.module.__name__.rpartition(".")[2] in citus.BOTH and "database_url" in metafunc.fixturenames
    )
    if both and not metafunc.config.getoption("--citus"):
        metafunc.parametrize("database_url", (citus.PLAIN, citus.THERE), indirect=True, scope="module")


def pytest_runtest_setup() -> None:
    """No test begins in the last seconds of an hour, or of a day: what it counts by hours and days is of one of them."""
    if (left := 3600 - time.time() % 3600) < 10:
        time.sleep(left + 0.1)


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop that the roles run on: it differs from asyncio's in what it tells of sockets."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_xdist_auto_num_workers() -> int:
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--citus", action="store_true", help="databases on the Citus of CITUS_URL (make citus)")
    parser.addoption("--share", type=float, default=1.0, help="part of the long tiers' runs, 0 to 1")
    parser.addoption("--runs", type=int, help="runs of the crash tier; by default its share of 200")
    parser.addoption(
        "--seconds", type=float, help="seconds of the hostile tier; by default its share of an hour"
    )
    parser.addoption(
        "--chunks",
        type=int,
        help="chunks of the tier of the worst tenant; 300,000 by default, with a share 6,000",
    )
    parser.addoption("--seed", type=int, default=20261121, help="seed of the long tiers")


@pytest.fixture(scope="session")
def share(pytestconfig: pytest.Config) -> float:
    return float(pytestconfig.getoption("--share"))


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    return int(pytestconfig.getoption("--seed"))
