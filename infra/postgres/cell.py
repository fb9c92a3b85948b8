"""A cell's address, and what a process logs in to it with: each role of the product has a login of its own.

Names and passwords of logins, and the key that signs a tenant's context, are derived from the master key (HKDF-SHA-256, RFC 5869), so a
deployment needs no further secrets, and two deployments on one server do not meet. docs/decisions/0003-logins.md explains it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.master_key import SIZE, fingerprint

Role = Literal[
    "retrace_app",
    "retrace_writer",
    "retrace_projector",
    "retrace_runner",
    "retrace_eraser",
    "retrace_keeper",
    "retrace_builder",
    "retrace_indexer",
]
ROLES: tuple[Role, ...] = get_args(Role)

NOBODY = "retrace_app"
"""The user of a DATABASE_URL that is an address only: this role itself can't log in, so whoever has that URL can't migrate."""

BLOCK = 64
"""Bytes of a block of SHA-256."""


@dataclass(frozen=True)
class Login:
    """A role's own, in the database."""

    name: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.name})"


@dataclass(frozen=True)
class Signer:
    """What is derived from one master key: the roles' logins, and the signatures under tenants' contexts. `mark` is the master key's fingerprint."""

    mark: bytes
    _master: bytes

    def __repr__(self) -> str:
        return f"Signer({self.mark.hex()})"

    def name(self, role: Role) -> str:
        """Of the role's login."""
        return f"{role}_{self.mark.hex()}"

    def login(self, role: Role) -> Login:
        return Login(self.name(role), self._derived(f"login {role}").hex())

    def node_password(self, role: str) -> str:
        """With which the nodes of a Citus act as that role on each other (infra/citus/passwords.py)."""
        return self._derived(f"node {role}").hex()

    @cached_property
    def pads(self) -> tuple[bytes, bytes]:
        """The two keys of HMAC-SHA-256 (RFC 2104), inner and outer, with which PostgreSQL can check a signature by `sha256` alone."""
        key = self._context.ljust(BLOCK, b"\0")
        return bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)

    def context(self, tenant: UUID) -> str:
        """The tenant's id and its signature, as `retrace.tenant()` takes them."""
        named = str(UUID(bytes=tenant.bytes))
        return f"{named}.{hmac.digest(self._context, named.encode(), 'sha256').hex()}"

    @cached_property
    def _context(self) -> bytes:
        return self._derived("tenant context")

    def _derived(self, use: str) -> bytes:
        return HKDF(SHA256(), SIZE, salt=None, info=f"retrace {use}".encode()).derive(self._master)


class Cell:
    """One database. `url` is that of whoever migrates it, or, with the user `retrace_app`, the address only."""

    def __init__(self, url: str, master: bytes) -> None:
        """`master`: 32 bytes, or as many times 32 as there are master keys, the current one first. Raises psycopg.ProgrammingError."""
        self.url, self.master = str(url), master
        self.signers = [
            Signer(fingerprint(key), key)
            for key in (master[start : start + SIZE] for start in range(0, len(master), SIZE))
        ]
        self._facts = conninfo_to_dict(self.url)
        self.distributed = False
        """Whether the server is a Citus; each session that is opened says so (infra/postgres/session.py). docs/citus.md tells what differs."""

    @property
    def migrates(self) -> bool:
        """Whether the URL is that of whoever may change the schema."""
        return self._facts.get("user") != NOBODY

    @property
    def address(self) -> str:
        """The URL for whoever is not to migrate: without a login, and without a password."""
        facts = {
            name: value for name, value in self._facts.items() if name != "password" and value is not None
        }
        return make_conninfo("", **{**{name: str(value) for name, value in facts.items()}, "user": NOBODY})

    def at(self, host: str, port: int) -> Cell:
        """The same database on another server of a Citus, with the same logins."""
        return Cell(make_conninfo(self.url, host=host, hostaddr="", port=port), self.master)

    def name(self, role: Role) -> str:
        """Of the role's login."""
        return self.signers[0].name(role)

    def conninfo(self, role: Role) -> str:
        """What libpq connects with as this role. Holds the password."""
        login = self.signers[0].login(role)
        return make_conninfo(self.url, user=login.name, password=login.password)

    def context(self, tenant: UUID) -> str:
        """The tenant's signed context."""
        return self.signers[0].context(tenant)
