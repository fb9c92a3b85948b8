"""Every token that an upstream bills is in the ledger once, however its call ends; and no call is refused that the budget covers.

Real log, real Redis, the real SDK; the upstreams are played, and keep their own books. A failing run is repeated by itself with what
it says: pytest tests/soak/test_ledger.py -m soak --share 0 --seed N
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from application.budgets import settle
from application.budgets.charges import compare_tallies
from application.chat import chat
from application.gateway import complete
from domain.audit.invariants import Invariants
from domain.base.money import usd
from domain.base.recorded import Recorded
from domain.budgets.reservation import Reservation
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.conversations.orphan import Orphan
from domain.models.completion import Turn
from domain.models.metering import calls_of
from domain.retrieval.document import Document
from domain.retrieval.embedding import Embedding
from infra.embedded import Servers
from infra.providers.tokens import estimate
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from tests.application.conftest import MASTER
from tests.doubles.billing import FORMS, Billing, Plan
from tests.doubles.wire import serving
from tests.soak.ledger import FIRST, PATIENCE, SECOND, UPSTREAMS, Shop, shop

AT_ONCE = 8
PICO = Decimal("1e-12")
ENDS = (Reservation.Done, Reservation.Retained, Reservation.Expired)


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(
    servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Services]:
    settings = Settings(
        database_url=Secret(database_url),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=Path(tmp_path_factory.mktemp("data")),
        master_key=Secret(MASTER),
        allow_private_addresses=True,
    )
    async with services(settings, pool=10) as parts:
        yield parts


@pytest.mark.parametrize("runs", [40, pytest.param(1000, marks=pytest.mark.soak)])
async def test_the_ledger_equals_the_upstreams_books(
    parts: Services, runs: int, share: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(complete.random, "uniform", lambda low, high: 0.01)
    monkeypatch.setattr(
        complete, "ATTEMPT", 8.0
    )  # less than OVERSHOT, and more than a busy machine stands still
    monkeypatch.setattr(chat, "PATIENCE", PATIENCE)
    monkeypatch.setattr(settle, "LIFETIME", timedelta(seconds=0.5))  # of what may still come
    plans: dict[str, Plan] = {}
    upstreams = [Billing(name, plans) for name in UPSTREAMS]
    met: Counter[str] = Counter()
    async with serving(upstreams[0]), serving(upstreams[1]):
        numbers = iter(range(max(1, round(runs * share))))

        async def some() -> None:
            for number in numbers:
                try:
                    met.update(await one_run(parts, seed + number, upstreams, plans))
                except BaseException as error:
                    error.add_note(
                        f"repeat it: {Path(__file__).name} -m soak --share 0 --seed {seed + number}"
                    )
                    raise

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(some())
    print(dict(met))
    if runs * share >= 40:
        for sort in ("given", "cancelled", "embedded", "cached", "refused", "BudgetExhausted", "ChatFailed"):
            assert met[sort] >= runs * share / 20, sort
        for fault in (
            "ok",
            "slow",
            "filter",
            "empty",
            "cut",
            "hang",
            "hold",
            "counted",
            "504",
            "nonsense",
            "embedding",
        ):
            assert met[f"billed {fault}"], fault
        assert sum(met[f"billed {form}"] for form in FORMS) >= runs * share / 5
    if runs * share >= 400:
        assert met["billed late"]
        assert all(met[f"billed {form}"] for form in FORMS)


async def one_run(
    parts: Services, seed: int, upstreams: Sequence[Billing], plans: dict[str, Plan]
) -> Counter[str]:
    """What was met."""
    made = await shop(parts, seed, plans)
    await made.open(upstreams)
    await made.trade()
    await parts.reservation_pool.give_back(made.context.tenant)
    tenant, store = made.context.tenant, parts.store
    events = [recorded async for recorded in store.events(tenant)]
    ledger, entries = Decimal(0), Counter[str]()
    for recorded in events:
        event = recorded.event
        if isinstance(event, Document.Processed):
            ledger += event.cost
            entries[f"day:{event.timestamp.date()}"] += int(event.cost.quantize(PICO, ROUND_CEILING) / PICO)
        elif isinstance(event, Call.Metered | Conversation.Metered | Embedding.Metered | Orphan.Metered):
            ledger += event.cost
            made.ended["cached"] += sum(each.cached for each in event.attempts)
            for each in calls_of(event):
                entries[f"day:{each.started_at.date()}"] += int(
                    each.cost.quantize(PICO, ROUND_CEILING) / PICO
                )
    assert ledger == billed(made), (made.ended, made.books)
    assert ledger <= billed(made, most=True)
    tallies = (await store.tallies(tenant, "budget")).values
    assert {key: value for key, value in tallies.items() if key.startswith("day:") and value} == +entries
    assert await compare_tallies(tenant, store=store) == {}
    invariants = Invariants()
    invariants.fold(events)
    assert invariants.violations == []
    if made.limit is not None:
        assert made.spent[-1][1] <= made.limit + beyond(events), (
            "a limit was passed by more than calls in flight"
        )
    made.ended["refused"] += refused(made, events)
    made.ended.update(f"billed {bill.fault}" for bill in made.books)
    return made.ended


def beyond(events: Sequence[Recorded]) -> Decimal:
    """What calls have cost beyond what was held for them when they ended: what they gave back before does not count."""
    held: dict[UUID, Decimal] = {}
    over: set[UUID] = set()
    more = Decimal(0)
    for index, recorded in enumerate(events):
        event = recorded.event
        if isinstance(event, Reservation.Made):
            held[recorded.stream] = usd(event.amount)
        elif isinstance(event, ENDS):
            over.add(recorded.stream)
        elif isinstance(event, Document.Processed | Embedding.Metered):
            more += event.cost
        elif isinstance(event, Call.Metered | Conversation.Metered | Orphan.Metered):
            ended = _ended_with(events, index)
            stood = [each for each in event.reservations if each in ended or each not in over]
            more += max(Decimal(0), event.cost - sum((held[each] for each in stood), Decimal(0)))
    return more


def _ended_with(events: Sequence[Recorded], index: int) -> set[UUID]:
    """The reservations that ended in the save of the call's event at `index`: their ends stand right before the call's events.

    An expiry is a save of its own, also where it stands right before them.
    """
    found: set[UUID] = set()
    for recorded in reversed(events[:index]):
        if isinstance(recorded.event, Reservation.Done | Reservation.Retained):
            found.add(recorded.stream)
        elif recorded.stream != events[index].stream:
            break
    return found


def billed(made: Shop, *, most: bool = False) -> Decimal:
    """By the books, at the tenant's prices (USD per million tokens); `most`: had each call come to its end."""
    total = Decimal(0)
    for bill in made.books:
        price = made.prices[bill.model]
        cached = price.input if price.cached is None else price.cached
        output = bill.most if most else bill.output
        total += (bill.input - bill.cached) * price.input + bill.cached * cached + output * price.output
    return total / 1_000_000


def refused(made: Shop, events: Sequence[Recorded]) -> int:
    """How many calls the budget did not cover; of each it is true that what was spent by then left no room for it."""
    asked: dict[object, tuple[tuple[str, ...], tuple[Turn, ...], int]] = {}
    count = 0
    for recorded in events:
        event = recorded.event
        if isinstance(event, Call.Requested):
            models = (SECOND,) if event.model == SECOND else (FIRST, SECOND)
            asked[recorded.stream] = models, event.messages, event.max_tokens
        elif isinstance(event, Call.Prompted):
            models, _, most = asked[recorded.stream]
            asked[recorded.stream] = models, event.prompt, most
        elif isinstance(event, Conversation.Prompted):
            asked[event.interaction] = (FIRST, SECOND), event.prompt, made.max_answer_tokens
        elif isinstance(event, Call.Metered | Conversation.Metered) and event.routing.by == "budget":
            known = asked.get(getattr(event, "interaction", recorded.stream))
            if known is None:  # somebody else has answered: nobody was refused
                continue
            count += 1
            models, prompt, most = known
            tried = {f"{each.provider}/{each.model}" for each in event.attempts}
            tried |= {each.model for each in event.routing.passed_over}
            # All were tried where newer messages made an answer begin again.
            left = [model for model in models if model not in tried][:1] or models
            tokens = sum(estimate(turn.text) + 8 for turn in prompt)
            dearest = max(
                (tokens * made.prices[model].input + most * made.prices[model].output) / 1_000_000
                for model in left
            )
            spent = next(spent for position, spent in made.spent if position >= recorded.position)
            assert made.limit is not None
            assert spent + dearest > made.limit, "it was refused, though the budget covered it"
    return count
