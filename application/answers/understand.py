"""Understand: what the messages say, by rules, and by a model where the tenant has set one for it (`AgentConfiguration.understanding_model`)."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from uuid import UUID

import msgspec
from msgspec.structs import replace

from application.budgets.hold import Hold
from application.gateway.complete import complete
from application.gateway.lost_call import lost_call
from application.gateway.ports import Ports
from application.gateway.route import Route
from application.gateway.run import Asked, Run
from application.gateway.tenant_settings import TenantSettings
from domain.answers.understanding import Business, Understanding, understand, with_more
from domain.answers.understanding.model import ANSWER_TOKENS, Malformed, model_prompt, read_answer
from domain.answers.understanding.screening import FLAGGED, screen
from domain.base.context import Context
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, CompletionRequest, Turn

INLINE = 1_000
"""Characters of messages that are understood on the spot; more beside the event loop."""

DEADLINE, PATIENCE = 8.0, 1.0
"""Seconds that a model has for it, however often it is tried, and for which room in the budget is waited for: a customer waits."""


FRAMES, BEGINNING = 8, 80
"""Beginnings that are looked at in what came along with a message, each with so many characters."""

_FRAME = re.compile(r":\s+|\[\w+ ")


class Messages(msgspec.Struct, frozen=True, kw_only=True):
    """`texts`, which `interaction` answers, after the `history`. `likeness`: as of `screen`."""

    interaction: UUID
    texts: tuple[str, ...]
    said: tuple[str, ...] = ()
    """The same with all that came with them, as they stand in the prompt: captions, contacts, forms."""

    history: tuple[Turn, ...] = ()
    likeness: float = 0.0


async def understood_by_rules(messages: Messages, business: Business) -> Understanding:
    def understood() -> Understanding:
        found = understand(messages.texts, messages.history, business=business, likeness=messages.likeness)
        if not messages.said or messages.said == messages.texts:
            return found
        return with_more(found, screen("\n".join(_with_beginnings(messages.said))))

    short = sum(map(len, messages.texts + messages.said)) <= INLINE
    return understood() if short else await asyncio.to_thread(understood)


def _with_beginnings(said: Sequence[str]) -> Iterator[str]:
    """With what begins within a frame on lines of their own: a forged prompt is known by how it begins, which `[document …` and
    `[came from an advertisement: …` would hide."""
    yield from said
    for text in said:
        for frame in islice(_FRAME.finditer(text), FRAMES):
            yield text[frame.end() : frame.end() + BEGINNING]


async def understand_messages(
    messages: Messages,
    business: Business,
    settings: TenantSettings,
    attempts: list[Attempt],
    hold: Hold,
    context: Context,
    ports: Ports,
) -> Understanding:
    """What a call of a model has cost is put to `attempts`, for the caller's record, however it ends; what it holds of the budget to
    `hold`, until then. Where the model gives nothing that is of use, the rules' own stands, and says why."""
    rules = await understood_by_rules(messages, business)
    model = settings.configuration.understanding_model
    ordered = rules.injection >= FLAGGED and settings.configuration.on_injection != "answer"
    if model is None or ordered:  # what is declined anyway no model needs to read
        return rules
    asked = _asked(messages, business, settings, model)
    run = Run(patience=PATIENCE, deadline=time.monotonic() + DEADLINE)
    run.begin(asked)
    if hold.announce is not None:
        await hold.announce([await lost_call(asked, ports)])
    try:
        completion = await complete(asked, run, context, ports)
    finally:
        attempts += run.attempts
        hold.take_over(run)
    if completion is None:
        return replace(rules, fell_back=f"{model}: {run.refusal.detail if run.refusal else run.outcome()}")
    try:
        return read_answer(completion.text, rules, model)
    except Malformed as error:
        return replace(rules, fell_back=f"{model}: {error}")


def _asked(messages: Messages, business: Business, settings: TenantSettings, model: str) -> Asked:
    """Of this model alone: where it gives nothing there are the rules."""
    routing = Routing(model=model, reason="the configuration's model for understanding")
    return Asked(
        interaction=messages.interaction,
        route=Route(routing=routing, models=(model,), degraded=model),
        request=CompletionRequest(
            model=model,
            prompt=model_prompt(messages.texts, messages.history, business),
            questions=messages.texts,
            answer_tokens=ANSWER_TOKENS,
            temperature=0.0,
        ),
        catalogue=settings.catalogue.under(settings.limits.ceiling),
        limits=settings.limits,
        last_resort=False,
        fresh=True,
    )
