"""All connections of a server. Where there are as many as may be, the one that has done least makes room: nobody who has a request
under way, and first those of the address that has most of them.
"""

from __future__ import annotations

import logging
from typing import Literal, Protocol

from application.base.repeated import Repeated
from infra.http.limits import Limits

log = logging.getLogger("retrace.http")

State = Literal["new", "idle", "running"]
"""`new`: no whole request came yet, or the rest of one is awaited that was answered already. `idle`: between two requests."""

Reason = Literal["crowded", "full", "head", "long_head", "malformed", "body", "long_tail", "reading"]
"""Why a connection is closed: it made room; there was no room; its request's head took too long; was too long; was none; the rest of a
body that nobody waits for did not come; what came behind a body was too long; its client did not take its answer."""


class Figures(Protocol):
    def closed(self, reason: str) -> None: ...


class Closable(Protocol):
    """A connection."""

    address: str

    def make_room(self) -> None:
        """Close it at once."""


Line = dict[Closable, None]
"""In the order in which they came."""


class Connections:
    """Those of one server."""

    def __init__(self, limits: Limits, figures: Figures | None = None) -> None:
        self.limits, self._figures = limits, figures
        self._told = Repeated(log)
        self._states: dict[Closable, State] = {}
        self._lines: dict[State, dict[str, Line]] = {"new": {}, "idle": {}}

    def counts(self) -> dict[str, int]:
        """How many there are of each state."""
        waiting: dict[str, int] = {
            state: sum(map(len, lines.values())) for state, lines in self._lines.items()
        }
        return {**waiting, "running": len(self._states) - sum(waiting.values())}

    def admit(self, connection: Closable) -> bool:
        """Take a new one in, if need be in the place of another. False: there is no room."""
        if len(self._states) >= self.limits.most:
            victim = self._idlest()
            if victim is None:
                self.closed("full")
                return False
            self.left(victim)
            victim.make_room()
            self.closed("crowded")
        self.put(connection, "new")
        return True

    def put(self, connection: Closable, state: State) -> None:
        """From now on it is in this state."""
        if (before := self._states.get(connection)) == state:
            return
        if before is not None:
            self._leave_line(connection, before)
        self._states[connection] = state
        if state != "running":
            self._lines[state].setdefault(connection.address, {})[connection] = None

    def left(self, connection: Closable) -> None:
        """It is no more."""
        if (state := self._states.pop(connection, None)) is not None:
            self._leave_line(connection, state)

    def closed(self, reason: Reason) -> None:
        """Count it, and tell the log now and then."""
        if self._figures is not None:
            self._figures.closed(reason)
        self._told.warn("connections were closed before their time", reason)

    def _leave_line(self, connection: Closable, state: State) -> None:
        if state == "running":
            return
        lines = self._lines[state]
        line = lines[connection.address]
        del line[connection]
        if not line:
            del lines[connection.address]

    def _idlest(self) -> Closable | None:
        for lines in self._lines.values():
            if lines:
                address = max(lines, key=lambda address: len(lines[address]))
                return next(iter(lines[address]))
        return None
