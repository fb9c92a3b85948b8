"""A text that is not to be seen."""

from __future__ import annotations


class Secret(str):
    """A text that does not show itself in logs and tracebacks."""

    def __repr__(self) -> str:
        return "Secret(…)"
