"""The work that sends a campaign: customer after customer in the order of their ids, at the pace of the sender's rate.

Whatever ends it in between, whoever comes next goes on after the last customers that are on record; those that were under way are seen to again,
and the inbox key of what their conversation was told keeps it from being told twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.tasks import cancel_and_wait
from application.campaigns.campaign import CAMPAIGN_WORK
from application.campaigns.forms import prepare_forms
from application.campaigns.known import Known, seen
from application.campaigns.ports import Ports
from application.campaigns.reach import reach
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.campaigns.campaign import Campaign
from domain.campaigns.judge import Later, LeaveOut, Verdict
from domain.campaigns.omitted import Omitted

TURN = timedelta(seconds=20)
"""After which it gives its place back where others wait for one: what is under way ends first, so its rate would have a gap each time."""

PAGE, LOOKED, AT_ONCE, TOLD = 200, 20, 64, 50
"""Customers of one read; that are looked at in the log at once; that are seen to at once, as a call of the vendor takes its time; and of one
event, at least."""

FORMS_AGAIN = timedelta(seconds=30)
"""After which the vendor is asked again for templates that it did not make for the time being."""


class RunCampaign(msgspec.Struct, frozen=True, kw_only=True):
    campaign: UUID


async def run_campaign(command: RunCampaign, context: Context, ports: Ports) -> datetime | None:
    """Send for a while; when to go on, None where nothing is left to be done, or it is paused."""
    until = ports.clock() + TURN
    while True:
        try:
            campaign = await ports.store.load(Campaign, command.campaign, tenant=context.tenant)
        except NotFound:
            return None
        due, now = campaign.due_at(), ports.clock()
        if due is None or due > now:
            return due
        if now >= until and await ports.places.waited_for(CAMPAIGN_WORK):
            return now
        if not await prepare_forms(campaign, context, ports):
            return now + FORMS_AGAIN
        if campaign.state.status == "scheduled":
            await _start(campaign, context, ports)
            continue
        await _Round(campaign, until, context, ports).go_on()


async def _start(campaign: Campaign, context: Context, ports: Ports) -> None:
    at = ports.clock()
    await amend(Campaign, campaign.id, lambda known: known.start(at), context=context, store=ports.store)


class _Round:
    """A part of a campaign's round: customers under way, in order, and what came of them."""

    def __init__(self, campaign: Campaign, until: datetime, context: Context, ports: Ports) -> None:
        self._campaign, self._until, self._context, self._ports = campaign, until, context, ports
        self._under_way: deque[tuple[UUID, asyncio.Task[Verdict | None]]] = deque()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._stopped = False

    async def go_on(self) -> None:
        """Until its time is over, nobody is left, or it is told to stop. What is under way ends first, and is on record."""
        state = self._campaign.state
        after, began_at, end = state.after, state.began_at or state.created_at, False
        assert began_at is not None
        try:
            while not self._stopped and not end:
                found = await self._ports.customers.find(
                    self._context.tenant,
                    state.plan.audience,
                    began_at,
                    campaign=self._campaign.id,
                    after=after,
                    limit=PAGE,
                )
                end = len(found) < PAGE
                for first in range(0, len(found), LOOKED):
                    some = found[first : first + LOOKED]
                    known = await seen(state.plan.message, some, self._context, self._ports)
                    if not await self._begin_all(some, known):
                        break
                    after = some[-1]
            while self._under_way:
                await asyncio.wait([task for _, task in self._under_way])
                await self._record(1)
        finally:
            await cancel_and_wait(*(task for _, task in self._under_way))
        if end and not self._stopped:
            await self._amend(lambda known: known.end_round(self._ports.clock()))

    async def _goes_on(self) -> bool:
        """As of at most a second ago."""
        if not self._stopped:
            found = await self._ports.store.latest(Campaign, self._campaign.id, tenant=self._context.tenant)
            self._stopped = found.state.status != "running" or await self._is_over()
        return not self._stopped

    async def _is_over(self) -> bool:
        """Its time, where somebody waits for its place."""
        if (now := self._ports.clock()) < self._until:
            return False
        self._until = now + TURN  # one of those under way asks
        return await self._ports.places.waited_for(CAMPAIGN_WORK)

    async def _begin_all(self, conversations: Sequence[UUID], known: Mapping[UUID, Known]) -> bool:
        """Each once there is room for it; False: it was stopped before the last of them."""
        for conversation in conversations:
            await self._places.acquire()
            if not await self._goes_on():
                self._places.release()
                return False
            self._begin(conversation, known.get(conversation))
            await self._record(TOLD)
        return True

    def _begin(self, conversation: UUID, known: Known | None) -> None:
        task = asyncio.create_task(
            reach(self._campaign, conversation, known, self._goes_on, self._context, self._ports)
        )
        task.add_done_callback(lambda _: self._places.release())
        self._under_way.append((conversation, task))

    async def _record(self, least: int) -> None:
        """Those at the front that are done, where there are so many. One that was not seen to holds up those behind it."""
        done = 0
        for _, task in self._under_way:
            if not task.done():
                break
            done += 1
        if done < least:
            return
        omitted, later, after = list[Omitted](), list[datetime](), None
        for _ in range(done):
            conversation, task = self._under_way.popleft()
            verdict = task.result()
            if verdict is None:
                self._stopped = True
            elif not self._stopped:
                after = conversation
            if isinstance(verdict, LeaveOut):
                omitted.append(Omitted(conversation=conversation, why=verdict.why, missing=verdict.missing))
            elif isinstance(verdict, Later) and not self._stopped:
                later.append(verdict.until)
        if after is not None or omitted:
            place = after or self._campaign.state.after
            self._campaign = await self._amend(
                lambda known: known.advance(place, omitted, min(later, default=None), self._ports.clock())
            )

    async def _amend(self, decide: Callable[[Campaign], None]) -> Campaign:
        id, context, store = self._campaign.id, self._context, self._ports.store
        return (await amend(Campaign, id, decide, context=context, store=store))[0]
