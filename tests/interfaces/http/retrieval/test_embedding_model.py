"""The embedding model over HTTP: chosen, shown, and told why not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from infra.settings import Settings
from interfaces.bootstrap import Services, services
from tests.doubles.embeddings import Embeddings, embeddings_double
from tests.interfaces.http.conftest import Customer

LOCAL = "local/wordllama-256"


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings) -> AsyncIterator[Services]:
    """Whose providers may lie on this machine."""
    given = msgspec.structs.asdict(settings) | {"allow_private_addresses": True}
    async with services(Settings(**given), pool=6) as parts:
        yield parts


@pytest.fixture(name="double")
async def _double() -> AsyncIterator[Embeddings]:
    async with embeddings_double() as double:
        yield double


async def test_a_tenant_has_the_built_in_model_until_it_chooses_another(
    ours: Customer, double: Embeddings
) -> None:
    shown = await ours.http.get("/v1/embedding-model")
    assert shown.json() == {
        "serving": LOCAL,
        "dimension": 256,
        "default": LOCAL,
        "coming": None,
        "delayed_by": None,
        "chunks": {},
    }
    assert shown.headers["ETag"] == '"0"'
    wanted = {"model": "gemini/gemini-embedding-001", "dimension": 768}
    refused = await ours.http.put("/v1/embedding-model", json=wanted)
    assert refused.status_code == 422
    assert "PUT /v1/providers/gemini/key" in refused.json()["detail"]
    key = {"key": "g-0123456789abcdef", "base_url": double.gemini("ok")}
    assert (await ours.http.put("/v1/providers/gemini/key", json=key)).status_code == 200
    chosen = await ours.http.put("/v1/embedding-model", json=wanted)
    assert chosen.status_code == 200, chosen.text
    assert (chosen.json()["serving"], chosen.json()["dimension"]) == ("gemini/gemini-embedding-001@768", 768)
    assert chosen.headers["ETag"] == '"2"'
    again = await ours.http.put("/v1/embedding-model", json=wanted, headers={"If-Match": '"2"'})
    assert (again.status_code, again.headers["ETag"]) == (200, '"2"')


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"model": "openai"}, 400, "provider/model"),
        ({"model": "openai/text-embedding-3-small", "dimension": 2000}, 400, "between 1 and 1536"),
        ({"model": LOCAL, "dimension": 100}, 400, "leave dimension out"),
        ({"model": "openai/gpt-6-luna"}, 422, "not at those for embedding"),
        ({"model": "nobody/some"}, 422, "there is no provider"),
        ({"model": "openai/text-embedding-3-small", "dimension": 0}, 400, ""),
    ],
)
async def test_what_is_no_embedding_model_is_refused_with_what_to_do(
    ours: Customer, body: dict[str, object], status: int, said: str
) -> None:
    reply = await ours.http.put("/v1/embedding-model", json=body)
    assert reply.status_code == status, reply.text
    assert said in reply.json()["detail"]


async def test_a_search_tells_that_it_went_by_words_alone(ours: Customer, double: Embeddings) -> None:
    key = {"key": "sk-0123456789abcdef", "base_url": double.url()}
    assert (await ours.http.put("/v1/providers/compatible/key", json=key)).status_code == 200
    wanted = {"model": "compatible/bge-m3"}
    assert (await ours.http.put("/v1/embedding-model", json=wanted)).status_code == 200
    assert "Retrace-Words-Only" not in (await ours.http.post("/v1/search", json={"query": "open?"})).headers
    double.script = lambda body: "401"
    found = await ours.http.post("/v1/search", json={"query": "closed?"})
    assert (found.status_code, found.json()["items"]) == (200, [])
    assert found.headers["Retrace-Words-Only"] == "compatible/bge-m3: HTTP 401"
