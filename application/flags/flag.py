"""Which features are on for whom; switching them, and rolling them out step by step."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.ports import Clock, Ids, Metrics, Owed, Saved, Settled, Store
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound
from domain.flags.feature import feature_of
from domain.flags.flag import Flags, FlagsState
from domain.flags.rollout import Plan

ROLLOUT_WORK = "rollout"
LOOK = timedelta(minutes=5)
"""How often the metrics of a rollout are looked at."""


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


async def enabled(flag: str, subject: str, *, tenant: UUID, store: Store) -> bool:
    """Whether a feature is on for a subject: the id that `domain.feature.FEATURES` says. At most a second old."""
    return (await flags_of(tenant, store=store)).enabled(flag, subject)


async def flags_of(tenant: UUID, *, store: Store) -> FlagsState:
    """At most a second old; the defaults where nothing was ever set."""
    try:
        return (await store.latest(Flags, Flags.id_of(tenant), tenant=tenant)).state
    except NotFound:
        return FlagsState()


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

    def decide(known: Flags | None) -> Flags:
        flags = known or Flags.begin(context.tenant, clock())
        flags.switch(command.flag, clock(), on=command.on, percentage=command.percentage)
        return flags

    return _changed(await store.change(Flags, Flags.id_of(context.tenant), decide, context=context))


async def start_rollout(
    command: StartRollout, context: Context, *, store: Store, clock: Clock, ids: Ids
) -> FlagsChanged:
    """The first step is in force at once; from then on the metrics are looked at. Raises Invalid, NotFound, Refused."""
    feature_of(command.flag)
    rollout = ids()

    def decide(known: Flags | None) -> Flags:
        flags = known or Flags.begin(context.tenant, clock())
        flags.start_rollout(command.flag, rollout, command.plan, clock())
        return flags

    work = [Owed(kind=ROLLOUT_WORK, key=command.flag, due_at=clock() + LOOK)]
    return _changed(
        await store.change(Flags, Flags.id_of(context.tenant), decide, context=context, work=work)
    )


async def confirm_rollout(
    command: ConfirmRollout, context: Context, *, store: Store, clock: Clock
) -> FlagsChanged:
    """Let the next step begin. Raises NotFound, and Refused where the present one has not held yet."""

    def decide(known: Flags | None) -> Flags:
        flags = known or Flags.begin(context.tenant, clock())
        flags.confirm_rollout(command.flag, clock())
        return flags

    return _changed(await store.change(Flags, Flags.id_of(context.tenant), decide, context=context))


async def stop_rollout(command: StopRollout, context: Context, *, store: Store, clock: Clock) -> FlagsChanged:
    """Raises NotFound, Invalid, and Refused where none is under way."""
    reason = command.reason.strip()
    if not 1 <= len(reason) <= 500:
        raise Invalid("a reason has 1 to 500 characters")

    def decide(known: Flags | None) -> Flags:
        flags = known or Flags.begin(context.tenant, clock())
        flags.stop_rollout(command.flag, reason, clock(), back=command.back)
        return flags

    work = [Settled(kind=ROLLOUT_WORK, key=command.flag)]
    return _changed(
        await store.change(Flags, Flags.id_of(context.tenant), decide, context=context, work=work)
    )


async def look_at_rollout(
    command: LookAtRollout, context: Context, *, store: Store, metrics: Metrics, clock: Clock
) -> datetime | None:
    """Go on, hold or go back by how the answers did. When to look again; None: it has ended. Raises Unavailable while the read
    model is behind: what it does not know yet must not count as good."""
    flag = command.flag
    flags = await store.load(Flags, Flags.id_of(context.tenant), tenant=context.tenant)
    running = flags.state.rollouts.get(flag)
    if running is None:
        return None
    sides = await metrics.of(context.tenant, running.id, running.step)

    def decide(known: Flags | None) -> Flags:
        assert known is not None
        known.observe_rollout(flag, running.id, running.step, sides, clock())
        return known

    seen, _ = await store.change(Flags, flags.id, decide, context=context)
    return clock() + LOOK if flag in seen.state.rollouts else None


def _changed(found: tuple[Flags, Saved]) -> FlagsChanged:
    flags, saved = found
    return FlagsChanged(state=flags.state, version=flags.version, position=saved.position)
