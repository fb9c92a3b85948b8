from __future__ import annotations

from uuid import uuid4

import pytest

from application.agents.agent import ConfigureAgent, configure_agent
from application.audit.history import Change, Point, differences, state_at
from application.base.plain import plain
from domain.agents.agent import Agent
from domain.base.errors import Invalid, NotFound
from tests.application.conftest import Shop


async def test_a_state_is_that_of_any_point_in_its_life(shop: Shop) -> None:
    received = await shop.receive("hello")
    await shop.answer(received.conversation)
    events = await shop.events(received.conversation)
    store, tenant = shop.parts.store, shop.context.tenant
    for recorded in events:
        for point in (Point(version=recorded.version), Point(position=recorded.position)):
            found = await state_at("conversation", received.conversation, point, tenant=tenant, store=store)
            assert found.version == recorded.version
            assert found.stream == f"conversation/{received.conversation}"
    at = await state_at(
        "conversation", received.conversation, Point(at=events[-1].recorded_at), tenant=tenant, store=store
    )
    now = await state_at("conversation", received.conversation, Point(), tenant=tenant, store=store)
    assert at == now
    assert [turn["role"] for turn in now.state["history"]] == ["user", "assistant"]


async def test_what_was_not_yet_is_not_found_and_what_can_not_be_is_refused(shop: Shop) -> None:
    store, tenant = shop.parts.store, shop.context.tenant
    received = await shop.receive("hello")
    for point in (Point(position=1), Point(version=77), Point(version=2**31)):
        with pytest.raises(NotFound):
            await state_at("conversation", received.conversation, point, tenant=tenant, store=store)
    with pytest.raises(NotFound):
        await state_at("document", received.conversation, Point(), tenant=tenant, store=store)
    with pytest.raises(NotFound):
        await state_at("conversation", received.conversation, Point(), tenant=uuid4(), store=store)
    for kind, point in (("os", Point()), ("conversation", Point(version=1, position=1))):
        with pytest.raises(Invalid):
            await state_at(kind, received.conversation, point, tenant=tenant, store=store)


async def test_the_difference_of_two_configurations_names_what_was_set(shop: Shop) -> None:
    store, tenant = shop.parts.store, shop.context.tenant
    agent = Agent.id_of(tenant)
    before = await state_at("agent", agent, Point(), tenant=tenant, store=store)
    found = await store.load(Agent, agent, tenant=tenant)
    changed = found.state.configuration
    import msgspec

    changed = msgspec.structs.replace(changed, tone="warm", restrictions=("no promises",))
    await configure_agent(
        ConfigureAgent(configuration=changed),
        shop.context,
        store=store,
        catalogue=shop.parts.catalogue,
        clock=shop.parts.clock,
    )
    after = await state_at(
        "agent", tenant, Point(), tenant=tenant, store=store
    )  # it has one: its id does as well
    assert after.stream == f"agent/{agent}"
    assert differences(before.state, after.state) == [
        Change(path="configuration.tone", change="changed", old="professional", new="warm"),
        Change(path="configuration.restrictions[0]", change="added", new="no promises"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"b": 1}, [("a", "removed", 1, None), ("b", "added", None, 1)]),
        ({"a": None}, {"a": {"b": 1}}, [("a", "changed", None, {"b": 1})]),
        ({"a": [1, 2, 3]}, {"a": [2, 3, 4]}, [("a[0]", "removed", 1, None), ("a[2]", "added", None, 4)]),
        ({"a": [{"t": "x", "u": 1}]}, {"a": [{"t": "y", "u": 1}]}, [("a[0].t", "changed", "x", "y")]),
        ({"a": [1]}, {"a": []}, [("a[0]", "removed", 1, None)]),
    ],
)
def test_differences_are_told_path_by_path(
    old: object, new: object, changes: list[tuple[str, str, object, object]]
) -> None:
    found = [(change.path, change.change, change.old, change.new) for change in differences(old, new)]
    assert found == changes


def test_bytes_are_never_shown() -> None:
    assert plain({"a": [{"b": b"secret"}]}) == {"a": [{"b": "(not shown)"}]}
