"""Which features are on for whom; switching them, and rolling them out step by step."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.base.setting import Changed, change_setting, latest_setting, load_setting
from application.ports import Clock, Done, Due, Ids, Outcomes, Seen, Store
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.flags.feature import feature_of
from domain.flags.flag import Flags, FlagsState
from domain.flags.plan import Plan
from domain.flags.progress import Progress
from domain.flags.rollout import Judgement, judge

ROLLOUT_WORK = "rollout"
LOOK = timedelta(minutes=5)
"""How often a rollout is looked at."""

GRACE = timedelta(seconds=5)
"""A look is at what was closed so long ago: what other processes are just putting on record belongs to customers who are open still."""


class SwitchFlag(msgspec.Struct, frozen=True, kw_only=True):
    """What is None stays as it is."""

    flag: str
    on: bool | None = None
    percentage: int | None = None


class StartRollout(msgspec.Struct, frozen=True, kw_only=True):
    flag: str
    plan: Plan = Plan()


class ConfirmRollout(msgspec.Struct, frozen=True, kw_only=True):
    flag: str


class StopRollout(msgspec.Struct, frozen=True, kw_only=True):
    """`back`: the flag becomes what it was before; else it stays as it is now."""

    flag: str
    reason: str
    back: bool = False


class LookAtRollout(msgspec.Struct, frozen=True, kw_only=True):
    flag: str


class FlagsChanged(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 where there was nothing to change."""

    state: FlagsState
    version: int
    position: int


async def flags_of(tenant: UUID, *, store: Store) -> FlagsState:
    """At most a second old; the defaults where nothing was ever set."""
    flags = await latest_setting(Flags, tenant, store=store)
    return FlagsState() if flags is None else flags.state


async def flags_at(position: int, tenant: UUID, *, store: Store) -> FlagsState:
    """As they were when the log had come to a position."""
    flags: Flags | None = None
    async for recorded in store.stream(tenant, Flags.id_of(tenant)):
        if recorded.position > position:
            break
        assert recorded.event is not None
        flags = Flags.replay([recorded.event], flags)
    return FlagsState() if flags is None else flags.state


async def switch_flag(command: SwitchFlag, context: Context, *, store: Store, clock: Clock) -> FlagsChanged:
    """Raises NotFound for a flag that there is not, Refused while it is being rolled out."""
    feature_of(command.flag)

    def decide(flags: Flags) -> None:
        flags.switch(command.flag, clock(), on=command.on, percentage=command.percentage)

    return _changed(await change_setting(Flags, decide, context, store=store, clock=clock))


async def start_rollout(
    command: StartRollout, context: Context, *, store: Store, clock: Clock, ids: Ids
) -> FlagsChanged:
    """The first step is in force at once; from then on the metrics are looked at. Raises Invalid, NotFound, Refused."""
    feature_of(command.flag)
    rollout = ids()

    def decide(flags: Flags) -> None:
        flags.start_rollout(command.flag, rollout, command.plan, clock())

    work = [Due(kind=ROLLOUT_WORK, key=command.flag, due_at=clock() + LOOK)]
    return _changed(await change_setting(Flags, decide, context, store=store, clock=clock, work=work))


async def confirm_rollout(
    command: ConfirmRollout, context: Context, *, store: Store, clock: Clock
) -> FlagsChanged:
    """Let the next step begin. Raises NotFound, and Refused where the present one has not held yet."""

    def decide(flags: Flags) -> None:
        flags.confirm_rollout(command.flag, clock())

    return _changed(await change_setting(Flags, decide, context, store=store, clock=clock))


async def stop_rollout(command: StopRollout, context: Context, *, store: Store, clock: Clock) -> FlagsChanged:
    """Raises NotFound, Invalid, and Refused where none is under way."""
    reason = command.reason.strip()
    if not 1 <= len(reason) <= 500:
        raise Invalid("a reason has 1 to 500 characters")

    def decide(flags: Flags) -> None:
        flags.stop_rollout(command.flag, reason, clock(), back=command.back)

    work = [Done(kind=ROLLOUT_WORK, key=command.flag)]
    return _changed(await change_setting(Flags, decide, context, store=store, clock=clock, work=work))


async def look_at_rollout(
    command: LookAtRollout, context: Context, *, store: Store, outcomes: Outcomes, clock: Clock
) -> datetime | None:
    """Go on, hold or go back by what came of customers. When to look again; None: it has ended. Raises Unavailable while the read
    model is behind: what it does not know yet must not count as good."""
    flag = command.flag
    flags = await load_setting(Flags, context.tenant, store=store)
    running = None if flags is None else flags.state.rollouts.get(flag)
    if running is None:
        return None
    seen = await outcomes.closed(context.tenant, running.id, until=clock() - GRACE)
    judgement = await asyncio.to_thread(judge_rollout, running, seen)

    def decide(flags: Flags) -> None:
        flags.observe_rollout(flag, running.id, running.step, judgement, clock())

    changed = await change_setting(Flags, decide, context, store=store, clock=clock)
    return clock() + LOOK if flag in changed.setting.state.rollouts else None


def judge_rollout(running: Progress, seen: Seen) -> Judgement:
    """What a look sees."""
    limits = running.plan.limits
    return judge(limits, seen.outcomes, position=seen.position, until=seen.until, since=running.since)


def _changed(changed: Changed[Flags]) -> FlagsChanged:
    return FlagsChanged(state=changed.setting.state, version=changed.version, position=changed.position)
