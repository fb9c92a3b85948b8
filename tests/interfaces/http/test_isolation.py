"""Another tenant's ids and canaries, on every route of the description."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.answers.variant import Variant
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http import EXAMPLES
from interfaces.http.base import following as live
from tests.application.experiments.evaluated import evaluated
from tests.interfaces.http.conftest import Customer, settled

CANARY = "quetzalcoatl"

NAMED_ANEW = {
    (method, path)
    for method in ("put", "delete")
    for path in ("/v1/alerts/rules/{rule}", "/v1/actions/{name}")
}
"""Names that every tenant gives as it likes: what is put under one is the caller's own, whatever others have under it."""


async def test_no_route_gives_or_changes_what_is_another_tenants(
    ours: Customer,
    theirs: Customer,
    anyone: httpx.AsyncClient,
    parts: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "LONGEST", 0.1)
    monkeypatch.setattr(parts.webhook_sender, "_private", True)
    monkeypatch.setattr(parts.action_caller, "_private", True)
    hook = {"url": "http://127.0.0.1:9/", "events": ["conversation.*"], "description": CANARY}
    endpoint = (await theirs.http.post("/v1/webhooks", json=hook)).json()["id"]
    await theirs.http.put("/v1/agent/configuration", json={"name": CANARY})
    made = await theirs.http.post(
        "/v1/documents", files={"file": (f"{CANARY}.txt", f"{CANARY} rules.".encode())}
    )
    await settled(theirs, made.headers["Location"])
    reply = await theirs.ask(f"Who is {CANARY}?", address=CANARY)
    key = (await theirs.http.post("/v1/keys", json={"name": CANARY, "scopes": ["audit:read"]})).json()["id"]
    shown = reply.json()
    assert CANARY in shown["text"]
    variant = Variant(configuration={"tone": CANARY})
    about = Context(tenant=theirs.tenant, actor="key:test", correlation=uuid4())
    evaluation = await evaluated(variant, about, store=parts.store, at=parts.clock())
    body = {"name": CANARY, "evaluation": str(evaluation)}
    deployment = (await theirs.http.post("/v1/deployments", json=body)).json()["id"]
    right = {"agent_interaction_id": shown["id"], "human_response": f"{CANARY}!", "category": "other"}
    correction = (await theirs.http.post("/v1/bot/corrections", json=right)).json()["id"]
    dataset = (await theirs.http.post("/v1/datasets", json={"name": CANARY})).json()["id"]
    written = {"cases": [{"message": CANARY, "expected_answer": CANARY}]}
    await theirs.http.post(f"/v1/datasets/{dataset}/cases", json=written)
    training_set = (await theirs.http.post("/v1/training-sets", json={"name": CANARY})).json()["id"]
    await settled(theirs, f"/v1/training-sets/{training_set}")
    noted = {"title": CANARY, "content": f"{CANARY} is known."}
    rule = {"metric": "handoff_rate", "threshold": 0.5, "window_minutes": 60, "description": CANARY}
    (await theirs.http.put("/v1/alerts/rules/theirs", json=rule)).raise_for_status()
    action = {**EXAMPLES[("put", "/v1/actions/{name}")], "description": CANARY}
    (await theirs.http.put("/v1/actions/theirs", json=action)).raise_for_status()
    entry = (await theirs.http.post("/v1/knowledge?wait=60", json=noted)).json()["id"]
    person = {"email": f"{CANARY}@example.com", "name": CANARY, "roles": ["admin"]}
    operator = (await theirs.http.post("/v1/operators", json=person)).json()["id"]
    ids = defaultdict[str, str](lambda: shown["id"])  # of other kinds there is nothing
    ids |= {
        "evaluation": str(evaluation),
        "deployment": deployment,
        "interaction": shown["id"],
        "operator": operator,
        "session": "0123456789ab",
        "conversation": shown["conversation"],
        "document": made.json()["id"],
        "entry": entry,
        "tenant": str(theirs.tenant),
        "key": key,
        "endpoint": endpoint,
        "correction": correction,
        "dataset": dataset,
        "training_set": training_set,
        "kind": "conversation",
        "flag": "theirs",
        "provider": "theirs",
        "account": "theirs",
        "media": shown["id"],
        "name": "theirs",
        "rule": "theirs",
        "id": shown["conversation"],
    }
    before = await facts(theirs)
    tried = 0
    paths: dict[str, Any] = (await anyone.get("/schema")).json()["paths"]
    for path, item in paths.items():
        for method in item:
            if not path.startswith("/v1"):
                continue
            request: dict[str, Any] = (
                {"json": EXAMPLES.get((method, path), {})} if method in ("post", "put", "patch") else {}
            )
            if method == "post" and path.endswith(("/v1/documents", "/import")):
                request = {"files": {"file": ("a.txt", b"Ours.")}}
            needed = [
                each
                for each in item[method].get("parameters", [])
                if each["in"] == "query" and each["required"]
            ]
            query = {each["name"]: "1" for each in needed}
            answer = await ours.http.request(method, path.format_map(ids), params=query, **request)
            assert answer.status_code < 500, (method, path, answer.text)
            if "{" in path:
                fine = (200, 201, 204) if (method, path) in NAMED_ANEW else (403, 404)
                assert answer.status_code in fine, (method, path, answer.text)
            assert CANARY not in answer.text, (method, path)
            tried += 1
    assert tried > 20
    found = (await ours.http.post("/v1/search", json={"query": CANARY, "limit": 50})).json()["items"]
    assert not [item for item in found if CANARY in item["text"]]
    again = await ours.ask(f"Who is {CANARY}?", address=CANARY)
    assert again.json()["conversation"] != shown["conversation"]
    assert again.json()["citations"] == []
    assert await facts(theirs) == before


async def facts(customer: Customer) -> list[Any]:
    """The customer's log, without the records of its being read."""
    items: list[Any] = (await customer.http.get("/v1/audit/events?limit=200")).json()["items"]
    return [item for item in items if not item["kind"].startswith("audit.")]
