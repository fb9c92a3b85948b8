"""What a question goes on from is looked for with it, on record, and found again by a replay; what was looked at comes first."""

from __future__ import annotations

from uuid import UUID

from application.agents.agent import ConfigureAgent, configure_agent
from application.audit.explain_interaction import explain
from application.audit.questions import questions_at
from application.chat.chat import chat
from application.chat.record import Chat
from application.replay.answers import ReplayAnswers, replay_answers
from domain.agents.agent import AgentConfiguration
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.models.completion import Passage, Turn
from domain.retrieval.fusion import Ranked
from domain.retrieval.results.ranking import rank
from tests.application.conftest import Shop
from tests.application.retrieval.uploads import process, upload

NAMES = ("Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot")
FIRST, NEXT = "Do you have the hammock Delta?", "How much is it?"


async def sells(shop: Shop) -> dict[str, UUID]:
    """A document each; answers rest on one."""
    await configure_agent(
        ConfigureAgent(configuration=AgentConfiguration(document_results=1)),
        shop.context,
        store=shop.parts.store,
        catalogue=shop.parts.catalogue,
        clock=shop.parts.clock,
    )
    documents = {}
    for number, name in enumerate(NAMES):
        made = await upload(shop, f"The hammock {name} costs {40 + number}.90 EUR.".encode(), f"{name}.txt")
        await process(shop, made.document)
        documents[name] = made.document
    return documents


async def test_how_much_it_is_is_looked_for_with_what_it_is(shop: Shop) -> None:
    documents = await sells(shop)
    for text in (FIRST, NEXT):
        got = await shop.receive(text)
        given = await shop.answer(got.conversation)
    assert given is not None
    assert [each.document for each in shop.provider.asked[-1].passages] == [documents["Delta"]]
    assert shop.provider.asked[-1].questions == (NEXT,)
    assert [each.goes_on_from for each in shop.provider.asked] == ["", FIRST]
    events = await shop.events(got.conversation)
    prompts = [each.event for each in events if isinstance(each.event, Conversation.Prompted)]
    assert [each.looked_for for each in prompts] == ["", f"{NEXT}\n{FIRST}"]
    [metered] = [each for each in events if isinstance(each.event, Conversation.Metered)][1:]
    asked = await questions_at([metered.position], shop.context.tenant, store=shop.parts.store)
    assert asked == {metered.position: NEXT}

    head = await shop.parts.reads.head(shop.context.tenant)
    again = ReplayAnswers(source="as-recorded", completions="recorded")
    replayed = await replay_answers(again, shop.context, shop.ports, head=head)
    assert (replayed.answers, replayed.differing, replayed.left_out) == (2, 0, {})


async def test_an_app_s_conversation_is_followed_as_well(shop: Shop) -> None:
    documents = await sells(shop)
    turns = (FIRST, "Yes, we do.", NEXT)
    roles = ("user", "assistant", "user")
    messages = tuple(Turn(role=role, text=text) for role, text in zip(roles, turns, strict=True))  # type: ignore[arg-type]
    given = await chat(Chat(id=shop.parts.ids(), model="agent", messages=messages), shop.context, shop.parts)
    [prompted] = [e.event for e in await shop.events(given.call) if isinstance(e.event, Call.Prompted)]
    assert [each.document for each in prompted.retrieved] == [documents["Delta"]]
    assert prompted.looked_for == f"{NEXT}\n{FIRST}"
    why = await explain(shop.context.tenant, given.call, store=shop.parts.store, locator=shop.parts.locator)
    assert why.looked_for == prompted.looked_for


def test_of_what_fits_as_well_what_was_looked_at_comes_first() -> None:
    passages = [
        Passage(
            id=name, document=UUID(int=n), title=f"{name}.txt", ordinal=0, score=0.6, text=f"Wash {name}."
        )
        for n, name in enumerate(NAMES)
    ]
    found = [Ranked(each, 0.6 - 0.005 * n, 0.6 - 0.005 * n) for n, each in enumerate(passages)]
    assert rank([found], 1)[0].passage.id == "Alpha"
    assert [each.passage.id for each in rank([found], 2, ("charlie",))] == ["Charlie", "Alpha"]
    better = Ranked(passages[0], 0.7, 0.7)
    assert rank([[better, *found[1:]]], 1, ("Charlie",))[0].passage.id == "Alpha"
    assert rank([found], 1, (), None, ("Bravo",))[0].passage.id == "Bravo"  # looked at earlier
    assert rank([found], 1, ("Charlie",), None, ("Bravo",))[0].passage.id == "Charlie"  # it counts less
