"""Documents embedded at a provider: in batches, within the budget, each text paid for once whatever happens on the way."""

from __future__ import annotations

import asyncio
import dataclasses
import signal
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from application.budgets.budget import SetBudget, set_budget
from application.budgets.charges import compare_tallies
from application.budgets.status import budget_status
from application.retrieval.document import ReprocessDocument, reprocess_document
from application.retrieval.search import Search, search
from domain.answers.context_window import WITHOUT_VECTOR
from domain.base.errors import Refused
from domain.budgets.budget import BudgetLimits
from domain.retrieval.document import Document
from domain.retrieval.knowledge_index import KnowledgeIndex, index_of
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from tests.application.conftest import MASTER, Shop, nothing
from tests.application.retrieval.entries import said, written
from tests.application.retrieval.remains import rows_with
from tests.application.retrieval.remote import SPACE, ask_at, choose, embed_by, metered_for, try_once
from tests.application.retrieval.uploads import HOURS, delete, found, process, upload
from tests.doubles.embeddings import Embeddings, embeddings_double

PRICE = Decimal("0.02") / 1_000_000
"""USD a token."""


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


def book(sections: int) -> bytes:
    """So many sections, each with words of its own, about a chunk each."""
    return "\n\n".join(
        f"# Section {n}\n\n" + " ".join(f"Shelf{n} holds item{n}x{m} since autumn." for m in range(45))
        for n in range(sections)
    ).encode()


async def test_a_document_is_embedded_by_the_tenants_model_and_found_by_it(
    shop: Shop, double: Embeddings
) -> None:
    shown = await embed_by(shop, double)
    assert (shown.serving, shown.dimension, shown.chunks) == (SPACE, 1024, {})
    uploaded = await upload(shop)
    document, again = await try_once(shop, uploaded.document)
    assert (document.state.status, again) == ("completed", None)
    events: list[Any] = [each.event for each in await shop.events(uploaded.document)]
    processed = next(each for each in events if isinstance(each, Document.Processed))
    assert (processed.embedding_model, processed.dimension, processed.cost) == (SPACE, 1024, 0)
    (metered,) = await metered_for(shop, uploaded.document)
    (attempt,) = metered.attempts
    assert (attempt.provider, attempt.model, attempt.served) == (
        "openai",
        "text-embedding-3-small",
        "text-embedding-test",
    )
    assert (metered.cost, attempt.price) == (7 * PRICE, "openai/text-embedding-3-small@2024-01-25")
    assert await found(shop) == [HOURS.decode()]
    assert [body["dimensions"] for body in double.requests] == [1024] * 3, "a check, a batch, a question"
    assert await compare_tallies(shop.context.tenant, store=shop.parts.store) == {}


async def first_event_at(shop: Shop, document: UUID) -> datetime:
    [first] = [each async for each in shop.parts.store.stream(shop.context.tenant, document, limit=1)]
    return first.recorded_at


async def test_what_was_embedded_is_not_paid_for_again_whatever_it_is_part_of(
    shop: Shop, double: Embeddings
) -> None:
    await embed_by(shop, double)
    first = await upload(shop, book(3), "book.md")
    await process(shop, first.document)
    paid = double.embedded.copy()
    assert max(paid.values()) == 1
    parts = shop.parts
    await reprocess_document(
        ReprocessDocument(document=first.document), shop.context, store=parts.store, clock=parts.clock
    )
    await process(shop, first.document)
    texts = await shop.parts.vectors.match(shop.context.tenant, "item1x7", (), "", 9)
    came = {each.came_at for each in texts.passages}
    assert came == {await first_event_at(shop, first.document)}, "processed again it is no newer"
    second = await upload(shop, book(3) + b"\n\n# Last\n\nAnd one more.", "book.md")
    await process(shop, second.document)
    assert max(double.embedded.values()) == 1
    assert double.embedded.total() - paid.total() <= 2, "the last chunk alone is another one"
    await delete(shop, first.document)
    await reprocess_document(
        ReprocessDocument(document=second.document), shop.context, store=parts.store, clock=parts.clock
    )
    await process(shop, second.document)
    assert max(double.embedded.values()) == 1, "the second has its own, though the first is gone"


async def test_batches_have_100_texts_at_most_and_fewer_where_the_server_takes_fewer(
    shop: Shop, double: Embeddings
) -> None:
    await embed_by(shop, double)
    uploaded = await upload(shop, book(130), "book.md")
    document, _ = await try_once(shop, uploaded.document)
    assert document.state.status == "completed"
    sizes = [len(body["input"]) for body in double.requests[1:]]
    assert (sizes[:-1], sizes[-1] <= 100) == ([100] * (len(sizes) - 1), True)
    assert len(sizes) > 1
    assert len(await metered_for(shop, uploaded.document)) == len(sizes)
    double.script = lambda body: "few"
    other = await upload(shop, book(40).replace(b"Shelf", b"Rack"), "other.md")
    document, _ = await try_once(shop, other.document)
    assert document.state.status == "completed"
    assert max(double.embedded.values()) == 1
    outcomes = [each.attempts[0].outcome for each in await metered_for(shop, other.document)]
    assert "bad_request" in outcomes
    assert "ok" in outcomes


@pytest.mark.parametrize("fault", ["fewer", "shuffled", "all-zero"])
async def test_vectors_that_are_missing_are_asked_for_again(
    shop: Shop, double: Embeddings, fault: str
) -> None:
    await embed_by(shop, double, "ok")
    double.script = lambda body: fault if len(body["input"]) > 1 else "ok"
    await ask_at(shop, double.url())
    uploaded = await upload(shop, book(5), "book.md")
    document, _ = await try_once(shop, uploaded.document)
    assert document.state.status == "completed"
    answer = await search(
        Search(query="Shelf3 item3x7", limit=1),
        shop.context,
        embedder=shop.parts.embedder,
        vectors=shop.parts.vectors,
    )
    assert answer.passages[0].section == "Section 3"


async def test_a_text_that_is_too_long_for_its_model_is_embedded_by_its_beginning(
    shop: Shop, double: Embeddings
) -> None:
    await embed_by(shop, double)
    double.script = lambda body: "short"
    uploaded = await upload(shop, book(2), "book.md")
    document, _ = await try_once(shop, uploaded.document)
    assert document.state.status == "completed"
    assert max(map(len, double.embedded)) <= 400


async def test_a_provider_that_is_away_delays_the_document_which_says_so(
    shop: Shop, double: Embeddings
) -> None:
    await embed_by(shop, double)
    uploaded = await upload(shop)
    double.script = lambda body: "429-after"
    document, again = await try_once(shop, uploaded.document)
    assert document.state.status == "processing"
    assert document.state.delayed_by == (
        "the embedding model gave no vectors (rate_limited): HTTP 429; it is tried again by itself, and what was embedded is kept"
    )
    assert again == pytest.approx(7, abs=1)
    version = document.version
    document, _ = await try_once(shop, uploaded.document)
    assert document.version == version, "the same is told once"
    # Questions are looked for by words meanwhile.
    answer = await search(
        Search(query="open"), shop.context, embedder=shop.parts.embedder, vectors=shop.parts.vectors
    )
    assert answer.words_only == f"{SPACE}: HTTP 429"
    double.script = lambda body: "ok"
    document, again = await try_once(shop, uploaded.document)
    assert (document.state.status, document.state.delayed_by, again) == ("completed", "", None)
    double.script = lambda body: "500"
    answer = await search(
        Search(query="When is it open?"),
        shop.context,
        embedder=shop.parts.embedder,
        vectors=shop.parts.vectors,
    )
    assert [each.text for each in answer.passages] == [HOURS.decode()]
    received = await shop.receive("When are you open on Sunday?")
    given = await shop.answer(received.conversation)
    assert given is not None
    assert [each.outcome for each in given.metered.embeddings] == ["unavailable"]
    assert WITHOUT_VECTOR in given.event.cut


async def test_a_question_that_is_too_long_for_its_model_is_embedded_by_its_beginning(
    shop: Shop, double: Embeddings
) -> None:
    await embed_by(shop, double)
    double.script = lambda body: "short"
    query = Search(query="open " * 390)
    answer = await search(query, shop.context, embedder=shop.parts.embedder, vectors=shop.parts.vectors)
    assert answer.words_only is None
    assert [len(body["input"][0]) for body in double.requests[-4:]] == [1950, 975, 487, 243]
    assert [each.outcome for each in (await metered_for(shop, None))[-1].attempts] == [
        "context_too_long",
        "context_too_long",
        "context_too_long",
        "ok",
    ]


async def test_a_text_that_the_model_refuses_fails_with_its_reason(shop: Shop, double: Embeddings) -> None:
    await embed_by(shop, double)
    uploaded = await upload(shop)
    double.script = lambda body: "400"
    document, again = await try_once(shop, uploaded.document)
    assert (document.state.status, again) == ("failed", None)
    assert await shop.owed() == set()


async def test_the_budget_bounds_what_documents_cost(shop: Shop, double: Embeddings) -> None:
    await embed_by(shop, double)
    parts, tenant = shop.parts, shop.context.tenant
    limits = BudgetLimits(day=Decimal("0.000001"))
    await set_budget(SetBudget(limits=limits), shop.context, store=parts.store, clock=parts.clock)
    before = double.embedded.total()
    uploaded = await upload(shop, book(3), "book.md")
    document, again = await try_once(shop, uploaded.document)
    assert "the budget of 0.000001 USD" in document.state.delayed_by
    assert again is not None
    assert double.embedded.total() == before, "nothing was asked"
    limits = BudgetLimits(day=Decimal(1))
    await set_budget(SetBudget(limits=limits), shop.context, store=parts.store, clock=parts.clock)
    await asyncio.sleep(1.1)  # what is set holds within a second
    document, _ = await try_once(shop, uploaded.document)
    assert document.state.status == "completed"
    day, _ = await budget_status(limits, parts.clock().date(), tenant=tenant, store=parts.store)
    assert day.spent == 7 * PRICE * double.embedded.total()
    (metered,) = await metered_for(shop, uploaded.document)
    assert len(metered.reservations) == 1
    assert await compare_tallies(tenant, store=parts.store) == {}


async def test_processes_that_are_killed_pay_for_no_embedding_twice(shop: Shop, double: Embeddings) -> None:
    """kill -9 while a batch is under way, in two processes one after the other; a third one comes to the end."""
    await embed_by(shop, double)
    uploaded = await upload(shop, book(250), "book.md")
    settings, children = shop.parts.settings, list[asyncio.subprocess.Process]()

    async def kill() -> None:
        children[-1].kill()

    def script(body: dict[str, Any]) -> str:
        # The second batch of each, before its vectors go out.
        calls.append(len(body["input"]))
        double.before = kill if len(calls) == 2 else nothing
        return "never" if len(calls) == 2 else "ok"

    double.script = script
    for _ in range(2):
        calls = list[int]()
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.application.retrieval.processing",
            str(settings.database_url),
            str(settings.data),
            str(shop.context.tenant),
            str(uploaded.document),
        )
        children.append(child)
        assert await child.wait() == -signal.SIGKILL
        assert len(calls) == 2
    double.script, double.before = lambda body: "ok", nothing
    paid = double.embedded.total()
    assert paid >= 201, "a batch of each, and the check"
    document, _ = await try_once(shop, uploaded.document)
    assert document.state.status == "completed"
    assert max(double.embedded.values()) == 1
    events = await metered_for(shop, uploaded.document)
    assert sum(each.cost for each in events) == 7 * PRICE * (double.embedded.total() - 1)
    processed = [each.event for each in await shop.events(uploaded.document)][-1]
    assert isinstance(processed, Document.Processed)
    assert processed.reused == paid - 1
    assert await shop.parts.embedder.kept.unrecorded(shop.context.tenant) == []


async def test_a_call_that_was_paid_for_and_not_put_on_record_is_by_whoever_comes_next(
    shop: Shop, double: Embeddings
) -> None:
    """As a process that was killed right after the vectors had come."""
    await embed_by(shop, double)
    uploaded = await upload(shop, book(3), "book.md")
    embedder = shop.parts.embedder

    class Killed(BaseException):
        pass

    async def killed(*_: Any, **__: Any) -> None:
        raise Killed

    dying: Any = dataclasses.replace(embedder)
    object.__setattr__(dying, "record", killed)
    shop.parts = dataclasses.replace(shop.parts, embedder=dying)
    with pytest.raises(Killed):
        await try_once(shop, uploaded.document)
    assert await metered_for(shop, uploaded.document) == []
    paid = double.embedded.copy()
    shop.parts = dataclasses.replace(shop.parts, embedder=embedder)
    document, _ = await try_once(shop, uploaded.document)
    assert document.state.status == "completed"
    assert double.embedded == paid
    (metered,) = await metered_for(shop, uploaded.document)
    assert metered.cost == 7 * PRICE * (paid.total() - 1), "the check is apart"
    assert await embedder.kept.unrecorded(shop.context.tenant) == []


async def test_the_same_question_is_asked_for_once_within_minutes(shop: Shop, double: Embeddings) -> None:
    await embed_by(shop, double)
    await upload(shop)
    for _ in range(2):
        await found(shop)
    calls = [each.attempts[0].cached for each in await metered_for(shop, None)]
    assert calls[0] is False
    if shop.parts.redis.there:
        assert calls[-1] is True
        assert double.embedded["When are you open?"] == 2, "the check asks for the same words"


async def test_a_model_that_does_not_answer_is_not_taken(shop: Shop, double: Embeddings) -> None:
    await embed_by(shop, double)
    await ask_at(shop, double.url("401"), "compatible")
    with pytest.raises(Refused, match=r"did not answer \(authentication\): HTTP 401"):
        await choose(shop, "compatible/bge-m3")
    await ask_at(shop, double.url("long-vectors"), "compatible")
    with pytest.raises(Refused, match="1536 dimensions, not of 512"):
        await choose(shop, "compatible/bge-m3", 512)
    with pytest.raises(Refused, match="embedding"):
        await choose(shop, "openai/gpt-6-luna")
    assert (await choose(shop, "compatible/bge-m3")).dimension == 1536


async def test_a_deleted_document_leaves_no_vector_that_was_kept(shop: Shop, double: Embeddings) -> None:
    await embed_by(shop, double)
    uploaded = await upload(shop)
    await process(shop, uploaded.document)
    assert any(table.endswith("embeddings") for table in rows_with(shop, str(uploaded.document)))
    await delete(shop, uploaded.document)
    assert not any(
        table.endswith(("embeddings", "chunks", "vectors"))
        for table in rows_with(shop, str(uploaded.document))
    )


async def test_a_knowledge_entry_is_embedded_by_the_tenants_model_too(shop: Shop, double: Embeddings) -> None:
    await embed_by(shop, double)
    entry = await written(shop, said("We are open from nine to five."))
    assert "We are open from nine to five." in (await found(shop))[0]
    (metered,) = await metered_for(shop, entry)
    assert metered.cost == 7 * PRICE
    index = await shop.parts.store.load(KnowledgeIndex, index_of(entry), tenant=shop.context.tenant)
    assert (index.state.embedding_model, index.state.cost) == (SPACE, 7 * PRICE)
