"""What a verification of the log has found is on record, where it found something, and where it did not any more."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from application.base.setting import change_setting
from application.ports import Clock, Store
from domain.audit.verification import Verification
from domain.base.context import Context


class ConcludeVerification(msgspec.Struct, frozen=True, kw_only=True):
    """`faults`: how many of each kind, in a log of `events` events; `first`: the lowest position of one."""

    events: int
    faults: Mapping[str, int]
    first: int | None = None


async def conclude_verification(
    command: ConcludeVerification, context: Context, *, store: Store, clock: Clock
) -> None:
    """Nothing is written where all is well, and was before."""

    def decide(verification: Verification) -> None:
        verification.conclude(command.events, dict(command.faults), command.first, clock())

    await change_setting(Verification, decide, context, store=store, clock=clock)
