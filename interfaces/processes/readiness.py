"""Whether the HTTP role is ready, asked of itself: an HTTP client takes 9 MB, which a supervisor has no use for."""

from __future__ import annotations

import json
import socket
import time

PATIENCE = 5.0
"""Seconds for the whole answer."""

LARGEST = 1 << 16
"""Bytes of it."""


def why_not(address: tuple[str, int], instance: str) -> str | None:
    """What is known of why our own HTTP role, which tells this `instance`, is not ready at `address`; empty: nothing answers. None: it is ready."""
    try:
        reply = _asked(address)
    except OSError:
        return ""
    if not reply:
        return ""
    try:
        head, _, body = reply.partition(b"\r\n\r\n")
        status, said = int(head.split(b" ", 2)[1]), json.loads(body)
        if said["instance"] != instance:
            return "another Retrace answers there"
        return None if status == 200 else f"database: {said['database']}, keys: {said['keys']}"
    except (ValueError, KeyError, IndexError, TypeError):
        return "another program answers there"


def _asked(address: tuple[str, int]) -> bytes:
    """All that comes. HTTP/1.0, so that the answer is in one piece and ends with its connection. Raises OSError."""
    until, found = time.monotonic() + PATIENCE, b""
    with socket.create_connection(address, PATIENCE) as connection:
        connection.sendall(
            b"GET /readyz HTTP/1.0\r\nHost: %s\r\nAccept: application/json\r\n\r\n" % address[0].encode()
        )
        while (left := until - time.monotonic()) > 0 and len(found) < LARGEST:
            connection.settimeout(left)
            if not (piece := connection.recv(LARGEST)):
                return found
            found += piece
    return found
