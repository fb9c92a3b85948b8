"""Two documents that do not agree: the model is told by which to go, it stands on record, and the other one is no ground for a citation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from application.audit.explain_interaction import explain
from application.chat.chat import chat
from application.chat.record import Chat
from domain.conversations.conversation import Conversation
from domain.models.completion import Completion, CompletionRequest, Turn, Usage
from infra.providers.incoming import unheard
from tests.application.conftest import Played, Shop
from tests.application.retrieval.uploads import process, upload

OLD, NEW = b"Returns are accepted within 14 days.", b"We accept returns within 30 days."
ASKED = "How long are returns accepted?"


@dataclasses.dataclass
class Both(Played):
    """Says what each of its passages says, and cites it."""

    async def complete(self, request: CompletionRequest, sent: Callable[[], None] = unheard) -> Completion:
        self.asked.append(request)
        sent()
        said = [f"{each.text.rstrip('.')} [{n}]." for n, each in enumerate(request.passages, 1)]
        usage = Usage(input=100, output=10)
        return Completion(text=" ".join(said), finish="stop", model=request.model, usage=usage)


async def test_the_newer_document_counts_and_the_conflict_is_on_record(shop: Shop) -> None:
    shop.provider = Both()
    old, new = await upload(shop, OLD, "old.txt"), await upload(shop, NEW, "new.txt")
    for each in (old, new):
        await process(shop, each.document)
    got = await shop.receive(ASKED)
    await shop.answer(got.conversation)

    [request] = shop.provider.asked
    number = {each.document: n for n, each in enumerate(request.passages, 1)}
    assert f"go by document {number[new.document]}, which is the newer one." in request.prompt[0].text
    assert request.overruled == (OLD.decode(),)
    [answered] = await shop.answers(got.conversation)
    assert "14 days." in answered.text
    assert f"30 days [{number[new.document]}]." in answered.text
    assert [each.document for each in answered.citations] == [new.document]

    events = [each.event for each in await shop.events(got.conversation)]
    [prompted] = [each for each in events if isinstance(each, Conversation.Prompted)]
    ids = {each.document: each.passage for each in prompted.retrieved}
    [conflict] = prompted.conflicts
    assert set(conflict.passages) == set(ids.values())
    assert (conflict.preferred, conflict.why) == (ids[new.document], "newer")
    told = [line for line in prompted.prompt[0].text.splitlines() if "go by document" in line]
    assert [word for line in told for word in ("14", "30", "return") if word in line] == []


async def test_the_built_in_provider_answers_by_the_one_that_counts(shop: Shop) -> None:
    for name, content in (("old.txt", OLD), ("new.txt", NEW)):
        await process(shop, (await upload(shop, content, name)).document)
    asked = Chat(id=shop.parts.ids(), model="agent", messages=(Turn(role="user", text=ASKED),))
    given = await chat(asked, shop.context, shop.parts)
    assert "30 days" in given.text
    assert "14 days" not in given.text
    assert [each.title for each in given.citations] == ["new.txt"]
    why = await explain(shop.context.tenant, asked.id, store=shop.parts.store, locator=shop.parts.locator)
    assert [each.why for each in why.conflicts] == ["newer"]
