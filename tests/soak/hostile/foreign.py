"""Other tenants' ids, on every route of the OpenAPI description."""

from __future__ import annotations

import urllib.parse
from typing import Any

from interfaces.http import EXAMPLES
from tests.soak.hostile.client import Client
from tests.soak.hostile.world import filled

OWN_ONLY = ("delete", "put", "post", "patch")


async def with_foreign_ids(client: Client) -> None:
    target = client.chance.choice(client.world.honest)
    path = client.chance.choice([path for path in client.world.paths if path.startswith("/v1")])
    method = client.chance.choice([*client.world.paths[path]])
    allowed = (400, 401, 403, 404, 405, 409, 413, 415, 422) if "{" in path else ()
    if any(name in path for name in ("{flag}", "{provider}", "{kind}")):
        allowed = ()  # names, not ids: they may be the villain's own too
    ids = {name: _disguised(client, value) for name, value in target.ids.items()}
    request: dict[str, Any] = {}
    if method in OWN_ONLY and (method, path) != ("post", "/v1/documents"):
        request["json"] = EXAMPLES.get((method, path), {})
    if path.endswith("stream"):
        request["pieces"] = 3
        ids["after"] = "0"
    if method == "get" and client.chance.random() < 0.3:
        request["params"] = {client.chance.choice(("stream", "cursor", "correlation")): target.ids["id"]}
    await client.ask(method.upper(), filled(path, ids), client.villain(), allowed=allowed, **request)
    await client.pause(0.3)


def _disguised(client: Client, value: str) -> str:
    """The id in another spelling."""
    spelled = (value, value, value.upper(), value.replace("-", ""), "{" + value + "}", f"urn:uuid:{value}")
    return urllib.parse.quote(client.chance.choice(spelled))
