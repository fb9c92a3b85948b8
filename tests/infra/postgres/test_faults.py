"""A PostgreSQL that is not ours and can't be used is told in one sentence with the way out: real servers refuse, and real ports are silent."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from application.ports import Unavailable
from infra.postgres.faults import DatabaseUnusable, explained, trouble_of, unfit
from tests.real_postgres import Binaries, Server, found, free_port, run_in, serving
from tests.until import until_now

FEW = {"max_connections": "6", "superuser_reserved_connections": "1", "reserved_connections": "0"}
CANARY = "canary"


def newest() -> Binaries:
    return max((each for each in found() if each.vector), key=lambda each: each.version)


@pytest.fixture(scope="module", name="server")
def _server() -> Iterator[Server]:
    with serving(newest(), FEW) as server:
        server.run(
            f"CREATE ROLE me LOGIN PASSWORD '{CANARY}'",
            f"CREATE ROLE bundle PASSWORD '{CANARY}'",
            "CREATE DATABASE shut",
            "REVOKE CONNECT ON DATABASE shut FROM public",
            "CREATE DATABASE closed ALLOW_CONNECTIONS false",
        )
        yield server


def told(url: str) -> tuple[str, bool]:
    """What is said, and whether it may pass. It is one sentence, and has no password."""
    with pytest.raises(psycopg.Error) as refused:
        psycopg.connect(url, connect_timeout=2).close()
    trouble = trouble_of(refused.value, url)
    assert "\n" not in trouble.text
    assert CANARY not in trouble.text
    return trouble


def test_whoever_is_not_let_in_hears_why(server: Server) -> None:
    here = f"postgresql://127.0.0.1:{server.port}"
    lasting = {
        server.url(
            user="me", password="bad"
        ): f"{here}/postgres refuses the user me with this password: mend DATABASE_URL (in an address's",
        server.url(
            password=None
        ): f"{here}/postgres wants a password, and DATABASE_URL has none for postgres",
        server.url("none"): f"{here}/none does not exist on that server: CREATE DATABASE",
        server.url("shut", "me", CANARY): f"me may not connect to {here}/shut: GRANT CONNECT ON DATABASE",
        server.url("closed"): f"{here}/closed takes no connections: ALTER DATABASE",
        server.url(
            user="bundle", password=CANARY
        ): f"{here}/postgres has bundle as a role that may not log in",
        make_conninfo(server.url(), sslmode="require"): f"{here}/postgres speaks no TLS, which sslmode",
        make_conninfo(
            server.url(), sslmode="maybe"
        ): 'DATABASE_URL has a value that libpq does not take (invalid sslmode value: "maybe")',
    }
    for url, text in lasting.items():
        said, passing = told(url)
        assert said.startswith(text)
        assert not passing


def test_a_server_without_a_connection_left_says_so_and_it_may_pass(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(psycopg.connect(server.url(user="me", password=CANARY)))
        said, passing = told(server.url(user="me", password=CANARY))
        assert "has no connection left for me: end what holds them, or raise max_connections" in said
        assert passing


def test_what_the_hba_file_refuses_is_told(server: Server) -> None:
    file = server.folder / "data" / "pg_hba.conf"
    before = file.read_text()
    try:
        file.write_text("host shut all all reject\nlocal all all peer\nhost postgres all all scram-sha-256\n")
        server.run("SELECT pg_reload_conf()")
        until_told(
            server.url("shut", "me", CANARY),
            "lets me not in from this machine: add a line to its pg_hba.conf",
        )
        until_told(
            server.url("none", "me", CANARY), "lets me not in from here without TLS: add sslmode=require"
        )
        peer = make_conninfo(host=str(server.sockets), port=server.port, user="me", dbname="postgres")
        until_told(peer, "does not take this process for me: let it in with a password")
    finally:
        file.write_text(before)
        server.run("SELECT pg_reload_conf()")


def until_told(url: str, text: str) -> None:
    """The server reads its file a moment later."""
    until_now(lambda: text in told(url)[0])


def test_what_is_away_or_no_postgresql_is_told() -> None:
    port = free_port()
    here = f"postgresql://127.0.0.1:{port}/r"
    assert told(f"postgresql://me:{CANARY}@127.0.0.1:{port}/r") == (
        f"no PostgreSQL answers at {here} (connection refused): start it, or mend DATABASE_URL",
        True,
    )
    assert told(f"postgresql://me:{CANARY}@no-such.invalid/r") == (
        "the host of postgresql://no-such.invalid/r is not known: mend DATABASE_URL",
        True,
    )
    assert (
        "no PostgreSQL answers at the socket of postgresql:///nowhere/r"
        in told("postgresql:///r?host=/nowhere")[0]
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said, passing = told(f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/r")
    assert "does not answer in time" in said
    assert passing
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=talk, args=[other], daemon=True).start()
        said, passing = told(f"postgresql://me@127.0.0.1:{other.getsockname()[1]}/r")
    assert "is no PostgreSQL: mend host and port of DATABASE_URL" in said
    assert not passing


def talk(other: socket.socket) -> None:
    """As a web server answers what it does not understand."""
    connection, _ = other.accept()
    with connection:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_of_several_hosts_what_lasts_is_told_first(server: Server) -> None:
    url = f"postgresql://me:bad@127.0.0.1:{free_port()},127.0.0.1:{server.port}/postgres"
    said, passing = told(url)
    assert "refuses the user me" in said
    assert not passing


def test_another_language_is_shown_as_it_is() -> None:
    german = 'connection failed: connection to server at "h", port 1 failed: FATAL:  Passwort-Authentifizierung für Benutzer »u« fehlgeschlagen'
    trouble = trouble_of(psycopg.OperationalError(german), "postgresql://u:canary@h:1/r")
    assert trouble == (
        "postgresql://h:1/r can't be used: Passwort-Authentifizierung für Benutzer »u« fehlgeschlagen",
        True,
    )


async def test_errors_become_faults_and_our_own_stay_what_they_are() -> None:
    with pytest.raises(Unavailable, match="connection refused"), explained("postgresql://h/r"):
        raise psycopg.OperationalError("Connection refused")
    with pytest.raises(DatabaseUnusable, match="wants a password"), explained("postgresql://h/r"):
        raise psycopg.OperationalError("fe_sendauth: no password supplied")
    with pytest.raises(psycopg.errors.UndefinedTable), explained("postgresql://h/r"):
        raise psycopg.errors.UndefinedTable("a bug of ours")


async def what_is_unfit(url: str) -> str | None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return await unfit(connection, url)


async def test_a_server_that_fits_a_read_only_one_a_standby_and_one_that_ends(server: Server) -> None:
    assert await what_is_unfit(server.url()) is None
    read_only = make_conninfo(server.url(), options="-c default_transaction_read_only=on")
    assert "is read-only for this user" in str(await what_is_unfit(read_only))


@pytest.mark.parametrize(
    "binaries", [each for each in found() if not each.vector or each.version < 16], ids=str
)
async def test_a_server_that_is_too_old_or_lacks_pgvector_is_told(binaries: Binaries) -> None:
    with serving(binaries) as server:
        said = str(await what_is_unfit(server.url()))
    if binaries.version < 16:
        assert f"is PostgreSQL {binaries.version}." in said
        assert (
            "which is too old: Retrace runs on 16 to 18; upgrade that server, or leave DATABASE_URL away"
            in said
        )
    else:
        assert (
            f"has no pgvector: install it on that server (Debian, Ubuntu: postgresql-{binaries.version}-pgvector"
            in said
        )


async def test_a_standby_and_a_server_that_shuts_down_are_told() -> None:
    with serving(newest()) as server:
        held = psycopg.connect(server.url())
        server.process.send_signal(signal.SIGTERM)  # it waits for its clients
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(server.url(), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                ending = trouble_of(error, server.url())
                break
            assert time.monotonic() < deadline
        held.close()
        server.process.wait(60)
        assert ending.text.endswith("is shutting down: start it again")
        assert ending.passing
        standby = server.folder / "data" / "standby.signal"
        standby.touch()
        standby.chmod(0o644)
        log = server.folder.with_suffix(".log")
        with run_in(server.binaries, server.folder, {}, log, server.user) as second:
            assert "is a standby, which can't be written: name the primary" in str(
                await what_is_unfit(second.url())
            )
