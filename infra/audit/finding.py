"""What verification finds wrong, named."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

Fault = Literal[
    "payload changed",
    "context changed",
    "chain broken",
    "forged",
    "payload missing",
    "removed",
    "inserted",
    "reordered",
    "truncated",
    "rewritten",
    "signature",
    "tree damaged",
]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`seq`, `stream` and `version` name the event as far as it can be told."""

    fault: Fault
    tenant: UUID
    seq: int | None = None
    stream: UUID | None = None
    version: int | None = None
    text: str

    def __str__(self) -> str:
        place = [f"tenant {self.tenant}"]
        place += [f"event {self.seq}"] if self.seq is not None else []
        place += [f"stream {self.stream}"] if self.stream is not None else []
        place += [f"version {self.version}"] if self.version is not None else []
        return f"{self.fault}: {', '.join(place)}: {self.text}"
