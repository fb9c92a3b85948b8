"""Actions: declared, given another secret, withdrawn."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from application.actions.ports import Ports
from application.base.setting import Changed, change_setting, latest_setting
from application.ports import Store
from domain.actions.actions import Actions, check_declared
from domain.actions.declaration import Action, Declaration
from domain.answers.understanding.entities import KINDS
from domain.base.context import Context

SECRET = 32
"""Bytes."""


class DeclareAction(msgspec.Struct, frozen=True, kw_only=True):
    """`authorization`: what goes along as that header; None: none. `keeps`: the one that is there stays."""

    name: str
    declared: Declaration
    authorization: str | None = None
    keeps: bool = False

    def __repr__(self) -> str:
        return f"DeclareAction(name={self.name!r})"


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """`fresh`: it is new, and its secret is to be shown. `position` is 0 where nothing was changed."""

    action: Action
    fresh: bool
    version: int
    position: int


async def actions_of(tenant: UUID, *, store: Store) -> tuple[Sequence[Action], int]:
    """Those in force by name, at most a second old, and their version (0: nothing was ever declared)."""
    found = await latest_setting(Actions, tenant, store=store)
    if found is None:
        return (), 0
    return found.in_order, found.version


async def declare_action(command: DeclareAction, context: Context, ports: Ports) -> Stands:
    """From now on the agent may do it, as declared. Raises Invalid, Refused."""
    fresh, secret = False, secrets.token_bytes(SECRET)

    def decide(actions: Actions) -> None:
        nonlocal fresh
        known = actions.state.actions.get(command.name)
        fresh = known is None
        given = None if command.authorization is None else command.authorization.encode(errors="replace")
        kept = known.authorization if command.keeps and known is not None else given
        actions.declare(
            command.name,
            command.declared,
            secret=secret,
            authorization=kept,
            kinds=KINDS,
            at=ports.clock(),
        )

    check_declared(command.declared, KINDS)  # what is wrong by itself is told first
    await ports.action_caller.check(command.declared.target.url)
    return _stands(command.name, await _change(decide, context, ports), fresh=fresh)


async def rotate_action(name: str, context: Context, ports: Ports) -> Stands:
    """Give it another secret; calls are signed with the earlier one as well. Raises NotFound."""
    secret = secrets.token_bytes(SECRET)
    changed = await _change(lambda actions: actions.rotate(name, secret, ports.clock()), context, ports)
    return _stands(name, changed, fresh=True)


async def withdraw_action(name: str, context: Context, ports: Ports) -> int:
    """The agent may not do it any more. Returns the position. Raises NotFound."""
    changed = await _change(lambda actions: actions.withdraw(name, ports.clock()), context, ports)
    return changed.position


async def _change(decide: Callable[[Actions], None], context: Context, ports: Ports) -> Changed[Actions]:
    return await change_setting(Actions, decide, context, store=ports.store, clock=ports.clock)


def _stands(name: str, changed: Changed[Actions], *, fresh: bool) -> Stands:
    return Stands(
        action=changed.setting.action(name), fresh=fresh, version=changed.version, position=changed.position
    )
