"""Who gets in: wrong, contradicting, expired, revoked and weak keys, and requests that others have sent under an Idempotency-Key."""

from __future__ import annotations

import uuid

from interfaces.http import EXAMPLES
from tests.soak.hostile.client import Client
from tests.soak.hostile.honest import asked_by
from tests.soak.hostile.world import Honest, filled

READS = (
    "/v1/conversations",
    "/v1/documents",
    "/v1/keys",
    "/v1/audit/events",
    "/v1/audit/export",
    "/v1/agent/configuration",
    "/v1/conversations/{conversation}/events",
    "/v1/interactions/{interaction}/why",
    "/v1/documents/{document}/content",
    "/v1/audit/events/stream?after=0",
)
"""Where a tenant's own words are."""


async def with_credentials(client: Client) -> None:
    target = client.chance.choice(client.world.honest)
    path = filled(client.chance.choice(READS), target.ids)
    await client.chance.choice((_spent, _wrong, _contradicting, _weak))(client, target, path)
    await client.pause()


async def _spent(client: Client, target: Honest, path: str) -> None:
    key = client.chance.choice([*target.spent.values()])
    await client.ask("GET", path, key, allowed=(401,))


async def _wrong(client: Client, target: Honest, path: str) -> None:
    cut = client.chance.randrange(len(target.key))
    letter = client.chance.choice("abcdefghijkmnpqrstuvwxyz23456789ABC")
    wrong = target.key[:cut] + letter + target.key[cut + 1 :]
    made = client.chance.choice((wrong, target.key[:cut], "retrace_", "x" * 5000, "ü", uuid.UUID(int=1).hex))
    if made == target.key:
        return
    headers = [("Authorization", f"Bearer {made}"), ("X-Tenant-ID", target.tenant)]
    await client.ask("GET", path, headers=headers, allowed=(400, 401, 431))


async def _contradicting(client: Client, target: Honest, path: str) -> None:
    """The villain's own key with the honest tenant's weak one, or its id."""
    mine = client.villain()
    given = [
        [("Authorization", f"Bearer {mine}"), ("X-Tenant-API-Key", target.weak)],
        [("X-Tenant-API-Key", mine), ("X-Tenant-API-Key", target.weak)],
        [("Authorization", f"Bearer {target.weak}"), ("Authorization", f"Bearer {mine}")],
        [("Authorization", f"Bearer {mine}"), ("X-Tenant-ID", target.tenant)],
        [("X-Tenant-API-Key", mine), ("X-Tenant-ID", str(uuid.UUID(int=0))), ("X-Tenant-ID", target.tenant)],
    ]
    await client.ask("GET", path, headers=client.chance.choice(given), allowed=(401,))


async def _weak(client: Client, target: Honest, path: str) -> None:
    """A key of the tenant's own, for figures only: on reads, and on a write that makes it stronger."""
    if client.chance.random() < 0.5:
        await client.ask("GET", path, target.weak, allowed=(403,))
    else:
        body = EXAMPLES["post", "/v1/keys"]
        named = [("Idempotency-Key", f"weak-{client.chance.randrange(5)}")]
        await client.ask("POST", "/v1/keys", target.weak, headers=named, json=body, allowed=(403,))


async def with_others_requests(client: Client) -> None:
    """What an honest tenant has sent, word by word, under the same Idempotency-Key: by the villain, and by a weak key of the tenant's."""
    target = client.chance.choice(client.world.honest)
    body, named = asked_by(target, client.chance.randrange(200))
    if client.chance.random() < 0.5:
        await client.ask("POST", "/v1/messages", client.villain(), headers=named, json={**body, "wait": 0})
    else:
        await client.ask("POST", "/v1/messages", target.weak, headers=named, json=body, allowed=(403,))
    await client.pause()
