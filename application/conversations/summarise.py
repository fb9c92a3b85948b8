"""A summary of what was said in a conversation, made in the background: by the tenant's model within its budget, or by rules."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import msgspec

from application.answers.ports import Ports
from application.answers.screened import without_orders
from application.answers.variants import served_to
from application.base.tasks import run_to_end
from application.budgets.hold import refresh
from application.budgets.settled_save import settled_save
from application.gateway.complete import complete
from application.gateway.route import Route
from application.gateway.run import Asked, Run
from application.gateway.tenant_settings import TenantSettings
from domain.answers.summary import BY_RULES, WORDS, summary_by_rules, summary_prompt
from domain.answers.templates import SUMMARY
from domain.base.context import Context
from domain.base.errors import Conflict, Erased
from domain.conversations.content import said
from domain.conversations.conversation import Conversation
from domain.conversations.orphan import Orphan
from domain.conversations.summaries import KEPT
from domain.gateway.decision import LAST_RESORT
from domain.gateway.policy import by_configuration
from domain.models.completion import CompletionRequest, Turn

READ = 120
"""The latest turns that a summary is made of, beside the one before it."""

TOKENS = 4 * WORDS
"""Of a summary, at most."""

RACES = 20
"""How often it is saved again after a lost race: who writes meanwhile changes nothing of it."""


class Summarise(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID


async def summarise(command: Summarise, context: Context, ports: Ports) -> bool:
    """Whether there is a newer summary now: never of a customer who was forgotten. What a model has cost is on record however this ends."""
    try:
        conversation = await ports.store.load(Conversation, command.conversation, tenant=context.tenant)
    except Erased:
        return False
    if conversation.state.forgotten or not conversation.to_summarise:
        return False
    turns, upto = await _said(conversation, context, ports)
    if not turns:
        return False
    served = await served_to(context.tenant, conversation.id, "agent", ports)
    settings, wordings = served.settings, served.wordings
    turns = await without_orders(turns, settings.configuration)
    earlier = conversation.state.summary.text if conversation.state.summary is not None else None
    run, text, by, template = Run(), None, BY_RULES, ""
    models = tuple(model for model in _models(settings) if model != LAST_RESORT)
    if turns and models and settings.configuration.summaries == "model":
        prompt = summary_prompt(wordings, earlier, turns)
        asked = _asked(ports.ids(), models, prompt, settings)
        run.begin(asked)
        try:
            completion = await complete(asked, run, context, ports)
        except BaseException:
            await run_to_end(_record(command, None, run, context, ports))
            raise
        if completion is not None and completion.text.strip():
            text, by, template = completion.text.strip(), _by(run), wordings.id_of(SUMMARY.name)
    if text is None:
        text = summary_by_rules(earlier, turns)
    made = (text, upto, by, template)
    return await run_to_end(_record(command, made, run, context, ports))


async def _said(conversation: Conversation, context: Context, ports: Ports) -> tuple[list[Turn], int]:
    """What the next summary covers, and the version of the last of it."""
    found: list[tuple[int, Turn]] = []
    events = ports.store.stream(context.tenant, conversation.id, after=conversation.summed_up_to)
    async for recorded in events:
        event = recorded.event
        if isinstance(event, Conversation.MessageReceived):
            found.append((recorded.version, Turn(role="user", text=said(event.text, event.parts))))
        elif isinstance(
            event, Conversation.Answered | Conversation.Replied | Conversation.Said | Conversation.Campaigned
        ):
            found.append((recorded.version, Turn(role="assistant", text=event.text)))
    older = found[:-KEPT]
    return [turn for _, turn in older[-READ:]], older[-1][0] if older else 0


async def _record(
    command: Summarise, made: tuple[str, int, str, str] | None, run: Run, context: Context, ports: Ports
) -> bool:
    for race in range(RACES):
        saving, written = await _recorded(command, made, run, context, ports)
        if not saving.pending_events:
            return False
        try:
            await settled_save(saving, run.calls, run, run_id(run, ports), context, ports)
            return written
        except (Conflict, Erased):
            if race == RACES - 1:
                raise
            await refresh(run, context.tenant, ports.store)
    return False


async def _recorded(
    command: Summarise, made: tuple[str, int, str, str] | None, run: Run, context: Context, ports: Ports
) -> tuple[Conversation | Orphan, bool]:
    """In the conversation; what it cost by itself where that was erased meanwhile."""
    at, conversation = ports.clock(), None
    with suppress(Erased):
        conversation = await ports.store.load(Conversation, command.conversation, tenant=context.tenant)
    if conversation is None or conversation.state.forgotten:
        return Orphan.meter(ports.ids(), run_id(run, ports), run.attempts, run.reserved, (), at), False
    written = False
    if made is not None:
        text, upto, by, template = made
        turns = conversation.state.unsummarised
        covered = 0
        async for recorded in ports.store.stream(context.tenant, command.conversation, after=upto):
            covered += isinstance(
                recorded.event,
                Conversation.MessageReceived
                | Conversation.Answered
                | Conversation.Replied
                | Conversation.Said
                | Conversation.Campaigned,
            )
        written = conversation.summarise(
            text, upto, turns=min(turns, covered), by=by, template=template, at=at
        )
    if run.attempts or run.reserved:
        conversation.meter_summary(run_id(run, ports), run.attempts, run.reserved, at)
    return conversation, written


def run_id(run: Run, ports: Ports) -> UUID:
    return run.interaction if run.asked is not None else ports.ids()


def _asked(id: UUID, models: tuple[str, ...], prompt: tuple[Turn, ...], settings: TenantSettings) -> Asked:
    return Asked(
        interaction=id,
        route=Route(routing=by_configuration(models[0]), models=models, degraded=models[0]),
        request=CompletionRequest(
            model=models[0], prompt=prompt, questions=(prompt[-1].text,), answer_tokens=TOKENS
        ),
        catalogue=settings.catalogue.under(settings.limits.ceiling),
        limits=settings.limits,
        configuration_version=settings.configuration_version,
        last_resort=False,
    )


def _models(settings: TenantSettings) -> tuple[str, ...]:
    """That of plain questions first, where there is a routing policy."""
    configuration, policy = settings.configuration, settings.policy
    tiers = () if policy is None else (policy.tiers.simple_queries.id,)
    return tuple(dict.fromkeys((*tiers, configuration.default_model, *configuration.fallback_models)))


def _by(run: Run) -> str:
    last = run.attempts[-1]
    return f"{last.provider}/{last.served or last.model}"
