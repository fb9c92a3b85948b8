"""Export of a conversation as a case: its answers with all that they rest on, redacted, and tried at once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from application.answers.ports import Ports
from application.learning.as_then import AsThen
from application.learning.recorded import Missing, recorded_answer
from application.replay.cases.case import FORM, Case, CaseAnswer, agent_of, record_of
from application.replay.cases.parts import Bench
from application.replay.cases.redact import mask_for, masked, redacted
from application.replay.cases.run import ReplayCase, made_again
from domain.base.context import Context
from domain.base.errors import NotFound, Refused
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.learning.masking import VERSION


class ExportCase(msgspec.Struct, frozen=True, kw_only=True):
    """`redact`: placeholders in the place of personal data."""

    conversation: UUID
    redact: bool = True


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """`drifted`: answers (counting from 1) that today's code does not make as they are on record, and what differs: a replay of the file shows it as well.
    `changed`: answers whose text another masked text stands in for: the mask has changed what they are decided by."""

    case: Case
    drifted: dict[int, str]
    changed: tuple[int, ...]


async def export_case(command: ExportCase, context: Context, ports: Ports, bench: Bench) -> Exported:
    """Raises NotFound, Erased, Refused where no answer can be made again."""
    events = [each async for each in ports.store.stream(context.tenant, command.conversation)]
    if not any(isinstance(each.event, Conversation.Event) for each in events):
        raise NotFound(f"there is no conversation {command.conversation} in this tenant")
    as_then, left_out = AsThen(context.tenant, ports), Counter[str]()
    whole: list[CaseAnswer] = []
    for recorded in events:
        if isinstance(recorded.event, Conversation.Answered):
            try:
                whole.append(await _answer(recorded, events, as_then, context, ports))
            except Missing as missing:
                left_out[str(missing)] += 1
    if not whole:
        raise Refused(f"none of its answers can be made again: {dict(left_out) or 'it has none'}")
    drifted: dict[int, str] = {}
    changed: list[int] = []
    answers, counts = _masked(whole) if command.redact else (whole, {})
    made = [
        await _tried(number, before, after, drifted, changed, bench)
        for number, (before, after) in enumerate(zip(whole, answers, strict=True), 1)
    ]
    case = Case(
        form=FORM,
        made_at=ports.clock(),
        conversation=command.conversation,
        mask=VERSION if command.redact else 0,
        answers=tuple(made),
        masked=counts,
        left_out=dict(left_out),
    )
    return Exported(case=case, drifted=drifted, changed=tuple(changed))


async def _answer(
    answered: Recorded, events: list[Recorded], as_then: AsThen, context: Context, ports: Ports
) -> CaseAnswer:
    """Raises Missing."""
    recorded = await recorded_answer(answered, as_then, context, ports)
    disclosures = [
        each.event.text
        for each in events
        if isinstance(each.event, Conversation.Disclosed) and each.event.interaction == recorded.interaction
    ]
    came: dict[UUID, datetime] = {}
    for document in {each.document for each in recorded.passages if each.source == "document"}:
        async for first in ports.store.stream(context.tenant, document, limit=1):
            came[document] = first.recorded_at
    return CaseAnswer(
        record=record_of(recorded),
        agent=agent_of(recorded.served),
        disclosure="".join(disclosures),
        came=came,
    )


def _masked(whole: list[CaseAnswer]) -> tuple[list[CaseAnswer], dict[str, int]]:
    configurations = [each.agent.configuration for each in whole]
    kept = {word for each in configurations for word in (*each.business_names, *each.business_aliases)}
    mask = mask_for([each.record for each in whole], sorted(kept))
    answers = [
        replace(each, record=redacted(each.record, mask), disclosure=masked(each.disclosure, mask))
        for each in whole
    ]
    return answers, mask.distinct


async def _tried(
    number: int,
    whole: CaseAnswer,
    answer: CaseAnswer,
    drifted: dict[int, str],
    changed: list[int],
    bench: Bench,
) -> CaseAnswer:
    """With the prompt that its parts give, and what the messages say left to be understood anew where that comes to the same."""
    as_was = await made_again(whole, ReplayCase(), bench)
    if as_was.why is not None or as_was.texts != whole.texts:
        drifted[number] = as_was.why or "the text is another"
    loose = ReplayCase(loose=True)
    known = await made_again(answer, loose, bench)
    if known.why is not None or (answer is whole and number in drifted):
        return answer
    record = answer.record
    if whole is not answer:
        record = replace(record, prompt=known.prompt)
    if known.texts != answer.texts and number not in drifted:
        changed.append(number)
        record = replace(record, text=known.texts[1 if answer.disclosure else 0])
    answer = replace(answer, record=record)
    anew = replace(answer, record=replace(record, inquiry=replace(record.inquiry, understood=None)))
    understood = await made_again(anew, loose, bench)
    same = (understood.texts, understood.prompt, understood.why) == (known.texts, known.prompt, None)
    return anew if same else answer
