"""The use cases with the real log, files, embedder and index; only the providers are played."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from application.conversations.answer import Answer, AnswerGiven, answer
from application.conversations.conversation import Received, ReceiveMessage, receive_message
from application.conversations.streaming import Subscriber
from application.ports import Completer, Leave, ProviderError
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.context import Context
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.models.completion import Completion, CompletionRequest, Usage
from infra.providers.incoming import unheard
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services

PATIENT = 10_000
"""Milliseconds: a machine that is busy with other tests is no source that hangs."""

MASTER = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


async def nothing() -> None:
    pass


@dataclass
class Played:
    """All providers in one, which does `meanwhile`, then answers, or is away."""

    name = "local"
    owner: UUID | None = None
    text: str = "From nine to five."
    asked: list[CompletionRequest] = field(default_factory=list)
    away: bool = False
    meanwhile: Callable[[], Awaitable[object]] = nothing
    between: Callable[[], Awaitable[object]] = nothing
    """After the first piece of a stream."""

    cut: bool = False
    """Whether a stream breaks off there."""

    async def find(self, tenant: UUID, provider: str) -> Completer:
        return self

    async def stream(
        self, request: CompletionRequest, sent: Callable[[], None] = unheard, left: Leave = unheard
    ) -> AsyncGenerator[str | Completion, None]:
        whole = await self.complete(request, sent)
        first, rest = whole.text[:5], whole.text[5:]
        yield first
        await self.between()
        if self.cut:
            raise ProviderError("unavailable", "the stream was cut")
        yield rest
        yield whole

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        self.asked.append(request)
        sent()
        await self.meanwhile()
        if self.away:
            raise ProviderError("bad_request", "it does not answer")
        usage = Usage(input=100, output=10)
        return Completion(text=self.text, finish="stop", model=request.model, usage=usage)


@dataclass
class Shop:
    """A tenant of its own for one test."""

    parts: Services
    context: Context
    provider: Played

    async def receive(
        self,
        text: str,
        message: str | None = None,
        address: str = "anna",
        channel: str = "http",
        inbox: str | None = None,
    ) -> Received:
        return await receive_message(
            ReceiveMessage(channel=channel, address=address, text=text, message_id=message, inbox=inbox),
            self.context,
            self.parts,
        )

    async def answer(self, conversation: UUID, subscriber: Subscriber | None = None) -> AnswerGiven | None:
        return await answer(Answer(conversation=conversation), self.context, self.ports, subscriber)

    @property
    def ports(self) -> Services:
        """With the played provider."""
        providers = dataclasses.replace(self.parts.providers, completers=self.provider)
        return dataclasses.replace(self.parts, providers=providers)

    async def events(self, conversation: UUID) -> list[Recorded]:
        every = [recorded async for recorded in self.parts.store.events(self.context.tenant)]
        return [recorded for recorded in every if recorded.stream == conversation]

    async def answers(self, conversation: UUID) -> list[Conversation.Answered]:
        events = [recorded.event for recorded in await self.events(conversation)]
        return [event for event in events if isinstance(event, Conversation.Answered)]

    async def owed(self) -> set[tuple[str, str]]:
        """(kind, key) of the tenant's work."""
        async with self.parts.system.system() as connection:
            query = "SELECT kind, key FROM work WHERE tenant = %s"
            return set(await (await connection.execute(query, [self.context.tenant])).fetchall())  # type: ignore[arg-type]  # rows are of any width


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    folder = Path(tmp_path_factory.mktemp("data"))
    settings = Settings(
        database_url=Secret(database_url), data=folder, master_key=Secret(MASTER), source_timeout_ms=PATIENT
    )
    async with services(settings, pool=8) as parts:
        yield parts


@pytest_asyncio.fixture
async def shop(parts: Services) -> Shop:
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    context = Context(tenant=made.tenant, actor="key:test", correlation=uuid4())
    return Shop(dataclasses.replace(parts), context, Played())
