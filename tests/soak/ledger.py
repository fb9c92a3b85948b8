"""One seeded run: a tenant with a budget, two upstreams that keep their own books, and calls of every sort, some at once."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections import Counter
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from application.agents.agent import ConfigureAgent, configure_agent
from application.base.tasks import cancel_and_wait
from application.budgets.budget import SetBudget, set_budget
from application.budgets.settle import RESERVATION_WORK, expire_reservation
from application.chat.chat import ChatFailed, chat
from application.chat.record import Chat
from application.conversations.answer import Answer, answer
from application.conversations.conversation import ReceiveMessage, receive_message
from application.gateway.provider_key import SetProviderKey, set_provider_key
from application.models.catalogue import PriceTerms, SetPrice, set_price
from application.ports import Extracted, Extractor, TellProgress, Unavailable, untold
from application.retrieval.document import UploadDocument, upload_document
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.process_document import ProcessDocument, process_document
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.agents.agent import AgentConfiguration
from domain.agents.chunk_sizes import ChunkSizes
from domain.answers.understanding.words.injection import KNOWN
from domain.base.context import Context
from domain.budgets.budget import BudgetExhausted, BudgetLimits
from domain.models.completion import Turn
from domain.retrieval.embedding_model import LOCAL
from infra.providers.embedding.embedders import ConfiguredEmbedders
from infra.providers.embedding.local import LocalEmbedder
from infra.retrieval.embedding import WordLlamaEmbedder
from interfaces.bootstrap import Services
from tests.contents import spooled
from tests.doubles.billing import FORMS, Bill, Billing, Plan
from tests.doubles.openai import WRONG_USAGES

FIRST, SECOND = "openai/house-a", "together/house-b"
PATIENCE = 300.0
"""Seconds: this machine may be slow."""

UPSTREAMS = ("openai", "together")
WORDS = ("open", "closed", "nine", "five", "Tuesday", "größer", "月曜日", "a", "the", "however", "😀")


class Extracting:
    """Keeps books too: of the tokens of all that was embedded, counted by itself."""

    def __init__(self, inner: Extractor, embedder: WordLlamaEmbedder, books: list[Bill]) -> None:
        self._inner, self._embedder, self._books = inner, embedder, books
        self.sample = inner.sample

    async def sniff(self, sample: bytes, size: int) -> str:
        return await self._inner.sniff(sample, size)

    async def extract(
        self,
        content: AsyncIterable[bytes],
        media_type: str,
        *,
        sizes: ChunkSizes,
        embed: bool = True,
        told: TellProgress = untold,
    ) -> Extracted:
        extracted = await self._inner.extract(content, media_type, sizes=sizes, embed=embed, told=told)
        tokens = sum(self._embedder.count_tokens(each.text) for each in extracted.chunks)
        self._books.append(Bill(LOCAL, "embedding", tokens, 0, 0, 0))
        return extracted


class Embedding:
    """An embedder that keeps books too."""

    def __init__(self, inner: WordLlamaEmbedder, books: list[Bill]) -> None:
        self._inner, self._books = inner, books
        self.model = inner.model

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        vectors = await self._inner.embed(texts)
        tokens = sum(map(self._inner.count_tokens, texts))
        if tuple(texts) != KNOWN:  # the product's own, made once a process: nobody pays for them
            self._books.append(Bill(self.model, "embedding", tokens, 0, 0, 0))
        return vectors

    def count_tokens(self, text: str) -> int:
        return self._inner.count_tokens(text)

    def load(self) -> None:
        self._inner.load()


EMBEDDER = WordLlamaEmbedder()


@dataclass
class Question:
    """`ends`: how it goes: to its end, or cancelled: `hang` after some milliseconds, `hold` and `counted` with a piece delivered."""

    text: str
    model: str
    plan: Plan
    stream: bool
    ends: str
    max_tokens: int


class Tallies(NamedTuple):
    """Pico-USD at a position of the log."""

    position: int
    spent: int
    reserved: int


@dataclass
class Shop:
    """`spent`: how far the log had come when nothing was under way, and what was spent by then."""

    parts: Services
    context: Context
    chance: random.Random
    name: str
    plans: dict[str, Plan]
    limit: Decimal | None = None
    max_answer_tokens: int = 0
    prices: dict[str, PriceTerms] = field(default_factory=dict)
    books: list[Bill] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    spent: list[tuple[int, Decimal]] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)

    @property
    def embedder(self) -> MeteredEmbedder:
        local = LocalEmbedder(Embedding(EMBEDDER, self.books))
        parts = self.parts
        embedders = ConfiguredEmbedders(parts.completers, local, parts.providers.counter)
        return dataclasses.replace(parts.embedder, embedders=embedders)

    async def open(self, upstreams: Sequence[Billing]) -> None:
        chance, parts = self.chance, self.parts
        every = {"store": parts.store, "clock": parts.clock}
        for name, upstream in zip(UPSTREAMS, upstreams, strict=True):
            key = SetProviderKey(provider=name, key="sk-0123456789abcdef", base_url=upstream.url)
            await set_provider_key(key, self.context, providers=parts.completers, **every)
        for model in (FIRST, SECOND, LOCAL):
            input = Decimal(chance.randrange(1, 50_000)) / 100
            terms = PriceTerms(
                input=input,
                output=Decimal(chance.randrange(1, 100_000)) / 100,
                cached=chance.choice([None, input / 10]),
            )
            self.prices[model] = terms
            await set_price(
                SetPrice(model=model, terms=terms), self.context, shipped=parts.catalogue, **every
            )
        self.max_answer_tokens = chance.randrange(50, 300)
        configuration = AgentConfiguration(
            default_model=FIRST, fallback_models=(SECOND,), max_answer_tokens=self.max_answer_tokens
        )
        await configure_agent(
            ConfigureAgent(configuration=configuration), self.context, catalogue=parts.catalogue, **every
        )
        if chance.random() < 0.8:
            self.limit = Decimal(chance.randrange(1, 2_000_000)) / 1_000_000
            limits = BudgetLimits(
                **{chance.choice(["day", "month"]): self.limit}, on_hard=chance.choice(["stop", "degrade"])
            )
            await set_budget(SetBudget(limits=limits), self.context, **every)

    async def trade(self) -> None:
        """Calls in groups; those of a group at once. A worker beside them ends what is due."""
        working = asyncio.create_task(self._expire_for_ever())
        for _ in range(self.chance.randrange(3, 9)):
            await asyncio.gather(*(self._one() for _ in range(self.chance.choice([1, 1, 2, 3, 6]))))
            pool = self.parts.reservation_pool
            if self.chance.random() < 0.5:
                await pool.give_back(self.context.tenant)
            async with asyncio.timeout(60):  # less than anything is held that is not about to expire
                while (tallied := await self._tallied()).reserved != pool.held(self.context.tenant):
                    await asyncio.sleep(0.05)
            self.spent.append((tallied.position, Decimal(tallied.spent).scaleb(-12)))
        await cancel_and_wait(working)

    async def _tallied(self) -> Tallies:
        tallied = await self.parts.store.tallies(self.context.tenant, "budget")
        days = sum(value for key, value in tallied.values.items() if key.startswith("day:"))
        held = sum(value for key, value in tallied.values.items() if key.startswith("reserved:"))
        return Tallies(tallied.position, days - held, held)

    async def _expire_for_ever(self) -> None:
        """The worker's part."""
        query = "SELECT key FROM work WHERE tenant = %s AND kind = %s AND due_at <= now()"
        while True:
            async with self.parts.database.tenant(self.context.tenant) as connection:
                rows = await connection.execute(query, [self.context.tenant, RESERVATION_WORK])
                due = [UUID(key) for (key,) in await rows.fetchall()]
            for id in due:
                await expire_reservation(id, self.context, store=self.parts.store, clock=self.parts.clock)
            await asyncio.sleep(0.1)

    async def _one(self) -> None:
        match self.chance.randrange(8):
            case 0:
                await self._embed()
            case 1 | 2:
                await self._answer(self._question())
            case 3 if self.asked:
                await self._chat(self.chance.choice(self.asked))
            case _:
                await self._chat(self._question())

    def _question(self) -> Question:
        chance = self.chance
        number = f"{self.name}-{len(self.asked)}"
        ends = chance.choice(["whole"] * 7 + ["hang", "hold", "counted"])
        stream = ends in ("hold", "counted") or chance.random() < 0.5
        wrong = chance.choice(list(WRONG_USAGES))
        faults = ["ok"] * 8 + ["slow"] * 4 + ["401", "429", "500", "503", "filter", "empty", "cut", "cut"]
        faults += [wrong, wrong, *chance.choices(list(FORMS), k=6), *chance.choices(["504", "nonsense"], k=2)]
        faults += ["late"] * (chance.random() < 0.2)
        given = chance.randrange(1, 1_000)
        plan = Plan(
            faults={
                name: [chance.choice(faults) for _ in range(chance.randrange(1, 4))]
                if ends == "whole"
                else [*chance.choices(["429", "500", "503"], k=chance.randrange(2)), ends]
                for name in UPSTREAMS
            },
            pieces=[f" {word}" for word in chance.choices(WORDS, k=chance.randrange(1, 12))],
            sent=0,
            usage=(given, chance.choice([0, chance.randrange(given)]), chance.randrange(1, 400)),
            books=self.books,
            delay=chance.uniform(0.02, 0.3),
        )
        plan.sent = chance.randrange(ends == "hold", len(plan.pieces) + 1)
        self.plans[number] = plan
        question = Question(
            text=f"When are you #{number}# {' '.join(chance.choices(WORDS, k=chance.randrange(20)))}?",
            model=chance.choice(["auto", "agent", FIRST, SECOND]),
            plan=plan,
            stream=stream,
            ends=ends,
            max_tokens=chance.randrange(20, 400),
        )
        self.asked.append(question)
        return question

    async def _chat(self, question: Question) -> None:
        parts, delivered, after = self.parts, 0, self.chance.uniform(0, 0.03)
        wanted = {"hold": question.plan.sent, "counted": len(question.plan.pieces)}.get(question.ends)

        async def deliver(piece: str) -> None:
            nonlocal delivered
            delivered += 1
            if delivered == wanted:
                asyncio.get_running_loop().call_later(after if question.ends == "counted" else 0, task.cancel)

        command = Chat(
            id=parts.ids(),
            model=question.model,
            messages=(Turn(role="user", text=question.text),),
            max_tokens=question.max_tokens,
            stream=question.stream,
            user=self.chance.choice([None, "anna"]),
        )
        task = asyncio.create_task(
            chat(
                command,
                self.context,
                dataclasses.replace(parts, embedder=self.embedder),
                deliver if question.stream else None,
            )
        )
        await self._end(task, question.plan, question.ends == "hang")

    async def _answer(self, question: Question) -> None:
        parts = self.parts
        # Whoever asks what is never answered asks alone: another one's answer would take that question along.
        address = f"{self.chance.randrange(3)}" if question.ends == "whole" else question.text
        message = ReceiveMessage(channel="http", address=address, text=question.text)
        received = await receive_message(message, self.context, parts)
        task = asyncio.create_task(
            answer(
                Answer(conversation=received.conversation, patience=PATIENCE),
                self.context,
                dataclasses.replace(parts, embedder=self.embedder),
            )
        )
        await self._end(task, question.plan, question.ends in ("hang", "hold"))

    async def _end(self, task: asyncio.Task[object], plan: Plan, soon: bool) -> None:
        """`soon`: it is cancelled after some milliseconds, or when it hangs. The latter where it may meet an error before that: who goes
        away while an error is on its way can't know that nothing is billed."""
        heard = any(len(faults) > 1 for faults in plan.faults.values())
        if soon and not heard and self.chance.random() < 0.5:
            asyncio.get_running_loop().call_later(self.chance.uniform(0, 0.1), task.cancel)
        elif soon:
            hangs = asyncio.create_task(plan.hanging.wait())
            await asyncio.wait([task, hangs], return_when=asyncio.FIRST_COMPLETED)
            await cancel_and_wait(hangs)
            task.cancel()
        await asyncio.wait([task])
        error = None if task.cancelled() else task.exception()
        how = "cancelled" if task.cancelled() else "given" if error is None else type(error).__name__
        self.ended[how] += 1
        if error is not None and not isinstance(error, BudgetExhausted | ChatFailed | Unavailable):
            raise error

    async def _embed(self) -> None:
        parts = self.parts
        words = " ".join(self.chance.choices(WORDS, k=self.chance.randrange(5, 500)))
        upload = UploadDocument(
            name="hours.txt", content=await spooled(f"{len(self.books)} {words}".encode())
        )
        uploaded = await upload_document(
            upload,
            self.context,
            store=parts.store,
            keyring=parts.keyring,
            files=parts.files,
            extractor=parts.extractor,
            named=parts.named_documents,
            clock=parts.clock,
        )
        await process_document(
            ProcessDocument(document=uploaded.document),
            self.context,
            store=parts.store,
            keyring=parts.keyring,
            files=parts.files,
            extractor=Extracting(parts.extractor, EMBEDDER, self.books),
            embedder=self.embedder,
            vectors=parts.vectors,
            named=parts.named_documents,
            catalogue=parts.catalogue,
            progress=parts.progress,
            clock=parts.clock,
        )
        self.ended["embedded"] += 1


async def shop(parts: Services, seed: int, plans: dict[str, Plan]) -> Shop:
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    context = Context(tenant=made.tenant, actor="key:test", correlation=parts.ids())
    return Shop(parts, context, random.Random(seed), str(seed), plans)
