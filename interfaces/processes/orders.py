"""What the supervisor tells the fork server, a packet each: which role is to begin, where its output goes, and its environment."""

from __future__ import annotations

import json
from typing import NamedTuple

LARGEST = 1 << 20
"""Bytes of a packet: an environment may be large."""


class Order(NamedTuple):
    """Start `role` as a child of `parent`, with its output in the file `log`. The answer is the number of its process."""

    parent: int
    role: str
    log: str
    environment: dict[str, str]

    def packed(self) -> bytes:
        return json.dumps(self).encode()


def ordered(packet: bytes) -> Order:
    return Order(*json.loads(packet))
