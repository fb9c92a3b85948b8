"""Addresses of PostgreSQL and Redis as people write them: checked before they are used, and shown without user and password."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

ENCODE = "in an address's password / is written %2F, @ is %40, % is %25, # is %23"
LIBPQ = re.compile(r"\s*[a-z_]+\s*=")
"""How libpq's other form begins: host=… dbname=…"""


def checked_database_url(text: str) -> str:
    """What libpq takes: postgresql://…, postgres://… or key=value, also where a driver is named (postgresql+psycopg://…).

    Raises ValueError whose text goes on from the setting's name and shows nothing of the password.
    """
    url = re.sub(r"^(postgres(?:ql)?)\+\w+://", r"\1://", text)
    is_url = url.startswith(("postgresql://", "postgres://"))
    if not is_url and ("://" in url or not LIBPQ.match(url)):
        raise ValueError(
            "must begin with postgresql:// or postgres://, or be of libpq's form host=… dbname=…"
        )
    try:
        facts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        # What libpq says quotes what it could not read, and that may be the password.
        if "percent-encoded" in str(error):
            raise ValueError(f"has a % that begins no code: {ENCODE}") from None
        name = re.search(r'(?:parameter|option):? "(\w+)"', str(error))
        if name and "@" not in url.partition("?")[2]:
            known = "of libpq's parameters (sslmode, sslrootcert, host, connect_timeout …)"
            raise ValueError(f"has the parameter {name[1]}, which is none {known}") from None
        raise ValueError(f"can't be read; {ENCODE}") from None
    ports = str(facts.get("port") or "").split(",")
    if "@" in str(facts.get("host") or "") or not all(port.isdigit() or not port for port in ports):
        raise ValueError(
            f"has a password that ends the address too early, or a port that is no number: {ENCODE}"
        )
    return url


def checked_redis_url(text: str) -> str:
    """redis://…, rediss://… or unix://…, as redis-py takes it. Raises ValueError as above."""
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis:// or rediss:// or unix://")
    try:
        parts = urlsplit(text)
        import redis.connection  # 37 MB, for whoever has one

        redis.connection.parse_url(text)  # type: ignore[no-untyped-call]
        if parts.port is not None and not parts.hostname:
            raise ValueError
    except ValueError:
        raise ValueError(f"can't be read: its port is no number, or a parameter is wrong; {ENCODE}") from None
    number = parts.path.strip("/")
    if parts.scheme != "unix" and number and not number.isdigit():
        raise ValueError(
            "names the database behind the last /, which Redis has as a number: redis://host:6379/0"
        )
    return text


def place_of(url: str) -> str:
    """Where a server is, without user and password."""
    if not url.startswith(("redis", "unix")):
        facts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
        hosts = facts.get("host") or facts.get("hostaddr") or ""
        port = facts.get("port", "")
        shown = f"[{hosts}]" if ":" in hosts else hosts
        return f"postgresql://{shown}{port and f':{port}'}/{facts.get('dbname', '')}"
    parts = urlsplit(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{parts.port}' if parts.port else ''}{parts.path}"
