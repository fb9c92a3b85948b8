"""Recorded answers made again with recorded completions, of a tenant whose passages are looked for, and messages understood, by models that are paid."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from application.agents.agent import ConfigureAgent, configure_agent
from application.chat.chat import chat
from application.chat.record import Chat
from application.replay.answers import ReplayAnswers, replay_answers
from application.replay.answers_report import AnswersReplay
from domain.agents.agent import AgentConfiguration
from domain.answers.variant import Variant
from domain.models.completion import Completion, CompletionRequest, Turn, Usage
from infra.providers.incoming import unheard
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from tests.application.conftest import MASTER, Played, Shop
from tests.application.retrieval.remote import embed_by, try_once
from tests.application.retrieval.uploads import upload
from tests.doubles.embeddings import Embeddings, embeddings_double

MODEL, SMALL = "openai/gpt-6.1-terra", "openai/gpt-6-luna"


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


class Clerk(Played):
    name = "openai"

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        self.asked.append(request)
        sent()
        text = f"To {request.questions[-1]!r}: from nine to five. [1]"
        return Completion(text=text, finish="stop", model=request.model, usage=Usage(input=100, output=20))


async def configure(shop: Shop, **fields: Any) -> None:
    await configure_agent(
        ConfigureAgent(configuration=AgentConfiguration(default_model=MODEL, **fields)),
        shop.context,
        store=shop.parts.store,
        catalogue=shop.parts.catalogue,
        clock=shop.parts.clock,
    )


async def traffic(shop: Shop, double: Embeddings, **fields: Any) -> None:
    """An answer in a conversation, and a call of the completions API."""
    shop.provider = Clerk()
    await configure(shop, **fields)
    await embed_by(shop, double)
    document = await upload(shop)
    await try_once(shop, document.document)
    got = await shop.receive("When are you open?")
    await shop.answer(got.conversation)
    messages = (Turn(role="user", text="Are you open on Monday?"),)
    await chat(Chat(id=shop.parts.ids(), model="agent", messages=messages), shop.context, shop.ports)


async def replay(shop: Shop, double: Embeddings, source: Any) -> AnswersReplay:
    """With recorded completions: nothing is asked, paid or written."""
    head = await shop.parts.reads.head(shop.context.tenant)
    paid, asked = len(double.requests), len(shop.provider.asked)
    command = ReplayAnswers(source=source, completions="recorded")
    found = await replay_answers(command, shop.context, shop.ports, head=head)
    assert len(double.requests) == paid
    assert len(shop.provider.asked) == asked
    assert await shop.parts.reads.head(shop.context.tenant) == head
    return found


@pytest.mark.parametrize("source", ["as-recorded", "current"])
async def test_passages_that_are_on_record_are_not_looked_for(
    shop: Shop, double: Embeddings, source: str
) -> None:
    await traffic(shop, double)
    found = await replay(shop, double, source)
    assert (found.answers, found.differing, found.left_out) == (2, 0, {})


async def test_what_would_be_looked_for_or_understood_by_a_paid_model_is_told_and_not_done(
    shop: Shop, double: Embeddings
) -> None:
    await traffic(shop, double)
    searched = await replay(shop, double, Variant(configuration={"document_results": 3}))
    assert (searched.answers, searched.anew) == (2, 2)
    assert {row.why for row in searched.rows} == {"passages are looked for by a model that is asked"}
    assert {row.replayed.kind for row in searched.rows} == {"answer"}
    off = await replay(shop, double, Variant(configuration={"retrieve_documents": False}))
    assert {row.why for row in off.rows} == {"the prompt is another"}
    understood = await replay(shop, double, Variant(configuration={"understanding_model": SMALL}))
    assert (understood.answers, understood.anew) == (2, 1), "a call of the completions API is not understood"
    assert {row.why for row in understood.rows} == {"a model is asked what the messages say"}
    ruled = await replay(shop, double, Variant(configuration={"spelling_correction": False}))
    assert (ruled.answers, ruled.anew) == (2, 0)
