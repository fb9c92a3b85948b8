"""A tenant's own keys of providers."""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

from domain.base.errors import Invalid, NotFound
from domain.tenancy.state import ProviderKey, TenantPart

_KEY = re.compile(r"[!-~]{1,6000}")


class ProviderKeys(TenantPart):
    """No text of it holds a key."""

    class Event(TenantPart.Event, frozen=True, kw_only=True):
        pass

    class ProviderKeySet(Event, frozen=True, kw_only=True):
        """From here on the tenant's calls of this provider go with its own key."""

        TOPIC: ClassVar[str] = "tenant.provider_key_set"
        provider: str
        key: bytes
        base_url: str | None = None

        def apply(self, aggregate: ProviderKeys) -> None:
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

        def apply(self, aggregate: ProviderKeys) -> None:
            aggregate.state.provider_keys.pop(self.provider, None)

    def set_provider_key(self, provider: str, key: str, base_url: str | None, at: datetime) -> None:
        """Raises Invalid, whose text does not hold the key."""
        self._exists()
        if not _KEY.fullmatch(key):
            raise Invalid("a provider's key has 1 to 6000 visible ASCII characters")
        if base_url is not None:
            _check_address(base_url)
        known = self.state.provider_keys.get(provider)
        if known is None or (known.key, known.base_url) != (key.encode(), base_url):
            self.trigger(self.ProviderKeySet, at=at, provider=provider, key=key.encode(), base_url=base_url)

    def remove_provider_key(self, provider: str, at: datetime) -> None:
        if provider not in self.state.provider_keys:
            raise NotFound(f"this tenant has no key of its own for {provider}")
        self.trigger(self.ProviderKeyRemoved, at=at, provider=provider)


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
