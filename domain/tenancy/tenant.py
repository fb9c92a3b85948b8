"""A tenant: a business that uses the service, and its API keys."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, get_args
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from domain.base.aggregate import Aggregate, CreatedEvent
from domain.base.errors import Forbidden, Invalid, NotFound, Refused

Scope = Literal[
    "conversations:write",
    "conversations:read",
    "integrations:manage",
    "analytics:view",
    "models:deploy",
    "audit:read",
    "tenants:admin",
]
LaterScope = Literal["feedback:review", "campaigns:manage"]
"""Of what a later version will have. Keys of earlier times hold them; they open nothing yet, and no new key gets them."""

AnyScope = Literal[Scope, LaterScope]

SCOPES: tuple[Scope, ...] = get_args(Scope)
LATER_SCOPES: frozenset[str] = frozenset(get_args(LaterScope))


class ApiKey(msgspec.Struct):
    """A key as the tenant knows it: never the secret, only its SHA-256 (the secret has 192 random bits)."""

    id: str
    name: str
    secret_hash: bytes
    scopes: tuple[AnyScope, ...]
    expires_at: datetime | None = None
    revoked: bool = False
    issued_until: datetime | None = None
    """When it was to expire as it was issued; one that was rotated expires earlier."""
    line: str = ""
    """Id of the first key of those that rotations put in each other's place; its own where it is the first."""

    @property
    def offered(self) -> tuple[Scope, ...]:
        """Those of its scopes that open something."""
        return tuple(scope for scope in SCOPES if scope in self.scopes)

    def valid(self, now: datetime) -> bool:
        return not self.revoked and (self.expires_at is None or now < self.expires_at)


class ProviderKey(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's own key of a provider. It is kept as bytes, which no state, event or export shows. `base_url` None: the usual address."""

    provider: str
    key: bytes
    base_url: str | None = None
    set_at: datetime

    @property
    def ending(self) -> str:
        """The last characters, by which its owner knows it: at most four, and none of a short key."""
        return self.key[-4:].decode() if len(self.key) >= LONG_KEY else ""

    def __repr__(self) -> str:
        return f"ProviderKey(provider={self.provider!r}, base_url={self.base_url!r})"


ADMIN: Scope = "tenants:admin"
"""The scope that issues keys: with no key that has it a tenant is locked out."""

LASTING = timedelta(days=1)
"""How long a key with that scope must go on for one to be given up on its account."""

LONG_KEY = 16
_KEY = re.compile(r"[!-~]{1,2000}")


class TenantState(msgspec.Struct):
    name: str = ""
    status: Literal["active", "suspended", "removed"] = "active"
    before: Literal["active", "suspended"] = "active"
    """The status that a removed tenant gets back."""

    erase_at: datetime | None = None
    """When a removed tenant is erased; until then it can be restored."""

    erased: bool = False
    keys: dict[str, ApiKey] = {}
    skipped: dict[str, list[int]] = {}
    """Projection → positions of the events that it leaves out."""
    generation: int = 1
    """Of the tenant's encryption key, the newest that was decided on."""
    master: str = ""
    """Fingerprint of the master key that the last rotation went to."""
    provider_keys: dict[str, ProviderKey] = {}


class Tenant(Aggregate[TenantState]):
    TOPIC = "tenant"
    State = TenantState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.created"
        name: str

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.name = self.name

    class Renamed(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.renamed"
        name: str

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.name = self.name

    class Suspended(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.suspended"
        reason: str | None = None

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.status = "suspended"

    class Resumed(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.resumed"

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.status = "active"

    class Removed(Event, frozen=True, kw_only=True):
        """No key works any more; at `erase_at` all of it is erased. None: it never is (what earlier versions removed)."""

        TOPIC: ClassVar[str] = "tenant.removed"
        class_version: ClassVar[int] = 2
        erase_at: datetime | None = None

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What was removed then is kept."""

        def apply(self, aggregate: Tenant) -> None:
            state = aggregate.state
            if state.status != "removed":
                state.before = state.status
            state.status, state.erase_at = "removed", self.erase_at

    class Restored(Event, frozen=True, kw_only=True):
        """It is as it was before it was removed."""

        TOPIC: ClassVar[str] = "tenant.restored"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.status, aggregate.state.erase_at = aggregate.state.before, None

    class Erased(Event, frozen=True, kw_only=True):
        """All keys of the tenant's are destroyed, and with them all that its log said, this too: positions, times, topics and hashes stay."""

        TOPIC: ClassVar[str] = "tenant.erased"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.erased = True

    class KeyIssued(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.key_issued"
        class_version: ClassVar[int] = 2
        key: str
        name: str
        secret_hash: bytes
        scopes: tuple[AnyScope, ...]
        expires_at: datetime | None = None
        replaces: str | None = None
        """The key in whose place it comes; None for a new one, and for what was rotated by earlier versions."""

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What it came for was not said then."""

        def apply(self, aggregate: Tenant) -> None:
            keys = aggregate.state.keys
            keys[self.key] = ApiKey(
                id=self.key,
                name=self.name,
                secret_hash=self.secret_hash,
                scopes=self.scopes,
                expires_at=self.expires_at,
                issued_until=self.expires_at,
                line=keys[self.replaces].line if self.replaces else self.key,
            )

    class KeyExpirySet(Event, frozen=True, kw_only=True):
        """A rotated key goes on until `expires_at`, so that both work for a while."""

        TOPIC: ClassVar[str] = "tenant.key_expiry_set"
        key: str
        expires_at: datetime

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.keys[self.key].expires_at = self.expires_at

    class KeyRevoked(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tenant.key_revoked"
        key: str

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.keys[self.key].revoked = True

    class ProjectionEventSkipped(Event, frozen=True, kw_only=True):
        """The projection leaves out the event at `position`, now and whenever it is built again."""

        TOPIC: ClassVar[str] = "tenant.projection_event_skipped"
        projection: str
        position: int
        reason: str

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.skipped.setdefault(self.projection, []).append(self.position)

    class KeysRotated(Event, frozen=True, kw_only=True):
        """From here on the tenant's newest key is `generation`, or its keys are wrapped with the master key of this fingerprint.

        It is recorded first and then carried out, so that no key ever changes without a word.
        """

        TOPIC: ClassVar[str] = "tenant.keys_rotated"
        PERSONAL: ClassVar[bool] = False
        what: Literal["tenant", "master"]
        generation: int
        master: str

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.generation = self.generation
            if self.what == "master":
                aggregate.state.master = self.master

    class ProviderKeySet(Event, frozen=True, kw_only=True):
        """From here on the tenant's calls of this provider go with its own key."""

        TOPIC: ClassVar[str] = "tenant.provider_key_set"
        provider: str
        key: bytes
        base_url: str | None = None

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.provider_keys[self.provider] = ProviderKey(
                provider=self.provider, key=self.key, base_url=self.base_url, set_at=self.timestamp
            )

        def __repr__(self) -> str:
            return f"ProviderKeySet(provider={self.provider!r}, base_url={self.base_url!r})"

    class ProviderKeyRemoved(Event, frozen=True, kw_only=True):
        """From here on the tenant's calls of this provider go with the deployment's key, if it has one."""

        TOPIC: ClassVar[str] = "tenant.provider_key_removed"
        PERSONAL: ClassVar[bool] = False
        provider: str

        def apply(self, aggregate: Tenant) -> None:
            aggregate.state.provider_keys.pop(self.provider, None)

    class ProviderHealthReset(Event, frozen=True, kw_only=True):
        """Somebody, the event's actor, let a provider, or one of its models, be asked again before its time."""

        TOPIC: ClassVar[str] = "tenant.provider_health_reset"
        PERSONAL: ClassVar[bool] = False
        provider: str
        model: str | None

    @classmethod
    def begin(cls, id: UUID, name: str, at: datetime) -> Tenant:
        return cls.create(cls.Created, id=id, at=at, name=_name(name))

    def rename(self, name: str, at: datetime) -> None:
        self._exists()
        if _name(name) != self.state.name:
            self.trigger(self.Renamed, at=at, name=_name(name))

    def suspend(self, reason: str | None, at: datetime) -> None:
        self._exists()
        if self.state.status == "active":
            self.trigger(self.Suspended, at=at, reason=reason)

    def resume(self, at: datetime) -> None:
        self._exists()
        if self.state.status == "suspended":
            self.trigger(self.Resumed, at=at)

    def remove(self, erase_at: datetime, at: datetime) -> None:
        """Raises Forbidden where it was removed before, unless nothing was said then of when it is erased."""
        if self.state.erase_at is not None:
            self._exists()
        self.trigger(self.Removed, at=at, erase_at=erase_at)

    def bring_back(self, at: datetime) -> None:
        """Raises Refused where it was not removed, or is being erased by now."""
        if self.state.status != "removed":
            raise Refused("this tenant was not removed; there is nothing to restore")
        if self.state.erased or (self.state.erase_at is not None and at >= self.state.erase_at):
            raise Refused("it is too late: this tenant is being erased")
        self.trigger(self.Restored, at=at)

    def erase(self, at: datetime) -> datetime | None:
        """Say that all of it goes now, if its time has come; else when it has to be looked at again, None: never."""
        erase_at = self.state.erase_at
        if erase_at is not None and at >= erase_at:
            self.trigger(self.Erased, at=at)
        return erase_at

    def issue_key(
        self,
        key: str,
        *,
        name: str,
        secret_hash: bytes,
        scopes: tuple[AnyScope, ...],
        expires_at: datetime | None,
        at: datetime,
        replaces: str | None = None,
    ) -> None:
        """`replaces`: the key in whose place it comes."""
        self._exists()
        if not scopes:
            raise Invalid("a key needs at least one scope")
        if expires_at is not None and expires_at <= at:
            raise Invalid("expires_at lies in the past; give a later time or none")
        facts = {"key": key, "name": _name(name), "secret_hash": secret_hash, "expires_at": expires_at}
        self.trigger(self.KeyIssued, at=at, scopes=scopes, replaces=replaces, **facts)

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
        )
        self.trigger(self.KeyExpirySet, at=at, key=key, expires_at=until)

    def revoke_key(self, key: str, at: datetime) -> None:
        """Raises Refused where nobody could issue another one then."""
        known = self._key(key)
        if not known.revoked:
            self._stays_open(known, at)
            self.trigger(self.KeyRevoked, at=at, key=key)

    def skip_projection_event(self, projection: str, position: int, reason: str, at: datetime) -> None:
        reason = reason.strip()
        if not 1 <= len(reason) <= 500:
            raise Invalid("a reason has 1 to 500 characters")
        if position not in self.state.skipped.get(projection, ()):
            self.trigger(
                self.ProjectionEventSkipped, at=at, projection=projection, position=position, reason=reason
            )

    def rotate_key_of_tenant(self, generation: int, master: str, at: datetime) -> None:
        """Encryption keys rotate in a removed tenant too: its log stays."""
        if generation > self.state.generation:
            self.trigger(self.KeysRotated, at=at, what="tenant", generation=generation, master=master)

    def rotate_master_key(self, master: str, at: datetime) -> None:
        """`master`: fingerprint of the one that wraps from now on."""
        if master != self.state.master:
            generation = self.state.generation
            self.trigger(self.KeysRotated, at=at, what="master", generation=generation, master=master)

    def set_provider_key(self, provider: str, key: str, base_url: str | None, at: datetime) -> None:
        """Raises Invalid, whose text does not hold the key."""
        self._exists()
        if not _KEY.fullmatch(key):
            raise Invalid("a provider's key has 1 to 2000 visible ASCII characters")
        if base_url is not None:
            _check_address(base_url)
        known = self.state.provider_keys.get(provider)
        if known is None or (known.key, known.base_url) != (key.encode(), base_url):
            self.trigger(self.ProviderKeySet, at=at, provider=provider, key=key.encode(), base_url=base_url)

    def remove_provider_key(self, provider: str, at: datetime) -> None:
        if provider not in self.state.provider_keys:
            raise NotFound(f"this tenant has no key of its own for {provider}")
        self.trigger(self.ProviderKeyRemoved, at=at, provider=provider)

    def reset_provider_health(self, provider: str, model: str | None, at: datetime) -> None:
        self._exists()
        self.trigger(self.ProviderHealthReset, at=at, provider=provider, model=model)

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

    def _exists(self) -> None:
        if self.state.status == "removed":
            raise Forbidden("this tenant was removed")


def _name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 200:
        raise Invalid("a name has 1 to 200 characters")
    return name


def _check_address(base_url: str) -> None:
    """Raises Invalid."""
    try:
        parts = urlsplit(base_url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or len(base_url) > 500 or not _KEY.fullmatch(base_url):
        raise Invalid("base_url is an address as https://models.example.com/v1, of at most 500 characters")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise Invalid("base_url has no user, password, query or fragment")
