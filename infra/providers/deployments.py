"""The providers that the deployment itself has a key or an address for, by its settings."""

from __future__ import annotations

from infra.providers import PROVIDERS
from infra.settings import Settings


def deployments(settings: Settings) -> list[str]:
    """Names of those that it has what they need for."""
    return [
        name
        for name, provider in PROVIDERS.items()
        if setting_of(settings, name, "api_key")
        or (provider.keyless and setting_of(settings, name, "base_url"))
        if address_of(settings, name)
    ]


def address_of(settings: Settings, name: str) -> str | None:
    """Where the deployment asks it: at the address that it was given, else at the vendor's."""
    return setting_of(settings, name, "base_url") or PROVIDERS[name].base_url


def setting_of(settings: Settings, name: str, what: str) -> str | None:
    value: str | None = getattr(settings, f"{name}_{what}", None)
    return value
