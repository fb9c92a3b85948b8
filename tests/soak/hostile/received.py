"""What hostile clients have received: every byte is searched for what is another tenant's, every status is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

MOST = 30
"""Faults that are told; the rest are counted."""
NONE = "none"
"""Stands for the status where the connection ended without a response."""


@dataclass
class Verdict:
    """Counts by kind of client and status; `faults`: what must never be."""

    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    searched: int = 0
    """Bytes."""
    faults: list[str] = field(default_factory=list)
    more: int = 0

    @property
    def requests(self) -> int:
        return sum(counts.total() for counts in self.statuses.values())


class Received:
    """Of all clients of a kind. `secret`: words that none of them may ever get, in whatever response."""

    def __init__(self, kind: str, secret: Collection[bytes], verdict: Verdict) -> None:
        self._kind = kind
        self._secret = tuple(secret)
        self._longest = max(map(len, self._secret))
        self._verdict = verdict
        self._statuses = verdict.statuses.setdefault(kind, Counter())

    def status(
        self, asked: str, status: int, headers: Mapping[str, str], *, allowed: Sequence[int] = ()
    ) -> None:
        """A response's status. 5xx is a fault but for 503 with Retry-After; so is one that is not among the `allowed` ones."""
        self._statuses[str(status)] += 1
        later = status == 503 and headers.get("retry-after", "").isdigit()
        if (status >= 500 and not later) or (status == 429 and "retry-after" not in headers and not allowed):
            self.fault(f"{asked} answered {status} ({headers.get('content-type')})")
        elif allowed and status not in allowed and status not in (429, 503):
            self.fault(f"{asked} answered {status}, and may answer {allowed} only")

    def nothing(self) -> None:
        """The connection ended, or the client left, before there was a status."""
        self._statuses[NONE] += 1

    def body(self, asked: str, data: bytes, before: bytes = b"") -> bytes:
        """Search a piece; returns what goes before the next one, as a word may lie across both."""
        self._verdict.searched += len(data)
        whole = before + data
        for word in self._secret:
            if word in whole:
                self.fault(f"{asked} gave {word!r}: {whole[:300]!r}")
        return whole[-self._longest :]

    def fault(self, text: str) -> None:
        if len(self._verdict.faults) < MOST:
            self._verdict.faults.append(f"{self._kind}: {text}")
        else:
            self._verdict.more += 1
