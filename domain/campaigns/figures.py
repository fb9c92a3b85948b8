"""What came of a campaign: a fold over deliveries, presses, opt-outs, orders and bookings. Pure.

An order, a booking and an opt-out count for the campaign that the customer got last before it, within its `conversion_days`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.base.recorded import Recorded
from domain.campaigns.campaign import Campaign
from domain.campaigns.figure_rows import (
    DELIVERED,
    LEFT_OUT,
    LIFE,
    MOST_BUTTONS,
    CampaignRow,
    ConversionRow,
    ReachedRow,
)
from domain.channels.delivery import Delivery as D
from domain.channels.delivery import delivery_of
from domain.channels.statuses import ARRIVED, WORDS, later
from domain.conversations.conversation import Conversation as C
from domain.shop.booking import Booking
from domain.shop.order import Order


class Fold:
    """`touched`, `converted`: the rows that have changed. `conversions`: those that were cancelled may be among."""

    def __init__(
        self,
        campaigns: dict[UUID, CampaignRow],
        rows: Sequence[ReachedRow],
        conversions: Sequence[ConversionRow] = (),
    ) -> None:
        self.campaigns = campaigns
        self.converted: dict[UUID, ConversionRow] = {}
        self._conversions = {row.purchase: row for row in conversions}
        self.touched: dict[tuple[UUID, UUID], ReachedRow] = {}
        self._of: dict[UUID, dict[UUID, ReachedRow]] = {}
        for row in rows:
            self._of.setdefault(row.delivery, {})[row.campaign] = row

    def take(self, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, Campaign.Event):
            self._campaign(recorded, event)
        elif isinstance(event, D.TakenIn | D.Replaced):
            self._taken(recorded, event)
        elif isinstance(event, DELIVERED):
            self._told(recorded, event)
        elif isinstance(event, C.CampaignClicked):
            row = self._of.get(delivery_of(recorded.stream), {}).get(event.campaign)
            if row is not None:
                row.clicks += 1
                row.pressed |= 1 << min(event.button, MOST_BUTTONS - 1)
                self._touch(row)
        elif recorded.topic == C.OptedOut.TOPIC:
            if (row := self._last(delivery_of(recorded.stream), recorded)) is not None:
                row.opted_out = True
                self._touch(row)
        elif isinstance(event, Order.Placed | Booking.Made):
            self._bought(recorded, event)
        elif (
            isinstance(event, Order.Cancelled | Booking.Cancelled)
            and (conversion := self._conversions.get(recorded.stream)) is not None
        ):
            conversion.cancelled = True
            self.converted[conversion.purchase] = conversion

    def _campaign(self, recorded: Recorded, event: Campaign.Event) -> None:
        id, at = recorded.stream, recorded.recorded_at
        if isinstance(event, Campaign.Drafted):
            days = event.plan.conversion_days
            self.campaigns[id] = CampaignRow(campaign=id, status="draft", created_at=at, conversion_days=days)
        row = self.campaigns[id]
        row.status = LIFE.get(type(event), row.status)
        if isinstance(event, Campaign.Revised):
            row.conversion_days = event.plan.conversion_days
        elif isinstance(event, Campaign.Resumed):
            row.status = "scheduled" if row.began_at is None else "running"
        elif isinstance(event, Campaign.Started):
            row.began_at = at
        elif isinstance(event, Campaign.Cancelled | Campaign.Finished):
            row.ended_at = at
        elif isinstance(event, Campaign.Advanced):
            for each in event.omitted:
                known = self._of.get(delivery_of(each.conversation), {}).get(id)
                if known is None:
                    facts: dict[str, Any] = {"status": LEFT_OUT, "code": each.why, "counts_until": at}
                    self._put(
                        recorded, id, delivery_of(each.conversation), conversation=each.conversation, **facts
                    )

    def _taken(self, recorded: Recorded, event: D.TakenIn | D.Replaced) -> None:
        """What the customer is to get; of several messages the last one counts."""
        for number, outgoing in enumerate(event.outgoing, event.first):
            if (campaign := outgoing.campaign) is None or outgoing.more:
                continue
            known = self._of.get(recorded.stream, {}).get(campaign)
            if isinstance(event, D.Replaced) and known is not None:
                known.number, known.status, known.code = number, "queued", None
                self._touch(known)
            else:
                days = self.campaigns[campaign].conversion_days if campaign in self.campaigns else 7
                until = recorded.recorded_at + timedelta(days=days)
                self._put(recorded, campaign, recorded.stream, number=number, counts_until=until)

    def _told(self, recorded: Recorded, event: Any) -> None:
        rows = self._of.get(recorded.stream, {}).values()
        row = next((each for each in rows if each.number == event.number and each.status != LEFT_OUT), None)
        if row is None:
            return
        if isinstance(event, D.Attempted):
            row.status = "attempted"
        elif isinstance(event, D.Accepted):
            row.status = "accepted" if later(row.status, "accepted") else row.status  # type: ignore[arg-type]
        elif isinstance(event, D.FateUnknown):
            row.status = "unknown"
        elif isinstance(event, D.NotTaken):
            row.code, row.status = event.code, "failed" if event.again_at is None else "queued"
            row.over = row.over if event.again_at is None else event.attempt
        elif isinstance(event, D.GivenUp):
            row.code, row.status = event.code, "given_up"
        elif event.again_at is not None:
            row.code, row.status, row.over = event.code, "queued", event.attempt
        elif (
            (status := WORDS.get(event.status)) is not None
            and later(row.status, status)  # type: ignore[arg-type]  # a status: it is no longer left out
            and (event.attempt > row.over or status in ARRIVED)
        ):
            row.code, row.status = event.code, status
        self._touch(row)

    def _bought(self, recorded: Recorded, event: Order.Placed | Booking.Made) -> None:
        row = self._last(delivery_of(event.conversation), recorded)
        if row is None:
            return
        ordered = isinstance(event, Order.Placed)
        row.orders += ordered
        row.bookings += not ordered
        self._touch(row)
        conversion = ConversionRow(
            purchase=recorded.stream,
            campaign=row.campaign,
            delivery=row.delivery,
            kind="order" if ordered else "booking",
            at=recorded.recorded_at,
            currency=event.currency,
            amount=event.total if isinstance(event, Order.Placed) else event.price,
        )
        self._conversions[recorded.stream] = self.converted[recorded.stream] = conversion

    def _last(self, delivery: UUID, recorded: Recorded) -> ReachedRow | None:
        """The campaign that they got last, while what they do counts for it."""
        got = [
            row
            for row in self._of.get(delivery, {}).values()
            if row.status not in (LEFT_OUT, "failed") and row.position < recorded.position
        ]
        row = max(got, key=lambda each: each.position, default=None)
        return row if row is not None and recorded.recorded_at <= row.counts_until else None

    def _put(self, recorded: Recorded, campaign: UUID, delivery: UUID, **facts: Any) -> None:
        row = ReachedRow(
            campaign=campaign, delivery=delivery, position=recorded.position, at=recorded.recorded_at, **facts
        )
        self._of.setdefault(delivery, {})[campaign] = row
        self._touch(row)

    def _touch(self, row: ReachedRow) -> None:
        self.touched[row.campaign, row.delivery] = row
