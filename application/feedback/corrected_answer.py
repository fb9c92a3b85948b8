"""The answer that a correction, or a case of a dataset, is made of: what was asked, what was said, and where it came from; of a conversation, or
of a call of the completions API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from application.feedback.exchange import BEFORE, TURNS, answers_in, lineage_of, message_of, people_in
from application.feedback.rated_answer import ERASED
from application.ports import Locator, Store
from domain.answers.citing import with_disclosure
from domain.answers.prompts import unanswered
from domain.base.aggregate import Event
from domain.base.errors import Erased, NotFound, Refused
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.feedback.exchange import Exchange
from domain.feedback.lineage import LONGEST, Lineage, Texts
from domain.models.completion import Turn, answered_by

E = TypeVar("E", bound=Event)

Events = dict[type, Recorded]
"""Of a call, by their classes: it has one of each at most."""

API = "api"
"""The channel that stands in the lineage of a call."""

LONGEST_TURN = 16_000
"""Characters of what was said in a call, each turn: an app may put a book into one, which is nothing to learn from."""

UNANSWERED = "the agent has given no answer in this interaction"


class CorrectedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`earlier`: what was said before the `message`. `followed`: what the customer wrote after the answer, before a person's first reply;
    `replied`: what that one said. `known`: as in `Texts`."""

    lineage: Lineage
    earlier: tuple[Turn, ...]
    message: str
    said: str
    shown: str = ""
    """What the customer was told in place of `said`, with suggestions and written citations; empty: the same."""

    disclosure: str = ""
    followed: str = ""
    replied: str = ""
    known: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """What was said, alone and as the customer got it."""
        texts = tuple(dict.fromkeys((self.said, self.shown or self.said)))
        return (*texts, *(with_disclosure(self.disclosure, text) for text in texts))

    def corrected(self, right: str, reason: str = "") -> Texts:
        """With the answer that should have been given, in its place."""
        return self._texts(self.message, right, reason)

    def as_it_went(self) -> Texts:
        """With what was said as the right answer: a person's, where one has answered after the agent, to all that the customer wrote until then."""
        if not self.replied:
            return self._texts(self.message, self.said)
        return self._texts("\n".join(filter(None, (self.message, self.followed))), self.replied)

    def _texts(self, message: str, right: str, reason: str = "") -> Texts:
        exchange = Exchange(message=message, context=self.earlier, answer=right[:LONGEST])
        return Texts(exchange=exchange, said=self.said, reason=reason, known=self.known)


async def corrected_answer(
    interaction: UUID, tenant: UUID, *, store: Store, locator: Locator
) -> CorrectedAnswer:
    """Raises NotFound; Erased, also where that is only said as yet; Refused where there is no answer, or none to learn from."""
    try:
        call = await store.load(Call, interaction, tenant=tenant)
    except Erased:
        raise Erased(ERASED) from None
    except NotFound:
        return await _of_conversation(interaction, tenant, store, locator)
    if call.state.forgotten:
        raise Erased(ERASED)
    return _of_call(call, [recorded async for recorded in store.stream(tenant, interaction)])


async def _of_conversation(
    interaction: UUID, tenant: UUID, store: Store, locator: Locator
) -> CorrectedAnswer:
    place = await locator.locate(tenant, interaction)
    conversation = await store.load(Conversation, place.conversation, tenant=tenant)
    if conversation.state.forgotten:
        raise Erased(ERASED)
    since = place.first_version - BEFORE
    answers, events = await answers_in(place.conversation, tenant, store=store, since=since)
    answer = next((each for each in answers if each.event.interaction == interaction), None)
    if answer is None or not answer.messages:
        raise Refused(UNANSWERED)
    replies = [each.event.text for each in answer.replies if isinstance(each.event, Conversation.Replied)]
    return CorrectedAnswer(
        lineage=lineage_of(answer, conversation, events),
        earlier=answer.earlier,
        message=message_of(answer.messages),
        said=answer.event.text,
        shown=answer.event.told,
        disclosure=answer.disclosure or "",
        followed=message_of(answer.followed),
        replied="\n".join(replies),
        known=tuple(sorted(people_in(conversation, events))),
    )


def _of_call(call: Call, events: Sequence[Recorded]) -> CorrectedAnswer:
    """What the app itself told the model (its system messages) is no part of what was said."""
    found: Events = {type(recorded.event): recorded for recorded in events}
    answered, requested = _event(found, Call.Answered), _event(found, Call.Requested)
    if answered is None or requested is None:
        raise Refused(UNANSWERED)
    turns = [turn for turn in requested.messages if turn.role in ("user", "assistant")]
    while turns and turns[-1].role != "user":
        turns.pop()  # an answer that the app has begun
    asked = unanswered(turns)
    if not asked:
        raise Refused("this call holds no message of a user's: nothing of it can be asked again")
    earlier = tuple(turns[: len(turns) - len(asked)][-TURNS:])
    for turn in (*earlier, *asked):
        if len(turn.text) > LONGEST_TURN:
            raise Refused(
                f"a message of this call has {len(turn.text)} characters; calls are taken whose messages have at most {LONGEST_TURN}"
            )
    names = {turn.name for turn in turns if turn.name}
    one = len({turn.name for turn in asked}) == 1
    return CorrectedAnswer(
        lineage=_lineage(call, found),
        earlier=earlier,
        message="\n".join(turn.text if one else turn.said for turn in asked),
        said=answered.text,
        disclosure=answered.disclosure or "",
        known=tuple(sorted(names | ({requested.user} if requested.user else set()))),
    )


def _lineage(call: Call, found: Events) -> Lineage:
    prompted, metered = _event(found, Call.Prompted), _event(found, Call.Metered)
    attempt = None if metered is None else answered_by(metered.attempts)
    return Lineage(
        interaction=call.id,
        conversation=call.subject,
        channel=API,
        use="tenant_only",
        prompt=None if prompted is None else found[Call.Prompted].id,
        template="" if prompted is None else prompted.template or "",
        configuration_version=0 if prompted is None else prompted.configuration_version,
        passages=() if prompted is None else tuple(each.passage for each in prompted.retrieved),
        provider=None if attempt is None else attempt.provider,
        model=None if attempt is None else attempt.served or attempt.model,
    )


def _event(found: Events, kind: type[E]) -> E | None:
    recorded = found.get(kind)
    return None if recorded is None or not isinstance(recorded.event, kind) else recorded.event
