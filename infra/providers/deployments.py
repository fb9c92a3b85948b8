"""The providers that the deployment itself has a key or an address for."""

from __future__ import annotations

from infra.providers import PROVIDERS
from infra.providers.access import NOTHING, Accesses


def deployments(accesses: Accesses) -> list[str]:
    """Names of those that it has what they need for."""
    return [
        name
        for name, provider in PROVIDERS.items()
        if (access := accesses.get(name, NOTHING)).api_key or (provider.keyless and access.base_url)
        if address_of(accesses, name)
    ]


def address_of(accesses: Accesses, name: str) -> str | None:
    """Where the deployment asks it: at the address that it was given, else at the vendor's."""
    return accesses.get(name, NOTHING).base_url or PROVIDERS[name].base_url
