"""What the deployment itself has of a provider: a key, and an address where it is not the vendor's. Both are settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

from infra.secret import Secret


class ProviderAccess(msgspec.Struct, frozen=True, kw_only=True):
    """`base_url` None: the vendor's own."""

    api_key: Secret | None = None
    base_url: str | None = None


Part = Literal["api_key", "base_url"]
PARTS: tuple[Part, ...] = get_args(Part)

Accesses = Mapping[str, ProviderAccess]
"""By providers' names."""

NOTHING = ProviderAccess()


def variable(provider: str, what: Part) -> str:
    """The environment's name for it."""
    return f"{provider}_{what}".upper()
