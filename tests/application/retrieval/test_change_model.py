"""A tenant changes its embedding model: the old vectors serve until all passages are embedded anew; then the new ones do."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from application.ports import Chunk
from application.retrieval.change_model import GRACE, change_embedding_model
from application.retrieval.embedding.model import EmbeddingModelShown, embedding_model_of
from domain.retrieval.embedding_model import CHANGE_WORK, LOCAL
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from tests.application.conftest import MASTER, Shop
from tests.application.played import PlayedHealth
from tests.application.retrieval.entries import index as index_entry
from tests.application.retrieval.entries import said, update, written
from tests.application.retrieval.remote import SMALL, SPACE, ask_at, choose, metered_for
from tests.application.retrieval.uploads import HOURS, delete, found, process, upload
from tests.doubles.embeddings import Embeddings, embeddings_double

LATER = timedelta(minutes=5)


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    """Whose providers may lie on this machine."""
    settings = Settings(
        database_url=Secret(database_url),
        data=tmp_path_factory.mktemp("data"),
        master_key=Secret(MASTER),
        allow_private_addresses=True,
    )
    async with services(settings, pool=8) as parts:
        yield parts


@pytest.fixture(name="double")
async def _double() -> AsyncIterator[Embeddings]:
    async with embeddings_double() as double:
        yield double


async def change(shop: Shop, after: timedelta = timedelta(0)) -> float | None:
    """One try of the work, that much later; in how many seconds it is due again."""
    parts, now = shop.parts, datetime.now(UTC) + after
    again = await change_embedding_model(
        shop.context,
        embedder=parts.embedder,
        vectors=parts.vectors,
        store=parts.store,
        keyring=parts.keyring,
        clock=lambda: now,
    )
    return None if again is None else (again - now).total_seconds()


async def shown(shop: Shop) -> EmbeddingModelShown:
    parts = shop.parts
    return await embedding_model_of(
        shop.context.tenant, embedder=parts.embedder, vectors=parts.vectors, store=parts.store
    )


async def begin(shop: Shop, double: Embeddings) -> EmbeddingModelShown:
    shop.parts = dataclasses.replace(
        shop.parts, embedder=dataclasses.replace(shop.parts.embedder, health=PlayedHealth())
    )
    await ask_at(shop, double.url())
    return await choose(shop, SMALL)


async def test_the_old_vectors_serve_until_all_passages_have_new_ones(shop: Shop, double: Embeddings) -> None:
    first = await upload(shop)
    await process(shop, first.document)
    entry = await written(shop, said("Refunds take two weeks.", title="Refunds", keywords=("money",)))
    begun = await begin(shop, double)
    assert (begun.serving, begun.coming, begun.chunks) == (LOCAL, SPACE, {LOCAL: 2})
    assert (CHANGE_WORK, "all") in await shop.owed()
    double.script = lambda body: "500"
    assert await change(shop) == pytest.approx(5, abs=1)
    waiting = await shown(shop)
    assert (waiting.serving, waiting.delayed_by, waiting.chunks) == (LOCAL, "HTTP 500", {LOCAL: 2})
    asked = len(double.requests)
    assert (await found(shop))[0] == HOURS.decode()
    assert len(double.requests) == asked, "the question is the built-in model's still"
    double.script = lambda body: "ok"
    second = await upload(shop, b"Tents stand on shelf three.", "tents.txt")
    await process(shop, second.document)  # by the model that serves
    assert await change(shop) == GRACE.total_seconds()
    served = await shown(shop)
    assert (served.serving, served.coming, served.delayed_by) == (SPACE, None, "")
    assert served.chunks == {LOCAL: 3, SPACE: 3}
    assert max(double.embedded[text] for text in double.embedded if text != "When are you open?") == 1
    assert any("money" in text for text in double.embedded), "an entry is found by its keywords still"
    # A document that was processed while the other model began to serve has no vectors of it yet.
    await shop.parts.vectors.replace(
        shop.context.tenant, second.document, "tents.txt", LOCAL, await _chunks_of(shop, second.document)
    )
    assert await change(shop, timedelta(seconds=10)) == pytest.approx(GRACE.total_seconds() - 10, abs=8)
    assert await change(shop, LATER) is None
    done = await shown(shop)
    assert (done.serving, done.chunks) == (SPACE, {SPACE: 3})
    assert (await found(shop))[0] == HOURS.decode()
    for document in (first.document, entry):
        calls = [each.attempts[0].outcome for each in await metered_for(shop, document)]
        assert calls.count("ok") == 1


async def _chunks_of(shop: Shop, document: UUID) -> list[Chunk]:
    kept = await shop.parts.vectors.texts(shop.context.tenant, document)
    vectors = await shop.parts.embedder.like_ours([each.text for each in kept])
    return [
        Chunk(
            id=each.id, ordinal=each.ordinal, page=1, section=None, tokens=5, text=each.text, embedding=vector
        )
        for each, vector in zip(kept, vectors, strict=True)
    ]


async def test_a_change_that_is_called_off_leaves_what_serves_and_nothing_else(
    shop: Shop, double: Embeddings
) -> None:
    uploaded = await upload(shop)
    await process(shop, uploaded.document)
    await begin(shop, double)
    off = await choose(shop, LOCAL)
    assert (off.serving, off.coming) == (LOCAL, None)
    assert await change(shop) is None
    assert (await shown(shop)).chunks == {LOCAL: 1}


async def test_what_changes_or_goes_meanwhile_gets_no_vectors_of_what_it_said(
    shop: Shop, double: Embeddings
) -> None:
    uploaded = await upload(shop)
    await process(shop, uploaded.document)
    entry = await written(shop, said("We are open from nine."))
    await begin(shop, double)
    vectors = shop.parts.vectors
    stale = await vectors.texts(shop.context.tenant, entry)
    revision = await update(shop, entry, said("We are open from ten."))
    await index_entry(shop, entry, revision)
    made = {(each.ordinal, each.id): [1.0] * 1024 for each in stale}
    await vectors.add(shop.context.tenant, entry, SPACE, made)
    assert (await shown(shop)).chunks == {LOCAL: 2}, "those were of another text"
    await delete(shop, uploaded.document)
    assert await change(shop) == GRACE.total_seconds()
    assert await change(shop, LATER) is None
    assert (await shown(shop)).chunks == {SPACE: 1}
    assert "We are open from ten." in (await found(shop))[0]


async def test_back_to_the_built_in_model(shop: Shop, double: Embeddings) -> None:
    uploaded = await upload(shop)
    await begin(shop, double)
    await process(shop, uploaded.document)
    assert (await shown(shop)).chunks == {SPACE: 1}
    back = await choose(shop, LOCAL)
    assert (back.serving, back.coming) == (SPACE, LOCAL)
    assert await change(shop) == GRACE.total_seconds()
    assert await change(shop, LATER) is None
    assert ((await shown(shop)).serving, (await shown(shop)).chunks) == (LOCAL, {LOCAL: 1})
    assert (await found(shop))[0] == HOURS.decode()
