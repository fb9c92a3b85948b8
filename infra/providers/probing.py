"""A cheap, authenticated call of each provider that the deployment has: the list of its models."""

from __future__ import annotations

import asyncio
import time

import httpx2
import msgspec

from infra.outgoing.client import Outgoing
from infra.providers import PROVIDERS
from infra.providers.access import NOTHING, Accesses, variable
from infra.providers.deployments import address_of, deployments

PATIENCE = 10.0
"""Seconds."""


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """`detail`: what it said, or what to do; never the key."""

    provider: str
    ok: bool
    ms: float
    detail: str


async def probe_all(accesses: Accesses) -> list[Probed]:
    """Each of them, at the same time, through the client that its calls go through."""
    async with Outgoing(guarded=False) as http:
        return list(await asyncio.gather(*(_probe(accesses, name, http) for name in deployments(accesses))))


async def _probe(accesses: Accesses, name: str, http: Outgoing) -> Probed:
    provider = PROVIDERS[name]
    address, key = address_of(accesses, name) or "", accesses.get(name, NOTHING).api_key
    began = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            reply = await http.get(
                address.rstrip("/") + provider.listing,
                headers={provider.key_field: provider.key_form.format(key)} if key else {},
            )
        ok, detail = _said(name, reply.status_code)
    except TimeoutError:
        ok, detail = (
            False,
            f"no answer within {PATIENCE:.0f} s; check the network, and {variable(name, 'base_url')}",
        )
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        ok, detail = False, f"{type(error).__name__}; check the network, and {variable(name, 'base_url')}"
    return Probed(provider=name, ok=ok, ms=round((time.monotonic() - began) * 1000, 1), detail=detail)


def _said(name: str, status: int) -> tuple[bool, str]:
    if status < 300:
        return True, "answers"
    if status in (401, 403):
        return False, f"refuses the key with {status}; check {variable(name, 'api_key')}"
    if status == 429:
        return False, "limits our calls (429); look at the account's limits"
    if status in (404, 405, 501):
        return True, f"answers, but has no list of models ({status})"
    if status < 400:
        return False, f"sends us elsewhere ({status}); check {variable(name, 'base_url')}"
    return False, f"answers {status}; look at the vendor's status page"
