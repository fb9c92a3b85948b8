"""A tenant's API keys: issued, rotated, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from domain.base.errors import Invalid, NotFound, Refused
from domain.tenancy.origins import OPEN, origin_of
from domain.tenancy.scopes import ADMIN, Scope
from domain.tenancy.state import ApiKey, TenantPart, checked_name

LASTING = timedelta(days=1)
"""How long a key with the scope that issues keys must go on for one to be given up on its account."""


class ApiKeys(TenantPart):
    """Somebody must always be able to issue another one."""

    class Event(TenantPart.Event, frozen=True, kw_only=True):
        pass

    class KeyIssued(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.key_issued"
        class_version: ClassVar[int] = 3
        key: str
        name: str
        secret_hash: bytes
        scopes: tuple[Scope, ...]
        expires_at: datetime | None = None
        replaces: str | None = None
        """The key in whose place it comes; None for a new one, and for what was rotated by earlier versions."""

        origins: tuple[str, ...] = ()
        """The browser apps that it is bound to; none: it is not for browsers."""

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What it came for was not said then."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version no key was bound to an origin."""

        def apply(self, aggregate: ApiKeys) -> None:
            keys = aggregate.state.keys
            keys[self.key] = ApiKey(
                id=self.key,
                name=self.name,
                secret_hash=self.secret_hash,
                scopes=self.scopes,
                origins=self.origins,
                expires_at=self.expires_at,
                issued_until=self.expires_at,
                line=keys[self.replaces].line if self.replaces else self.key,
            )

    class KeyExpirySet(Event, frozen=True, kw_only=True):
        """A rotated key goes on until `expires_at`, so that both work for a while."""

        TOPIC: ClassVar[str] = "tenant.key_expiry_set"
        key: str
        expires_at: datetime

        def apply(self, aggregate: ApiKeys) -> None:
            aggregate.state.keys[self.key].expires_at = self.expires_at

    class KeyRevoked(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.key_revoked"
        key: str

        def apply(self, aggregate: ApiKeys) -> None:
            aggregate.state.keys[self.key].revoked = True

    def issue_key(
        self,
        key: str,
        *,
        name: str,
        secret_hash: bytes,
        scopes: tuple[Scope, ...],
        expires_at: datetime | None,
        at: datetime,
        replaces: str | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        """`replaces`: the key in whose place it comes. `origins`: those of browser apps, which it is bound to."""
        self._exists()
        if not scopes:
            raise Invalid("a key needs at least one scope")
        if expires_at is not None and expires_at <= at:
            raise Invalid("expires_at lies in the past; give a later time or none")
        if origins and not OPEN.issuperset(scopes):
            raise Invalid(
                f"everybody who opens a browser app can read its key, so one with `origins` has no scope but {', '.join(OPEN)}"
            )
        bound = tuple(dict.fromkeys(map(origin_of, origins)))
        facts = {"key": key, "name": checked_name(name), "secret_hash": secret_hash, "expires_at": expires_at}
        self.trigger(self.KeyIssued, at=at, scopes=scopes, replaces=replaces, origins=bound, **facts)

    def rotate_key(
        self,
        key: str,
        *,
        by: str,
        secret_hash: bytes,
        overlap: timedelta,
        expires_at: datetime | UnsetType | None,
        at: datetime,
    ) -> None:
        """Put the new key `by` in the place of a key, with its name and scopes; that one goes on for `overlap`, but no longer than it would.

        `expires_at` of the new one; UNSET: as the old one was issued with. Raises Refused for a key that does not work any more.
        """
        old = self._key(key)
        if not old.valid(at):
            raise Refused(f"this key {'is revoked' if old.revoked else 'has expired'}; issue a new one")
        until = at + overlap if old.expires_at is None else min(at + overlap, old.expires_at)
        end = old.issued_until if expires_at is UNSET else expires_at
        self._stays_open(old, at, until, end)
        self.issue_key(
            by,
            name=old.name,
            secret_hash=secret_hash,
            scopes=old.scopes,
            expires_at=end,
            at=at,
            replaces=key,
            origins=old.origins,
        )
        self.trigger(self.KeyExpirySet, at=at, key=key, expires_at=until)

    def revoke_key(self, key: str, at: datetime) -> None:
        """Raises Refused where nobody could issue another one then."""
        known = self._key(key)
        if not known.revoked:
            self._stays_open(known, at)
            self.trigger(self.KeyRevoked, at=at, key=key)

    def _key(self, key: str) -> ApiKey:
        if key not in self.state.keys:
            raise NotFound(f"there is no key {key} in this tenant")
        return self.state.keys[key]

    def _stays_open(self, leaving: ApiKey, at: datetime, *ends: datetime | None) -> None:
        """Raises Refused where the last key that can issue others leaves. `ends`: when those expire that stay in its place.

        One that expires soon holds nothing open: for a day, or for as long as the one that leaves would, another must be good.
        """
        if ADMIN not in leaving.scopes or not leaving.valid(at):
            return
        others = [key for key in self.state.keys.values() if key is not leaving and key.valid(at)]
        ends += tuple(key.expires_at for key in others if ADMIN in key.scopes)
        needed = min(at + LASTING, leaving.expires_at or at + LASTING)
        if not any(end is None or end >= needed for end in ends):
            raise Refused(
                f"this is the last key with the scope {ADMIN}, and without one nobody can issue keys; "
                "issue another one first, or rotate this one"
            )
