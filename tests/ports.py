"""Ports for processes that tests start: found free, and taken by nobody else until these come up."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack, suppress

POOL = 20_000, 32_000
"""The system gives none of these to outgoing connections: one that it gives, any of them could take meanwhile."""


def free_port(count: int = 1) -> int:
    """The first of so many, one after another."""
    while True:
        first = random.SystemRandom().randrange(*POOL)
        with ExitStack() as stack, suppress(OSError):
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
