"""Why did it say this? A call of the completions API explained from its events alone, in the form of an interaction."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from application.audit.explanation import Explanation, arms_of, configuration_at, evidence_of, passages_in
from application.flags.flag import flags_at
from application.ports import Store
from domain.base.errors import Erased
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.state import Message
from domain.models.choices import all_shown
from domain.models.completion import Turn
from domain.models.tools import shown


async def explain_call(tenant: UUID, id: UUID, *, store: Store) -> Explanation | None:
    """Everything that led to a call's answer; None where the id is no call's. Raises Erased."""
    events = await call_events(tenant, id, store=store)
    if not events:
        return None
    by_class = {type(recorded.event): recorded.event for recorded in events}
    requested, prompted = by_class.get(Call.Requested), by_class.get(Call.Prompted)
    metered, answered = by_class.get(Call.Metered), by_class.get(Call.Answered)
    ended = by_class.get(Call.Ended)
    if not isinstance(requested, Call.Requested) or not isinstance(metered, Call.Metered):
        raise Erased("this call was erased")
    assert prompted is None or isinstance(prompted, Call.Prompted)
    assert answered is None or isinstance(answered, Call.Answered)
    assert ended is None or isinstance(ended, Call.Ended)
    arms = await arms_of(tenant, metered.variants, store)
    configuration = None
    if prompted is not None:
        configuration = await configuration_at(tenant, prompted.configuration_version, arms, store)
    citations = answered.citations if answered else ()
    prompt = prompted.prompt if prompted else requested.messages
    last = answered or ended
    flags = await flags_at(events[-1].position, tenant, store=store)
    return Explanation(
        interaction=id,
        status="answered" if answered else "failed",
        messages=_asked(requested.messages),
        answer=_said(last) if last else None,
        reason=ended.reason if ended else None,
        citations=citations,
        flags=flags.in_force(tenant, id),
        routing=metered.routing,
        variants=arms,
        attempts=metered.attempts,
        passages=passages_in(prompted.retrieved, prompt, citations) if prompted else (),
        conflicts=prompted.conflicts if prompted else (),
        retrieval=metered.retrieval,
        looked_for=prompted.looked_for if prompted else "",
        prompt=prompt,
        template=prompted.template if prompted else None,
        configuration_version=prompted.configuration_version if prompted else None,
        configuration=configuration,
        decision=answered.decision if answered else None,
        cached=answered is not None and answered.cached,
        cost=metered.cost,
        latency_ms=last.latency_ms if last else None,
        evidence=evidence_of(events),
    )


async def call_events(tenant: UUID, id: UUID, *, store: Store) -> list[Recorded]:
    """All events of a call, in order; none where the id is no call's."""
    found: list[Recorded] = []
    async for recorded in store.stream(tenant, id):
        if not recorded.topic.startswith(f"{Call.TOPIC}."):
            return []
        found.append(recorded)
    return found


def _said(last: Call.Answered | Call.Ended) -> str | None:
    """With the calls of tools, and further choices below."""
    return "\n".join(filter(None, (shown(last.text, last.calls), all_shown(last.others)))) or None


def _asked(messages: Sequence[Turn]) -> tuple[Message, ...]:
    """What is asked last: the messages that nobody has answered yet, by their numbers in the request."""
    last = max((n for n, turn in enumerate(messages) if turn.role != "user"), default=-1)
    return tuple(Message(id=str(n), text=turn.text) for n, turn in enumerate(messages) if n > last)
