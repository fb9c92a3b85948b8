"""Lookup: how a source that was asked for passages did, as it stands on record."""

from __future__ import annotations

from typing import Literal

import msgspec

Outcome = Literal["found", "nothing", "late", "failed", "busy", "spared"]


class Lookup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """late: it was not waited for any longer; busy: it was not asked, since too many earlier requests to it had not ended; spared: what was certain was
    found elsewhere. `found`: passages that it brought; `ms`: how long it took, or was waited for."""

    source: str
    outcome: Outcome
    found: int = 0
    ms: float = 0.0
