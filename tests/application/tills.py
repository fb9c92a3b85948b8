"""A tenant with a budget on the real log, and calls that are reserved, played, recorded and settled as the use cases do it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from application.budgets.budget import ALERT_WORK, SetBudget, raise_alerts, set_budget
from application.budgets.charges import compare_tallies
from application.budgets.fair_queue import FairQueue
from application.budgets.hold import refresh
from application.budgets.pool import ReservationPool
from application.budgets.reserve import reserve
from application.budgets.settle import RESERVATION_WORK, expire_reservation
from application.budgets.settled_save import settled_save
from application.budgets.status import BudgetStatus, budget_status
from application.gateway.run import Run
from application.ports import Clock, Ids
from domain.audit.invariants import Invariants, Violation
from domain.base.context import Context
from domain.base.errors import Conflict, NotFound
from domain.budgets.budget import Budget, BudgetLimits, OnHard
from domain.budgets.reservation import Reservation
from domain.conversations.conversation import Conversation
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Outcome, Usage
from infra.ids import uuid7
from infra.log.store import LogStore
from tests.infra.log.parts import Log

MODEL = "openai/gpt-5.4"


def now() -> datetime:
    return datetime.now(UTC)


def attempt(cost: Decimal | int, outcome: Outcome = "ok", began: datetime | None = None) -> Attempt:
    return Attempt(
        provider="openai",
        model="gpt-5.4",
        outcome=outcome,
        started_at=began or now(),
        latency_ms=1,
        usage=Usage(input=1, output=1),
        cost=Decimal(cost),
    )


@dataclass
class Till:
    """`paid` is what the played provider has asked for. What budgets need of the outside is a till."""

    log: Log
    context: Context = field(
        default_factory=lambda: Context(tenant=uuid4(), actor="key:test", correlation=uuid4())
    )
    paid: Decimal = Decimal(0)
    reservation_pool: ReservationPool | None = None
    budget_queue: FairQueue = field(default_factory=FairQueue)
    late: bool = False
    """Whether calls end after what they had reserved has expired: the log is to tell."""

    def ahead(self) -> ReservationPool:
        """From here on calls reserve ahead."""
        self.reservation_pool = ReservationPool(store=self.store, clock=now, ids=uuid7)
        return self.reservation_pool

    @property
    def store(self) -> LogStore:
        return self.log.store

    @property
    def clock(self) -> Clock:
        return now

    @property
    def ids(self) -> Ids:
        return uuid7

    @property
    def tenant(self) -> UUID:
        return self.context.tenant

    async def limit(
        self,
        day: Decimal | int | None = None,
        month: Decimal | int | None = None,
        soft: tuple[float, ...] = (0.8, 1.0),
        on_hard: OnHard = "stop",
    ) -> None:
        limits = BudgetLimits(
            day=None if day is None else Decimal(day),
            month=None if month is None else Decimal(month),
            soft=soft,
            on_hard=on_hard,
        )
        await set_budget(SetBudget(limits=limits), self.context, store=self.log.store, clock=now)

    async def reserve(
        self,
        amount: Decimal | int,
        *,
        interaction: UUID | None = None,
        patience: float = 0,
        seconds: float = 120,
    ) -> Reservation | None:
        if self.reservation_pool is not None and seconds == 120:
            spare = await self.reservation_pool.take(Decimal(amount), self.context)
            if spare is not None:
                return spare
        return await reserve(
            Decimal(amount),
            interaction or uuid4(),
            MODEL,
            self.context,
            self,
            lifetime=timedelta(seconds=seconds),
            patience=patience,
        )

    async def begin(self) -> Conversation:
        """Where calls are put on record."""
        conversation = Conversation.start(uuid4(), channel="http", address="a", name=None, at=now())
        await self.log.store.save(conversation, context=self.context)
        return conversation

    async def settle(
        self,
        conversation: Conversation,
        attempts: Sequence[Attempt],
        reservations: Sequence[Reservation | None],
        interaction: UUID | None = None,
    ) -> None:
        """Put a call on record and settle it; again when a reservation has expired meanwhile."""
        held = [each for each in reservations if each is not None]
        interaction = interaction or uuid4()
        run = Run(attempts=list(attempts), reservations=held)
        self.paid += sum((each.cost for each in attempts), Decimal(0))
        routing = Routing(model=MODEL, reason="r")
        conversation.meter(
            interaction, routing=routing, attempts=attempts, reservations=run.reserved, at=now()
        )
        events = list(conversation.pending_events)
        while True:
            try:
                await settled_save(conversation, run.calls, run, interaction, self.context, self)
                return
            except Conflict:
                await refresh(run, self.tenant, self.log.store)
                conversation.pending_events[:] = events

    async def call(
        self,
        conversation: Conversation,
        held: Decimal | int,
        cost: Decimal | int,
        *,
        patience: float = 0,
        seconds: float = 0.0,
    ) -> None:
        """One call from beginning to end. Raises BudgetExhausted."""
        interaction = uuid4()
        made = await self.reserve(held, interaction=interaction, patience=patience)
        await asyncio.sleep(seconds)
        await self.settle(conversation, [attempt(cost)], [made], interaction)

    async def expire(self, reservation: Reservation, clock: Clock = now) -> datetime | None:
        return await expire_reservation(reservation.id, self.context, store=self.log.store, clock=clock)

    async def expire_all(self) -> None:
        """Do the work that ends reservations."""
        for key, _ in await self.work(RESERVATION_WORK):
            await expire_reservation(UUID(key), self.context, store=self.log.store, clock=now)

    async def work(self, kind: str) -> list[tuple[str, datetime]]:
        """(key, due) of the tenant's work of a kind."""
        query = "SELECT key, due_at FROM work WHERE tenant = %s AND kind = %s ORDER BY key"
        async with self.log.database.tenant(self.tenant) as connection:
            return await (await connection.execute(query, [self.tenant, kind])).fetchall()  # type: ignore[return-value]  # its columns

    async def look(self) -> None:
        """Do the work that looks for alerts."""
        for key, _ in await self.work(ALERT_WORK):
            await raise_alerts(key, self.context, store=self.log.store, clock=now)

    async def held(self) -> int:
        """Reservations that are owed their end."""
        return len(await self.work(RESERVATION_WORK))

    async def day(self) -> BudgetStatus:
        return (await self.stand())[0]

    async def stand(self) -> tuple[BudgetStatus, BudgetStatus]:
        try:
            budget = await self.log.store.load(Budget, Budget.id_of(self.tenant), tenant=self.tenant)
            limits = budget.state.limits
        except NotFound:
            limits = BudgetLimits()
        return await budget_status(limits, now().date(), tenant=self.tenant, store=self.log.store)

    async def unheld(self) -> list[Violation]:
        """Calls that were not held until their end."""
        return [each for each in await self.broken() if each.invariant == "every call is held until it ends"]

    async def broken(self) -> list[Violation]:
        invariants = Invariants()
        invariants.fold([recorded async for recorded in self.log.store.events(self.tenant)])
        return invariants.violations

    async def check(self) -> None:
        """The books agree: the tallies with the log, both with what was paid, and nothing is held any more."""
        day, month = await self.stand()
        assert (day.spent, month.spent) == (self.paid, self.paid)
        assert (day.reserved, month.reserved) == (0, 0)
        assert await self.held() == 0
        assert await compare_tallies(self.tenant, store=self.log.store) == {}
        assert await self.broken() == (await self.unheld() if self.late else [])
