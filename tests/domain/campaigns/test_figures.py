"""What came of a campaign is the same however its events are cut into batches, and counts for the campaign that the customer got last."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.base.aggregate import Aggregate, Event
from domain.base.recorded import Recorded
from domain.campaigns.campaign import Campaign
from domain.campaigns.figure_rows import CampaignRow, ConversionRow, ReachedRow
from domain.campaigns.figures import Fold
from domain.campaigns.message import CampaignMessage
from domain.campaigns.omitted import Omitted
from domain.campaigns.plan import Plan
from domain.channels.delivery import Delivery
from domain.channels.outgoing import Outgoing, Taken
from domain.conversations.conversation import Conversation
from domain.shop.order import Order, OrderLine
from tests.domain.given import NOW

FIRST, SECOND, CUSTOMER, OTHER = UUID(int=5), UUID(int=6), UUID(int=7), UUID(int=8)
DAY = timedelta(days=1)


class History:
    """Events in the order in which they were recorded."""

    def __init__(self) -> None:
        self.recorded: list[Recorded] = []
        self.conversions: dict[UUID, ConversionRow] = {}

    def add(self, aggregate: Aggregate, at: datetime = NOW) -> None:  # type: ignore[type-arg]
        for event in aggregate.collect_events():
            self._record(event, at)  # type: ignore[arg-type]

    def _record(self, event: Event, at: datetime) -> None:
        self.recorded.append(
            Recorded(
                position=len(self.recorded) + 1,
                tenant=UUID(int=1),
                stream=event.originator_id,
                version=event.originator_version,
                topic=event.TOPIC,
                recorded_at=at,
                actor="test",
                correlation=UUID(int=2),
                causation=None,
                digest=b"",
                hash=b"",
                event=event,
            )
        )

    def rows(self, batch: int) -> dict[tuple[UUID, UUID], ReachedRow]:
        """Folded in batches of so many, each from what the one before has left."""
        campaigns: dict[UUID, CampaignRow] = {}
        rows: dict[tuple[UUID, UUID], ReachedRow] = {}
        for first in range(0, len(self.recorded), batch):
            fold = Fold(campaigns, list(rows.values()), list(self.conversions.values()))
            for recorded in self.recorded[first : first + batch]:
                fold.take(recorded)
            campaigns, rows = fold.campaigns, {**rows, **fold.touched}
            self.conversions |= fold.converted
        return rows


def history() -> History:
    made = History()
    plan = Plan(name="n", message=CampaignMessage(text="Boots!"), conversion_days=7)
    first, second = Campaign.draft(FIRST, plan, NOW), Campaign.draft(SECOND, plan, NOW)
    first.advance(OTHER, [Omitted(conversation=OTHER, why="opted_out")], None, NOW)
    made.add(first)
    made.add(second)
    customer = Conversation.start(CUSTOMER, channel="whatsapp", address="whatsapp:+49", name=None, at=NOW)
    delivery = Delivery.begin(CUSTOMER, NOW)
    for number, (campaign, at) in enumerate(((FIRST, NOW), (SECOND, NOW + DAY)), 1):
        outgoing = (
            Outgoing(version=number, interaction=None, campaign=campaign, more=True),
            Outgoing(version=number, interaction=None, campaign=campaign, part=1),
        )
        delivery.take_in(Taken(outgoing=outgoing, taken=number, sender="whatsapp:+1"), at)
        for message in (2 * number - 1, 2 * number):
            delivery.attempt(message, at)
            delivery.told(message, 1, sid=f"SM{message}", status="read", code=None, at=at)
            delivery.accepted(message, 1, sid=f"SM{message}", by="answer", at=at)
        made.add(delivery, at)
        placed = order(made, number, at + DAY / 2)
    customer.click(FIRST, 0, "agent", NOW)
    customer.click(FIRST, 0, "agent", NOW)
    customer.opt("out", "STOP", NOW)
    made.add(customer, NOW + 2 * DAY)
    order(made, 3, NOW + 9 * DAY)
    placed.cancel(NOW)
    made.add(placed, NOW + 10 * DAY)
    return made


def order(made: History, number: int, at: datetime) -> Order:
    line = OrderLine(product=UUID(int=9), name="Boots", quantity=1, price=Decimal(10))
    facts = {"conversation": CUSTOMER, "lines": (line,), "currency": "EUR", "note": None}
    placed = Order.place(UUID(int=100 + number), at=NOW, **facts)  # type: ignore[arg-type]
    made.add(placed, at)
    return placed


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 1000])
def test_batches_make_no_difference(batch: int) -> None:
    made = history()
    rows = made.rows(batch)
    found = {
        (row.campaign, row.status, row.code, row.clicks, row.pressed, row.opted_out, row.orders)
        for row in rows.values()
    }
    assert found == {
        (FIRST, "read", None, 2, 1, False, 1),
        (FIRST, "left_out", "opted_out", 0, 0, False, 0),
        (SECOND, "read", None, 0, 0, True, 1),
    }, "the third order came too late"
    assert {
        (each.campaign, each.kind, each.amount, each.currency, each.cancelled)
        for each in made.conversions.values()
    } == {(FIRST, "order", Decimal(10), "EUR", False), (SECOND, "order", Decimal(10), "EUR", True)}
