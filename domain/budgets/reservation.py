"""What a call of a model may cost at most, held in the tenant's budget until the call has ended."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import EPOCH, NIL, Aggregate, CreatedEvent
from domain.base.errors import Refused
from domain.base.money import pico, usd


class ReservationState(msgspec.Struct):
    interaction: UUID = NIL
    model: str = ""
    amount: int = 0
    day: date = EPOCH.date()
    budget: int = 0
    expires_at: datetime = EPOCH
    open: bool = True
    retained: bool = False
    """Its call has ended: it is held for what a provider may still bill."""


class Reservation(Aggregate[ReservationState]):
    """One stream a reservation, so that it ends once; it may serve several calls of a process, one after the other.

    Amounts are in pico-USD. Nothing in it is personal.
    """

    TOPIC = "reservation"
    State = ReservationState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Made(Event, CreatedEvent, frozen=True, kw_only=True):
        """`day_limit` and `month_limit` are those that it was held against, of the budget's version `budget`. A reservation that nobody
        settles ends at `expires_at`. `interaction` is whose call it is made for; NIL: it is held ahead, for whoever calls next."""

        TOPIC: ClassVar[str] = "reservation.made"
        PERSONAL: ClassVar[bool] = False
        interaction: UUID
        model: str
        amount: int
        day: date
        day_limit: int | None
        month_limit: int | None
        budget: int
        expires_at: datetime

        def apply(self, aggregate: Reservation) -> None:
            state = aggregate.state
            state.interaction, state.model, state.amount = self.interaction, self.model, self.amount
            state.day, state.budget, state.expires_at = self.day, self.budget, self.expires_at

    class Extended(Event, frozen=True, kw_only=True):
        """Its call goes on: it is held until `expires_at`."""

        TOPIC: ClassVar[str] = "reservation.extended"
        PERSONAL: ClassVar[bool] = False
        expires_at: datetime

        def apply(self, aggregate: Reservation) -> None:
            aggregate.state.expires_at = self.expires_at

    class Retained(Event, frozen=True, kw_only=True):
        """The call of `interaction` has ended, and a provider was not heard to its end: what it may still bill, `amount` of `day`, stays
        held until `expires_at`. `released` is free again."""

        TOPIC: ClassVar[str] = "reservation.retained"
        PERSONAL: ClassVar[bool] = False
        amount: int
        released: int
        day: date
        expires_at: datetime
        interaction: UUID | None = None

        def apply(self, aggregate: Reservation) -> None:
            state = aggregate.state
            state.amount, state.expires_at, state.retained = self.amount, self.expires_at, True

    class Done(Event, frozen=True, kw_only=True):
        """The call of `interaction` has ended, and none comes after it; None: nobody needs it any more. `amount`, of `day`, is free again;
        what calls did cost stands in their events, which name it."""

        TOPIC: ClassVar[str] = "reservation.settled"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        amount: int
        day: date
        interaction: UUID | None = None

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version did not say whose call it was: the reservation was made for it."""

        def apply(self, aggregate: Reservation) -> None:
            aggregate.state.open = False

    class Expired(Event, frozen=True, kw_only=True):
        """Nobody has settled it in time: `amount`, of `day`, is free again."""

        TOPIC: ClassVar[str] = "reservation.expired"
        PERSONAL: ClassVar[bool] = False
        amount: int
        day: date

        def apply(self, aggregate: Reservation) -> None:
            aggregate.state.open = False

    @property
    def subject(self) -> UUID:
        return NIL

    @property
    def amount(self) -> Decimal:
        """USD."""
        return usd(self.state.amount)

    @classmethod
    def make(
        cls,
        id: UUID,
        *,
        interaction: UUID,
        model: str,
        amount: int,
        day_limit: Decimal | None,
        month_limit: Decimal | None,
        budget: int,
        expires_at: datetime,
        at: datetime,
    ) -> Reservation:
        """`amount` is in pico-USD, limits are in USD, `budget` is the budget's version; the day is that of `at`, which is in UTC."""
        return cls.create(
            cls.Made,
            id=id,
            at=at,
            interaction=interaction,
            model=model,
            amount=amount,
            day=at.date(),
            day_limit=None if day_limit is None else pico(day_limit),
            month_limit=None if month_limit is None else pico(month_limit),
            budget=budget,
            expires_at=expires_at,
        )

    def settle(self, at: datetime, interaction: UUID | None = None) -> None:
        """`interaction`: whose call has used it. Raises Refused when it has ended already."""
        self._end(self.Done, at, interaction=interaction)

    def extend(self, until: datetime, at: datetime) -> None:
        """Raises Refused when it has ended already."""
        self._check_open()
        self.trigger(self.Extended, at=at, expires_at=until)

    def retain(self, amount: int, until: datetime, at: datetime, interaction: UUID | None = None) -> None:
        """Hold `amount` pico-USD of it on until `until`, though the call of `interaction` has ended. Raises Refused when it has itself."""
        self._check_open()
        released = self.state.amount - amount
        facts = {"expires_at": until, "interaction": interaction, "day": self.state.day}
        self.trigger(self.Retained, at=at, amount=amount, released=released, **facts)

    def expire(self, at: datetime) -> None:
        """Raises Refused when it has ended already, or is not due yet."""
        if at < self.state.expires_at:
            raise Refused("this reservation is held for its call until it expires")
        self._end(self.Expired, at)

    def _end(self, how: type[Done] | type[Expired], at: datetime, **facts: Any) -> None:
        self._check_open()
        self.trigger(how, at=at, amount=self.state.amount, day=self.state.day, **facts)

    def _check_open(self) -> None:
        if not self.state.open:
            raise Refused("this reservation has ended")
