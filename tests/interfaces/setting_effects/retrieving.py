"""How passages are found."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any
from uuid import uuid4

from application.retrieval.query import Query, QuestionVector
from application.retrieval.sources.source import Brought
from infra.settings import load
from interfaces.bootstrap import services
from tests.interfaces.setting_effects.deployment import Deployment, Proof


async def source_timeout(deployment: Deployment) -> None:
    """A source of passages that takes half a second is late, or is not."""

    class Slow:
        name, own = "slow", True

        def serves(self, query: Query) -> bool:
            return True

        async def find(self, query: Query) -> Brought:
            await asyncio.sleep(0.5)
            return Brought()

    query = Query(tenant=uuid4(), text="Open?", vector=QuestionVector(model="local/wordllama-256"))
    outcomes = []
    for milliseconds in ("20", "30000"):
        given = {**deployment.here, "RETRACE_SOURCE_TIMEOUT_MS": milliseconds}
        async with services(load(given, deployment.log.parent), pool=1) as parts:
            retriever = dataclasses.replace(parts.retriever, sources=(Slow(),))
            outcomes += [each.outcome for each in (await retriever.retrieve(query)).lookups]
    assert outcomes == ["late", "nothing"]


async def embedding_model(deployment: Deployment) -> None:
    """Else it were OpenAI's, for which the tenant brings a key."""
    key = {"key": "sk-0123456789abcdef", "base_url": "https://api.openai.com/v1"}
    assert (await deployment.http.put("/v1/providers/openai/key", json=key)).status_code == 200
    shown = (await deployment.http.get("/v1/embedding-model")).json()
    assert (await deployment.http.delete("/v1/providers/openai/key")).status_code == 204
    assert shown["default"] == "local/wordllama-256"


def index_rule(name: str, wanted: float) -> Any:
    """What follows of it is shown in tests/application/retrieval/test_vector_index.py."""

    async def proof(deployment: Deployment) -> None:
        assert (await deployment.http.get("/v1/vector-index")).json()[name] == wanted

    return proof


PROOFS: dict[str, Proof] = {
    "RETRACE_EMBEDDING_MODEL": embedding_model,
    "RETRACE_SOURCE_TIMEOUT_MS": source_timeout,
    "RETRACE_VECTOR_INDEX_CHUNKS": index_rule("from_chunks", 7000),
    "RETRACE_VECTOR_INDEX_RECALL": index_rule("wanted_recall", 0.98),
    "RETRACE_VECTOR_INDEXES": index_rule("most", 7),
}
