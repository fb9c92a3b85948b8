"""A tenant's actions: which are declared, with what signs their calls."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from domain.actions.declaration import Action, Declaration
from domain.actions.schema import check_schema
from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid, NotFound, Refused
from domain.base.one_per_tenant import OnePerTenant
from domain.base.placeholders import placeholders

MOST = 30
"""Actions of a tenant: a model that is told of more chooses badly, and pays for all of them in each prompt."""


class ActionsState(msgspec.Struct):
    actions: dict[str, Action] = {}


class Actions(OnePerTenant[ActionsState]):
    """One per tenant, from its first action on."""

    TOPIC = "actions"
    State = ActionsState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "actions.begun"

    class Declared(Event, frozen=True, kw_only=True):
        """From now on it is as said. `secret` signs its calls; `authorization` goes along as that header."""

        TOPIC: ClassVar[str] = "actions.declared"
        name: str
        action: Declaration
        secret: bytes
        authorization: bytes | None = None

        def apply(self, aggregate: Actions) -> None:
            known = aggregate.state.actions.get(self.name)
            earlier = None if known is None else known.earlier
            aggregate.state.actions = {
                **aggregate.state.actions,
                self.name: Action(
                    name=self.name,
                    declared=self.action,
                    secret=self.secret,
                    earlier=earlier,
                    authorization=self.authorization,
                ),
            }

        def __repr__(self) -> str:
            return f"Declared(name={self.name!r})"

    class SecretRotated(Event, frozen=True, kw_only=True):
        """Calls are signed with it and with the one before."""

        TOPIC: ClassVar[str] = "actions.secret_rotated"
        name: str
        secret: bytes

        def apply(self, aggregate: Actions) -> None:
            known = aggregate.state.actions[self.name]
            changed = replace(known, secret=self.secret, earlier=known.secret)
            aggregate.state.actions = {**aggregate.state.actions, self.name: changed}

        def __repr__(self) -> str:
            return f"SecretRotated(name={self.name!r})"

    class Withdrawn(Event, frozen=True, kw_only=True):
        """The agent may not do it any more; what waits for a consent is not done either."""

        TOPIC: ClassVar[str] = "actions.withdrawn"
        PERSONAL: ClassVar[bool] = False
        name: str

        def apply(self, aggregate: Actions) -> None:
            left = aggregate.state.actions
            aggregate.state.actions = {name: left[name] for name in left if name != self.name}

    def declare(
        self,
        name: str,
        declared: Declaration,
        *,
        secret: bytes,
        authorization: bytes | None,
        kinds: Collection[str],
        at: datetime,
    ) -> None:
        """`secret`: of one that is new; an action keeps its own. `kinds` of entities that a rule may name. Raises Invalid, Refused."""
        known = self.state.actions.get(name)
        if known is None and len(self.state.actions) >= MOST:
            raise Refused(f"there are {MOST} actions already; withdraw one of them first")
        check_declared(declared, kinds)
        if authorization is not None and not (
            authorization.isascii() and authorization.decode("ascii", "replace").isprintable()
        ):
            raise Invalid(
                "authorization is what stands in that header, as `Bearer …`: visible ASCII characters"
            )
        if known is None or (known.declared, known.authorization) != (declared, authorization):
            self.trigger(
                self.Declared,
                at=at,
                name=name,
                action=declared,
                secret=secret if known is None else known.secret,
                authorization=authorization,
            )

    def rotate(self, name: str, secret: bytes, at: datetime) -> None:
        """Raises NotFound."""
        self.action(name)
        self.trigger(self.SecretRotated, at=at, name=name, secret=secret)

    def withdraw(self, name: str, at: datetime) -> None:
        """Raises NotFound."""
        self.action(name)
        self.trigger(self.Withdrawn, at=at, name=name)

    @property
    def in_order(self) -> tuple[Action, ...]:
        """By name."""
        return tuple(self.state.actions[name] for name in sorted(self.state.actions))

    def action(self, name: str) -> Action:
        """Raises NotFound."""
        if name not in self.state.actions:
            raise NotFound(f"there is no action {name[:60]!r} in this tenant")
        return self.state.actions[name]


def check_declared(declared: Declaration, kinds: Collection[str]) -> None:
    """Raises Invalid."""
    _check_url(declared.target.url)
    check_schema("arguments", declared.arguments)
    if declared.result is not None:
        check_schema("result", declared.result)
    names = set(declared.arguments.get("properties", {}))
    if strange := sorted(set(declared.bound) - names):
        raise Invalid(f"bound names {', '.join(strange)}, which the arguments' schema does not have")
    if declared.counts_as is not None and declared.effect == "read":
        raise Invalid("counts_as is of an action that writes: to read something is no purchase or booking")
    results = set((declared.result or {}).get("properties", {}))
    for text in declared.confirm.values():
        if strange := sorted(placeholders(text) - names):
            raise Invalid(f"confirm has {{{strange[0]}}}, and there is no such argument")
    for text in declared.done.values() if declared.result is not None else ():
        if strange := sorted(placeholders(text) - names - results):
            raise Invalid(f"done has {{{strange[0]}}}, and there is no such argument or field of the result")
    _check_rule(declared, names, kinds)


def _check_rule(declared: Declaration, names: set[str], kinds: Collection[str]) -> None:
    rule = declared.rule
    if rule is None:
        return
    if not rule.words and not rule.intents:
        raise Invalid("a rule has words or intents that tell that the action is wanted")
    if declared.effect == "write" and declared.consent == "none":
        raise Invalid(
            "an action that writes is not called by a rule alone; set consent to customer or operator, or leave the rule out"
        )
    if strange := sorted(set(rule.arguments) - (names - set(declared.bound))):
        raise Invalid(
            f"the rule gives {strange[0]}, which is no argument, or is bound to what is known of the customer"
        )
    for name, kind in rule.arguments.items():
        if kind not in kinds:
            raise Invalid(f"{name} is taken from {kind!r}; kinds of entities are {', '.join(sorted(kinds))}")
    required = set(declared.arguments.get("required", ())) - set(declared.bound)
    if missing := sorted(required - set(rule.arguments)):
        raise Invalid(
            f"the rule must say what {missing[0]} is taken from, as the arguments' schema requires it"
        )


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid("url is an address as https://shop.example.com/actions/order-status")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid(
            "url has no user, password or fragment; what an endpoint asks for goes into authorization"
        )
