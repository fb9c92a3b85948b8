"""A server that was given all settings, a tenant of it, and the vendors' doubles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from domain.tenancy.rate_limits import LIMITS
from tests.interfaces.http.conftest import MASTER

HOST = "127.0.0.2"


@dataclass
class Deployment:
    """A server with these variables, a tenant of it, and the vendors' doubles by provider."""

    environment: dict[str, str]
    http: httpx.AsyncClient
    tenant: str
    doubles: dict[str, Any]
    log: Path

    @property
    def here(self) -> dict[str, str]:
        """For a role in this process: Vault's double, which runs on this loop, can't be waited for in it."""
        return {**self.environment, "RETRACE_MASTER_KEY": MASTER}


Proof = Callable[[Deployment], Awaitable[None]]


RATES = {name: 50_000 + number for number, name in enumerate(LIMITS)}
"""Requests a minute. That more than the rate are refused is shown in tests/interfaces/http/base/test_rates.py."""
