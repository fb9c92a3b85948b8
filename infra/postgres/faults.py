"""What is wrong with a PostgreSQL server that is not ours, in one sentence with the way out.

Before a session has begun libpq gives its errors as text only, without a code (psycopg 3), so they are known by their words; what is not
known, as another language, is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict

from application.ports import Fault, Unavailable
from infra.server_urls import ENCODE, place_of

OLDEST, NEWEST = 16, 18
"""Versions of PostgreSQL that are tried; older ones lack what the roles need (GRANT … WITH SET, from 16 on)."""

RIGHTS = "docs/settings.md says more under Logins"


class DatabaseUnusable(Fault):
    """The database can't be used until somebody changes something."""


class Trouble(NamedTuple):
    """`passing`: it may be over by itself, so whoever starts may wait for it."""

    text: str
    passing: bool


PASSING: tuple[tuple[str, str], ...] = (
    (
        "Connection refused",
        "no PostgreSQL answers at {place} (connection refused): start it, or mend DATABASE_URL",
    ),
    (
        "No such file or directory",
        "no PostgreSQL answers at the socket of {place}: start it, or mend the host of DATABASE_URL",
    ),
    (
        "failed to resolve host|could not translate host name",
        "the host of {place} is not known: mend DATABASE_URL",
    ),
    (
        "timeout expired|timed out",
        "{place} does not answer in time: it is overloaded, or a firewall or a wrong address lies between",
    ),
    (
        "Network is unreachable|No route to host",
        "no way leads to {place}: mend the network, or the host of DATABASE_URL",
    ),
    (
        "too many clients|remaining connection slots|too many connections",
        "{place} has no connection left for {user}: end what holds them, or raise max_connections",
    ),
    (
        "starting up|not yet accepting|recovery mode",
        "{place} is starting up, or recovers from a crash: wait for it",
    ),
    ("shutting down", "{place} is shutting down: start it again"),
    (
        "server closed the connection|reset by peer|terminating connection",
        "{place} ended the connection: look into its log, and whether what listens there is PostgreSQL",
    ),
)
LASTING: tuple[tuple[str, str], ...] = (
    (
        "password authentication failed",
        "{place} refuses the user {user} with this password: mend DATABASE_URL (" + ENCODE + ")",
    ),
    ("no password supplied", "{place} wants a password, and DATABASE_URL has none for {user}"),
    (
        "(?:Peer|Ident|Certificate|LDAP|GSSAPI|PAM|RADIUS) authentication failed",
        "{place} does not take this process for {user}: let it in with a password (pg_hba.conf: scram-sha-256)",
    ),
    (
        "no pg_hba.conf entry.*no encryption",
        "{place} lets {user} not in from here without TLS: add sslmode=require to DATABASE_URL, or a line to its pg_hba.conf",
    ),
    (
        "no pg_hba.conf entry|pg_hba.conf rejects",
        "{place} lets {user} not in from this machine: add a line to its pg_hba.conf",
    ),
    ("is not permitted to log in", "{place} has {user} as a role that may not log in: ALTER ROLE … LOGIN"),
    ("role .* does not exist", "{place} has no user {user}: CREATE ROLE … LOGIN PASSWORD …"),
    (
        "database .* does not exist",
        "{place} does not exist on that server: CREATE DATABASE …, or mend DATABASE_URL",
    ),
    ("is not currently accepting", "{place} takes no connections: ALTER DATABASE … ALLOW_CONNECTIONS true"),
    ("permission denied for database", "{user} may not connect to {place}: GRANT CONNECT ON DATABASE … TO …"),
    (
        "does not support SSL",
        "{place} speaks no TLS, which sslmode in DATABASE_URL asks for: set it up there, or leave it away",
    ),
    (
        "certificate|SSL error|root.crt",
        "{place} and this process do not agree on TLS ({said}): mend sslmode, sslrootcert, sslcert in DATABASE_URL",
    ),
    (
        "invalid response to SSL|expected authentication request",
        "what answers at {place} is no PostgreSQL: mend host and port of DATABASE_URL",
    ),
    (
        "session is read-only|not in hot standby|hot standby mode is disabled",
        "{place} is a standby, which can't be written: name the primary in DATABASE_URL",
    ),
    ("invalid .* value", "DATABASE_URL has a value that libpq does not take ({said})"),
)


OUTSIDE = (
    psycopg.OperationalError,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.UndefinedFile,
)
"""Errors that are the server's matter, or its owner's; all others are ours, and are raised as they are."""


def trouble_of(error: psycopg.Error, url: str) -> Trouble:
    """Why a server can't be asked, or has refused what was asked. Without a `url` it is ours."""
    user = str(conninfo_to_dict(url).get("user") or "the system's user")
    words = {"place": place_of(url) if url else "the database", "user": user, "said": _said(error)}
    text = str(error)
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return Trouble(_rights(error, words), False)
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return Trouble(
            "{place} can't be written: it is a standby, or default_transaction_read_only is on; name the primary".format(
                **words
            ),
            False,
        )
    if isinstance(error, psycopg.errors.DiskFull):
        return Trouble("the disk of {place} is full: make room there".format(**words), True)
    # What is lasting first: of several hosts one may be away, and the other one refuse.
    for passing, patterns in ((False, LASTING), (True, PASSING)):
        for pattern, sentence in patterns:
            if re.search(pattern, text):
                return Trouble(sentence.format(**words), passing)
    return Trouble(
        "{place} can't be used: {said}".format(**words), isinstance(error, psycopg.OperationalError)
    )


def _said(error: psycopg.Error) -> str:
    """The server's own words, in its language."""
    first = str(error).strip().partition("\n")[0]
    return re.split(r"failed: (?:FATAL:\s*)?|connection is bad: ", first)[-1].strip() or type(error).__name__


def _rights(error: psycopg.Error, words: dict[str, str]) -> str:
    said = words["said"]
    if "extension" in said:
        need = "a superuser runs CREATE EXTENSION vector in this database once"
    elif "role" in said and ("create" in said or "CREATEROLE" in said):
        need = "a superuser gives it CREATEROLE (ALTER ROLE … CREATEROLE)"
    elif "role" in said:
        need = "another user has made the roles retrace_… of this server: take that one, or a superuser"
    elif "schema" in said or "database" in said:
        need = "make it the owner of the database (ALTER DATABASE … OWNER TO …)"
    else:
        need = "make it the owner of the database with CREATEROLE, or a superuser"
    return f"the user {words['user']} may not set {words['place']} up ({said}): {need}; {RIGHTS}"


@contextmanager
def explained(url: str) -> Iterator[None]:
    """A server's errors inside become one sentence. Raises Unavailable where waiting may help, else DatabaseUnusable."""
    try:
        yield
    except OUTSIDE as error:
        trouble = trouble_of(error, url)
        raise (Unavailable if trouble.passing else DatabaseUnusable)(trouble.text) from error


async def check_server(connection: AsyncConnection[Any], url: str) -> None:
    """What can't be changed by us: its version, whether it can be written, whether pgvector is there. Raises DatabaseUnusable."""
    why = await unfit(connection, url)
    if why is not None:
        raise DatabaseUnusable(why)


async def unfit(connection: AsyncConnection[Any], url: str) -> str | None:
    """Why this server is not one for us; None: it is."""
    place = place_of(url)
    version = connection.info.server_version
    if version < OLDEST * 10_000:
        shown = f"{version // 10_000}.{version % 10_000}"
        return (
            f"{place} is PostgreSQL {shown}, which is too old: Retrace runs on {OLDEST} to {NEWEST}; upgrade that server, or leave "
            "DATABASE_URL away for an embedded one"
        )
    row = await (
        await connection.execute(
            "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', "
            "(SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name = 'vector')"
        )
    ).fetchone()
    assert row is not None
    standby, read_only, vector = row
    if standby:
        return f"{place} is a standby, which can't be written: name the primary in DATABASE_URL"
    if read_only:
        return f"{place} is read-only for this user (default_transaction_read_only): ALTER ROLE or ALTER DATABASE … SET it to off"
    if vector is None:
        package = f"postgresql-{version // 10_000}-pgvector"
        return f"{place} has no pgvector: install it on that server (Debian, Ubuntu: {package}; image: pgvector/pgvector)"
    return None
