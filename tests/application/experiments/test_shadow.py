"""Shadow runs over real conversations: what can't be asked again, and what is cut off."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.base.erase import Erase, erase
from application.budgets.charges import compare_tallies
from application.chat.chat import ChatFailed, chat
from application.chat.record import Chat
from application.experiments import shadow
from application.experiments.deploying import SHADOW_WORK
from application.experiments.deployment import (
    CreateDeployment,
    StartShadow,
    StopDeployment,
    create_deployment,
    start_shadow,
    stop_deployment,
)
from application.experiments.shadow import PAUSE, ShadowMessages, shadow_messages
from application.learning.trial import try_answer
from application.ports import ShadowProgress, Store
from application.privacy.forget import ForgetCustomer, forget_customer
from domain.answers.variant import Variant
from domain.audit.invariants import Invariants
from domain.experiments.deployment import Deployment
from domain.experiments.deployment_state import ShadowPlan
from domain.experiments.shadow import Shadow
from domain.models.completion import Attempt, Turn
from tests.application.conftest import Shop, nothing
from tests.application.dying import Dying, hanging, killed_at_the_wire
from tests.application.experiments.evaluated import evaluated

TERSE = Variant(model="openai/gpt-6-luna", configuration={"tone": "terse"})


class Progress:
    """What the read model tells, out of the log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def progress(self, tenant: UUID, deployment: UUID) -> ShadowProgress:
        topics = [Shadow.Compared.TOPIC]
        every = [each.event async for each in self._store.events(tenant, topics=topics)]
        reached = [each.position for each in every if isinstance(each, Shadow.Compared)]
        return ShadowProgress(answers=len(reached), reached=max(reached, default=0))


def ports_of(shop: Shop) -> Any:
    return dataclasses.replace(shop.ports, shadows=Progress(shop.parts.store))


async def shadowing(shop: Shop, most: int, variant: Variant = TERSE) -> UUID:
    ports = ports_of(shop)
    evaluation = await evaluated(variant, shop.context, store=ports.store, at=ports.clock())
    plan = ShadowPlan(share=1, most=most)
    command = CreateDeployment(name="terser", evaluation=evaluation, shadow=plan)
    id = (await create_deployment(command, shop.context, ports)).deployment.id
    await start_shadow(StartShadow(deployment=id), shop.context, ports)
    return id


async def told(shop: Shop, address: str) -> UUID:
    """The interaction of an answer that a customer got."""
    received = await shop.receive("Are you open?", address=address)
    given = await shop.answer(received.conversation)
    assert given is not None
    return received.interaction


async def forgotten(shop: Shop, address: str) -> None:
    parts = shop.parts
    said = await forget_customer(
        ForgetCustomer(channel="http", address=address),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        clock=parts.clock,
    )
    for subject in said.conversations:
        await erase(Erase(subject=subject), shop.context, eraser=parts.eraser, cache=parts.cache)


async def look(shop: Shop, id: UUID) -> datetime | None:
    return await shadow_messages(ShadowMessages(deployment=id), shop.context, ports_of(shop))


async def records(shop: Shop, *topics: str) -> list[Any]:
    return [each.event async for each in shop.parts.store.events(shop.context.tenant, topics=topics)]


async def test_what_cannot_be_asked_again_holds_up_nothing_and_counts_for_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "AT_ONCE", 2)
    id = await shadowing(shop, most=2)
    for number in range(3):
        await told(shop, f"erased {number}")
        await forgotten(shop, f"erased {number}")
    before = shop.parts.clock()
    again = await look(shop, id)
    assert again is not None
    assert again >= before + PAUSE, "nothing is left to be done at once"
    seen = [await told(shop, address) for address in ("one", "two")]
    assert await look(shop, id) is None
    assert [each.interaction for each in await records(shop, Shadow.Compared.TOPIC)] == seen
    deployment = await shop.parts.store.load(Deployment, id, tenant=shop.context.tenant)
    assert (deployment.state.status, deployment.state.shadowed) == ("created", 2)


class Killed(BaseException):
    """The process is no more."""


async def killed_while_it_asks(shop: Shop, id: UUID) -> None:
    """A look whose process ends once the trial is begun; nothing comes on record after that."""

    async def cut(*facts: Any, begin: Any = None, **more: Any) -> Any:
        async def last(lost: Sequence[Attempt]) -> None:
            if begin is not None:
                await begin(lost)
            raise Killed

        return await try_answer(*facts, begin=last, **more)

    async def never(*_: Any) -> None:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shadow, "try_answer", cut)
        patch.setattr(shadow, "_meter", never)
        with pytest.raises(Killed):
            await look(shop, id)


async def books_agree(shop: Shop) -> None:
    tenant, store = shop.context.tenant, shop.parts.store
    assert await compare_tallies(tenant, store=store) == {}
    invariants = Invariants()
    invariants.fold([recorded async for recorded in store.events(tenant)])
    assert invariants.violations == []


async def test_what_a_killed_process_has_asked_is_charged_once_and_not_asked_again(shop: Shop) -> None:
    id = await shadowing(shop, most=1)
    lost = await told(shop, "lost")
    await killed_while_it_asks(shop, id)
    assert await look(shop, id) is not None, "it goes on"
    seen = await told(shop, "next")
    assert await look(shop, id) is None
    (metered,) = await records(shop, Shadow.Metered.TOPIC)
    *embeddings, call = metered.attempts
    assert (metered.interaction, metered.lost, call.outcome) == (lost, True, "cancelled")
    assert metered.cost == call.cost + sum(each.cost for each in embeddings)
    assert call.cost > 0
    (compared,) = await records(shop, Shadow.Compared.TOPIC)
    assert compared.interaction == seen
    await books_agree(shop)


async def test_a_call_to_understand_whose_process_is_killed_in_it_is_charged_once_and_not_asked_again(
    shop: Shop,
) -> None:
    reading = msgspec.structs.replace(TERSE, configuration={"understanding_model": "openai/gpt-6-luna"})
    id = await shadowing(shop, most=1, variant=reading)
    lost, hung, store = await told(shop, "lost"), asyncio.Event(), Dying(shop.parts.store)
    shop.provider.meanwhile = hanging(hung)
    ports = dataclasses.replace(ports_of(shop), store=store, reservation_pool=None)
    await killed_at_the_wire(store, shadow_messages(ShadowMessages(deployment=id), shop.context, ports), hung)
    shop.provider.meanwhile, asked = nothing, len(shop.provider.asked)
    assert await look(shop, id) is not None
    assert len(shop.provider.asked) == asked
    (metered,) = await records(shop, Shadow.Metered.TOPIC)
    *_, call = metered.attempts
    assert (metered.interaction, metered.lost, call.outcome) == (lost, True, "cancelled")
    assert metered.cost == call.cost > 0
    seen = await told(shop, "next")
    assert await look(shop, id) is None
    (compared,) = await records(shop, Shadow.Compared.TOPIC)
    assert compared.interaction == seen
    assert len(await records(shop, Shadow.Metered.TOPIC)) == 1
    await books_agree(shop)


async def test_what_was_lost_is_charged_also_where_the_deployment_was_stopped_meanwhile(shop: Shop) -> None:
    id = await shadowing(shop, most=5)
    lost = await told(shop, "lost")
    await killed_while_it_asks(shop, id)
    await stop_deployment(StopDeployment(deployment=id, reason="not now"), shop.context, ports_of(shop))
    assert (SHADOW_WORK, id.hex) in await shop.owed()
    asked = len(shop.provider.asked)
    for _ in range(2):
        assert await look(shop, id) is None
    (metered,) = await records(shop, Shadow.Metered.TOPIC)
    assert (metered.interaction, metered.lost) == (lost, True)
    assert len(shop.provider.asked) == asked
    await books_agree(shop)


async def test_one_that_is_cut_off_by_a_stop_is_metered_as_it_was_and_asked_again(shop: Shop) -> None:
    id = await shadowing(shop, most=1)
    interaction = await told(shop, "anna")

    async def stopped() -> None:
        raise Killed

    shop.provider.meanwhile = stopped
    with pytest.raises(Killed):
        await look(shop, id)
    shop.provider.meanwhile = nothing
    assert await look(shop, id) is None
    (metered,) = await records(shop, Shadow.Metered.TOPIC)
    assert (metered.interaction, metered.lost) == (interaction, False)
    assert [each.interaction for each in await records(shop, Shadow.Compared.TOPIC)] == [interaction]
    await books_agree(shop)


async def called(shop: Shop, model: str, user: str | None = None) -> UUID:
    """A call of the completions API, answered."""
    id, messages = shop.parts.ids(), (Turn(role="user", text="Are you open?"),)
    await chat(Chat(id=id, model=model, messages=messages, user=user), shop.context, shop.ports)
    return id


async def test_calls_that_ask_for_the_agent_are_shadowed_too_and_go_with_their_users(shop: Shop) -> None:
    id = await shadowing(shop, most=4)
    seen = [await told(shop, "anna"), await called(shop, "agent", "ben"), await called(shop, "agent")]
    for other in ("auto", "openai/gpt-6.1-terra"):
        await called(shop, other)
    shop.provider.away = True
    with pytest.raises(ChatFailed):
        await called(shop, "agent")
    shop.provider.away = False
    seen.append(await told(shop, "cleo"))
    assert await look(shop, id) is None
    compared = await records(shop, Shadow.Compared.TOPIC)
    assert [each.interaction for each in compared] == seen
    assert all(each.text for each in compared)
    parts = shop.parts
    said = await forget_customer(
        ForgetCustomer(channel="api", address="ben"),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        clock=parts.clock,
    )
    for subject in said.users:
        await erase(Erase(subject=subject), shop.context, eraser=parts.eraser, cache=parts.cache)
    left = [each.text for each in await records(shop, Shadow.Compared.TOPIC)]
    assert [text is None for text in left] == [False, True, False, False]
