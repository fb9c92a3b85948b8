"""Senders that end between any two steps: attempt on record, call made, answer on record. Seeded; another one always goes on.

Nothing is sent twice that the channel had and told, by a callback or by its list; the rest is as it is set, and on record as sent again.
"""

from __future__ import annotations

import dataclasses
import random
from datetime import timedelta
from typing import Any

import pytest

from application.channels.deliver import Deliver, deliver
from domain.audit.invariants import Invariants
from domain.channels import next_step, statuses
from domain.channels.delivery import Delivery
from tests.application.channels.conftest import ADA, Messenger

MESSAGES, SEEDS = 5, 24


class Died(BaseException):
    """The process is gone."""


class Life:
    """Of one sender: it ends at its `last` step; None: it lives."""

    def __init__(self, last: int | None) -> None:
        self.last, self.steps = last, 0

    def step(self) -> None:
        self.steps += 1
        if self.last is not None and self.steps >= self.last:
            raise Died


class Mortal:
    """A store or a channel whose caller may die before each call that has an effect, and after it."""

    def __init__(self, inner: Any, life: Life, *names: str) -> None:
        self._inner, self._life, self._names = inner, life, names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._names:
            return found

        async def call(*arguments: Any, **named: Any) -> Any:
            self._life.step()
            result = await found(*arguments, **named)
            self._life.step()
            return result

        return call


async def test_a_sender_that_dies_at_any_step_is_followed_by_one_that_goes_on(
    messenger: Messenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step once: with whatever the channel has told, nothing goes out twice."""
    for name in ("CALLING", "HELD", "SETTLED"):
        monkeypatch.setattr(next_step, name, timedelta())
    await messenger.set(unknown_fate="resend")
    last, died = 1, True
    while died:
        address = f"whatsapp:+1555010{last:04}"
        id = await messenger.told("One.", "Two.", address=address)
        died = await lives(messenger, id, Life(last))
        while await lives(messenger, id, Life(None)):
            pass
        assert [message.body for message in messenger.twilio.to(address)] == [
            "I am a machine.\n\nOne.",
            "Two.",
        ]
        last += 1
    assert last > 12


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_nothing_that_was_told_is_sent_twice_whenever_senders_die(
    messenger: Messenger, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CALLING", "HELD", "SETTLED"):
        monkeypatch.setattr(next_step, name, timedelta())
    monkeypatch.setattr(statuses, "FIRST_PAUSE", timedelta())
    chance, twilio = random.Random(seed), messenger.twilio
    fate = chance.choice(["resend", "operator"])
    await messenger.set(unknown_fate=fate)
    twilio.lag = chance.choice([0.0, 900.0])
    twice: list[str] = []

    def script(form: dict[str, str]) -> str:
        for earlier in twilio.messages.values():
            known = bool(earlier.told) or twilio.lag == 0
            if earlier.form.get("Body") == form.get("Body") and known:
                twice.append(earlier.sid)
        return chance.choice(["ok"] * 6 + ["lost", "cut", "429", "500"])

    twilio.script = script
    id = await messenger.told(*(f"Text {number}." for number in range(MESSAGES)))
    while await lives(messenger, id, Life(chance.randint(1, 12) if chance.random() < 0.8 else None)):
        for message in list(twilio.messages.values()):
            if not message.told and chance.random() < 0.6:
                await twilio.tell(
                    message, *chance.sample(["sent", "delivered", "read"], chance.randint(1, 3))
                )
    assert twice == []
    events = await messenger.events(id)
    again = [e for r in events if isinstance(e := r.event, Delivery.Attempted) and e.again]
    bodies = [message.body for message in twilio.to(ADA)]
    more = len(bodies) - len(set(bodies))
    assert more <= len(again)
    assert fate == "resend" or again == []
    state = (await messenger.delivery(id)).state
    for number in range(1, MESSAGES + 1):
        sending = state.messages[number]
        went = any(f"Text {number - 1}." in body for body in bodies)
        assert went or sending.status in ("failed", "given_up"), (number, sending)
        assert sending.status not in statuses.OPEN
    prove = Invariants()
    prove.fold([each async for each in messenger.store.events(messenger.shop.context.tenant)])
    assert prove.violations == []


async def lives(messenger: Messenger, id: Any, life: Life) -> bool:
    """A sender works until it has done all, or dies; whether it died or left something for later."""
    ports = dataclasses.replace(
        messenger.ports,
        store=Mortal(messenger.store, life, "save", "change"),
        channel=Mortal(messenger.channel, life, "send"),
    )
    try:
        return await deliver(Deliver(conversation=id), messenger.shop.context, ports) is not None
    except Died:
        return True
