"""Settings of a deployment that has a provider, played by a double."""

from __future__ import annotations

import msgspec

from infra.providers.access import ProviderAccess
from infra.settings import Secret, Settings


def asking(settings: Settings, base_url: str) -> Settings:
    """Under which `openai` is asked there, with the deployment's own key."""
    access = ProviderAccess(api_key=Secret("k"), base_url=base_url)
    return msgspec.structs.replace(settings, providers={"openai": access})
