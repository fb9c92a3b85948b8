"""What a connection may ask of a server."""

from __future__ import annotations

import logging
import resource
from contextlib import suppress

import msgspec

log = logging.getLogger("retrace.http")

KEPT = 256
"""Files that are left for all else: the database, Redis, providers, uploads."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`head`: seconds for a request's head, from its first byte, or from the connection's beginning. `silence`: seconds in which at least
    `rate` bytes for each of them come, of a body that is awaited, or are taken, of an answer that waits to be read. `most`: connections.
    """

    most: int
    head: float = 10.0
    silence: float = 30.0
    rate: int = 4096


def room_for(most: int) -> int:
    """How many connections this process can have: `most`, or fewer where it may not open so many files. The limit is raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = most + KEPT
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        with suppress(ValueError, OSError):  # some systems have a bound of their own below the hard one
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < needed:
            room = max(soft - KEPT, soft // 2)
            facts = {"files": soft, "connections": room, "wanted": most}
            log.warning(
                "fewer connections than RETRACE_MAX_CONNECTIONS: this process may not open more files",
                extra={"facts": facts},
            )
            return room
    return most
