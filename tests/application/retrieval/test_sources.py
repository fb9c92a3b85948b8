"""Sources of passages: what came in time is kept, what did not is told, and no source holds an answer up."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from uuid import uuid4

import msgspec
import pytest

from application.conversations.answer import Answer, AnswerGiven, answer
from application.ports import Unavailable
from application.retrieval.query import Query, QuestionVector
from application.retrieval.retrieve import SourcesRetriever
from application.retrieval.sources import asking
from application.retrieval.sources.asking import InTime, Late, ask_at_once
from application.retrieval.sources.source import Brought, PassageSource
from domain.models.completion import Passage
from domain.retrieval.embedding_model import LOCAL
from domain.retrieval.fusion import Ranked
from infra.postgres.database import Database
from interfaces.bootstrap import Services, utc_now
from tests.application.conftest import Shop
from tests.application.retrieval.uploads import process, upload

HOURS = b"We are open from nine to five on weekdays."
ASKED = "When are you open?"
SHORT = 0.2
"""Seconds that a source has."""


def ranked(id: str, relevance: float) -> Ranked:
    passage = Passage(id=id, document=uuid4(), title=id, ordinal=0, score=relevance, text=f"Text of {id}.")
    return Ranked(passage, relevance, relevance)


@dataclass
class Played:
    """A source that does this."""

    doing: Callable[[], Awaitable[Brought]]
    name: str = "played"
    own: bool = True
    asked: int = 0

    def serves(self, query: Query) -> bool:
        return True

    async def find(self, query: Query) -> Brought:
        self.asked += 1
        return await self.doing()


@dataclass(frozen=True, kw_only=True)
class WithSources(Services):
    """With these sources beside its own."""

    more: Sequence[PassageSource] = ()
    short: float = SHORT

    @property
    def retriever(self) -> SourcesRetriever:
        own = super().retriever
        in_time = dataclasses.replace(own.in_time, seconds=self.short)
        return dataclasses.replace(own, sources=(*own.sources, *self.more), in_time=in_time)


async def ask(shop: Shop, *more: PassageSource, seconds: float = SHORT) -> AnswerGiven:
    got = await shop.receive(ASKED)
    given = {each.name: getattr(shop.ports, each.name) for each in fields(Services)}
    ports = WithSources(**given, more=more, short=seconds)
    made = await answer(Answer(conversation=got.conversation), shop.context, ports)
    assert made is not None
    return made


def query() -> Query:
    return Query(tenant=uuid4(), text=ASKED, vector=QuestionVector(model=LOCAL))


async def retrieved(
    *sources: PassageSource, seconds: float = SHORT, late: Late | None = None
) -> dict[str, str]:
    """How each did."""
    store: object = None  # no product is found
    retriever = SourcesRetriever(
        sources=sources,
        store=store,  # type: ignore[arg-type]
        clock=utc_now,
        in_time=InTime(seconds=seconds, late=late or Late()),
    )
    found = await retriever.retrieve(query())
    return {each.source: each.outcome for each in found.lookups}


async def hang() -> Brought:
    await asyncio.sleep(3600)
    raise AssertionError("unreachable")


async def test_a_source_that_hangs_delays_no_answer_beyond_its_time_and_is_told(shop: Shop) -> None:
    await process(shop, (await upload(shop, HOURS, "hours.txt")).document)
    source = Played(hang, own=False)
    async with asyncio.timeout(60):  # it hangs for an hour
        given = await ask(shop, source, seconds=5)
    assert source.asked == 1
    assert "nine to five" in shop.provider.asked[0].prompt[0].text
    assert [(each.why, each.names) for each in given.event.cut] == [("late", ("played",))]


async def test_a_source_that_fails_is_told_and_its_error_s_text_is_nowhere(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await process(shop, (await upload(shop, HOURS, "hours.txt")).document)

    async def fail() -> Brought:
        raise RuntimeError("anna@example.com asked for it")

    with caplog.at_level(logging.WARNING, "retrace.retrieval"):
        given = await ask(shop, Played(fail), seconds=5)
    assert "nine to five" in shop.provider.asked[0].prompt[0].text
    assert [(each.why, each.names) for each in given.event.cut] == [("failed", ("played",))]
    [told] = [each for each in caplog.records if each.getMessage() == "a source of passages failed"]
    assert told.facts == {"source": "played", "reason": "RuntimeError"}  # type: ignore[attr-defined]
    assert "anna" not in caplog.text


async def test_where_the_tenant_s_own_is_away_the_answer_is_made_later(shop: Shop) -> None:
    async def away() -> Brought:
        raise Unavailable("the database does not answer")

    with pytest.raises(Unavailable):
        await retrieved(Played(away))
    assert await retrieved(Played(away, own=False)) == {"played": "failed"}


async def test_a_query_that_is_not_waited_for_gives_its_connection_back(shop: Shop) -> None:
    """Of all connections at once, twice over."""
    parts, late = shop.parts, Late()
    async with Database(parts.cell, size=2) as database:

        async def slow() -> Brought:
            await database.read(shop.context.tenant, "SELECT pg_sleep(60)")
            raise AssertionError("unreachable")

        sources = [Played(slow, name=f"slow {number}") for number in range(4)]
        assert set((await retrieved(*sources, late=late)).values()) == {"late"}
        await late.close()
        for _ in range(2):
            both = (database.read(shop.context.tenant, "SELECT 1") for _ in range(4))
            assert await asyncio.gather(*both) == [[(1,)]] * 4
        assert database.stats()["pool_available"] == 2


async def test_one_that_does_not_end_is_not_asked_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_LATE", 2)
    late, ends = Late(), asyncio.Event()

    async def deaf() -> Brought:
        while not ends.is_set():
            try:
                await ends.wait()
            except asyncio.CancelledError:
                continue
        return Brought()

    source = Played(deaf)
    outcomes = [(await retrieved(source, seconds=0.02, late=late))["played"] for _ in range(4)]
    assert outcomes == ["late", "late", "busy", "busy"]
    assert source.asked == 2
    ends.set()
    await late.close()
    assert (await retrieved(source, late=late))["played"] == "nothing"


async def test_others_than_the_tenant_s_own_are_not_waited_for_once_that_is_certain() -> None:
    def bring(relevance: float) -> Callable[[], Awaitable[Brought]]:
        async def found() -> Brought:
            return Brought(ranked=[ranked("own", relevance)])

        return found

    began = time.monotonic()
    for relevance, outcome in ((0.99, "spared"), (0.5, "late")):
        elsewhere = Played(hang, name="elsewhere", own=False)
        seconds = 60 if outcome == "spared" else 0.02
        found = await retrieved(Played(bring(relevance)), elsewhere, seconds=seconds)
        assert found == {"played": "found", "elsewhere": outcome}
    assert time.monotonic() - began < 50
    another = Played(hang, name="another")
    assert (await retrieved(Played(bring(0.99)), another, seconds=0.02))["another"] == "late"


async def test_time_for_which_this_process_stood_still_is_no_source_s() -> None:
    async def quick() -> str:
        for _ in range(5):
            await asyncio.sleep(0)
            time.sleep(0.1)  # noqa: ASYNC251  # that is the point
        return "came"

    [asked] = (await ask_at_once({"quick": quick}, {"quick": 0.1}, Late())).values()
    assert (asked.value, asked.lookup.outcome) == ("came", "found")


async def test_the_setting_says_how_long_a_source_has(shop: Shop) -> None:
    async def slow() -> Brought:
        await asyncio.sleep(0.5)
        return Brought(ranked=[ranked("slow", 0.9)])

    cases = ((10, True, "late"), (100, True, "found"), (100, False, "late"), (60_000, False, "found"))
    for milliseconds, own, outcome in cases:
        settings = msgspec.structs.replace(shop.parts.settings, source_timeout_ms=milliseconds)
        retriever = dataclasses.replace(shop.parts, settings=settings).retriever
        source = Played(slow, own=own)
        found = await dataclasses.replace(retriever, sources=(source,)).retrieve(query())
        assert [each.outcome for each in found.lookups] == [outcome]


async def test_whoever_is_cancelled_leaves_no_source_behind() -> None:
    late, ended = Late(), asyncio.Event()

    async def told() -> Brought:
        try:
            return await hang()
        finally:
            ended.set()

    waiting = asyncio.create_task(retrieved(Played(told), seconds=60, late=late))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await late.close()
    assert ended.is_set()


async def test_where_the_stock_can_t_be_told_in_time_the_offer_is_told_without_it() -> None:
    class Hanging:
        async def load(self, *_: object, **__: object) -> object:
            return await hang()

    offer = ranked("offer", 0.9)
    offer = Ranked(msgspec.structs.replace(offer.passage, source="shop"), 0.9, 0.9)

    async def bring() -> Brought:
        return Brought(ranked=[offer])

    store: object = Hanging()
    retriever = SourcesRetriever(
        sources=(Played(bring),), store=store, clock=utc_now, in_time=InTime(seconds=SHORT, late=Late())
    )  # type: ignore[arg-type]
    found = await retriever.retrieve(query())
    assert found.passages == (offer.passage,)
    assert [(each.source, each.outcome) for each in found.lookups] == [("played", "found"), ("now", "late")]
