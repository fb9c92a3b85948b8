"""Prepare: all that an answer rests on, before a model is asked for it. To understand the messages a model may be asked (`consider.py`),
whose cost is held for the answer; saved is here what that, or an embedding of the question, has cost where no answer comes of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from uuid import UUID

import msgspec

from application.answers.compose import Composed, composed_prompt
from application.answers.inquiry import Inquiry as Inquiry
from application.answers.ports import Ports
from application.answers.prepared import Prepared
from application.answers.variants import Served, served_to
from application.base.steps import step
from application.base.tasks import run_to_end
from application.budgets.hold import Announce, Hold, release
from application.gateway.route import Question, Route, route
from application.gateway.run import Asked, Run
from application.gateway.tenant_settings import TenantSettings
from domain.answers.citing import sources_of
from domain.answers.split import Assignment
from domain.answers.templates import ANSWER
from domain.base.context import Context
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, CompletionRequest


async def prepare(inquiry: Inquiry, context: Context, ports: Ports) -> Prepared:
    """Raises Invalid, or Refused for a model that is retired, where one is pinned."""
    started = time.perf_counter()
    served = await served_to(context.tenant, inquiry.unit, inquiry.asks, ports, subject=inquiry.subject)
    return await prepare_with(inquiry, served, context, ports, started=started)


@step("prepare")
async def prepare_with(
    inquiry: Inquiry,
    served: Served,
    context: Context,
    ports: Ports,
    *,
    started: float,
    begin: Announce | None = None,
    run: Run | None = None,
) -> Prepared:
    """The same with what was set at some time, or is to be tried. `begin` puts each paid call on record before it is made, with those before it; then
    the `run`, which the caller records, gets what they have cost where no answer comes of them."""
    settings, wordings = served.settings, served.wordings
    plain = inquiry.messages is None and not settings.flags.enabled("full_agent", str(inquiry.subject))
    if plain:
        settings = msgspec.structs.replace(settings, configuration=settings.configuration.plain(), actions=())
    embeddings, hold = list[Attempt](), Hold()
    if begin is not None:
        hold.announce = _with_those_before(begin, embeddings)
    try:
        async with ports.embedder.keeping(context, embeddings, hold=hold) if run is None else nullcontext():
            composed = await composed_prompt(inquiry, settings, wordings, embeddings, hold, context, ports)
            chosen = await _route(inquiry, composed, settings, context, ports)
    except BaseException:
        if run is not None:
            run.embeddings += embeddings
            run.take_over(hold)
            raise
        # What it has cost is on record by now.
        await run_to_end(release(hold, inquiry.interaction, context, store=ports.store, clock=ports.clock))
        raise
    considered = composed.considered
    sources = sources_of(composed.passages, composed.conflicts.overruled)
    return Prepared(
        started=started,
        configuration=settings.configuration,
        configuration_version=settings.configuration_version,
        template=wordings.id_of(ANSWER.name) if inquiry.messages is None else None,
        wordings=wordings,
        language=composed.language,
        disclosure=composed.disclosure,
        passages=composed.passages,
        sources=sources,
        conflicts=composed.conflicts.found,
        looked_for=composed.looked_for,
        retrieval=composed.retrieval,
        embeddings=tuple(embeddings),
        held=hold,
        asked=_asked(inquiry, settings, served.variants, composed, sources, chosen, context.tenant),
        actions=() if inquiry.situation is None else settings.actions,
        actions_version=settings.actions_version,
        considered=considered,
        cut=composed.cut,
        known=composed.known,
        pictured=composed.pictured,
        plain=plain,
        unit=inquiry.unit,
    )


def _with_those_before(begin: Announce, embeddings: list[Attempt]) -> Announce:
    async def announce(lost: Sequence[Attempt]) -> object:
        return await begin((*embeddings, *lost))

    return announce


async def _route(
    inquiry: Inquiry, composed: Composed, settings: TenantSettings, context: Context, ports: Ports
) -> Route:
    plan = composed.considered.plan
    if plan.say is not None:
        model, category = settings.configuration.default_model, plan.decision.category
        routing = Routing(model=model, reason=f"no model was asked: {category}", by="decision")
        return Route(routing=routing, models=(model,), degraded=model)
    question = Question(
        prompt=composed.prompt,
        questions=composed.questions,
        turns=composed.turns,
        pinned=inquiry.pinned,
        subject=inquiry.subject,
        documents=inquiry.messages is None,
        needs=frozenset() if inquiry.messages is None else inquiry.needs,
    )
    counter, now = ports.providers.counter, ports.clock()
    return await route(question, settings, tenant=context.tenant, counter=counter, at=now)


def _asked(
    inquiry: Inquiry,
    settings: TenantSettings,
    variants: tuple[Assignment, ...],
    composed: Composed,
    sources: tuple[str, ...],
    chosen: Route,
    tenant: UUID,
) -> Asked:
    """Nothing is asked for that nobody has asked for; but the agent's answers have a length. What is compared is made anew: an arm with few
    customers would find less in the cache, and look dearer."""
    compared = any(each.share < 1 for each in variants)
    configuration, agents = settings.configuration, inquiry.messages is None
    answer_tokens, temperature, shown = None, inquiry.temperature, None
    if agents:
        answer_tokens = configuration.max_answer_tokens if inquiry.max_tokens is None else None
        temperature = configuration.temperature if temperature is None else temperature
        shown = sources if configuration.attribution else ()
    return Asked(
        interaction=inquiry.interaction,
        route=chosen,
        request=CompletionRequest(
            model=chosen.routing.model,
            prompt=composed.prompt,
            questions=composed.questions,
            goes_on_from=composed.goes_on_from,
            passages=composed.passages,
            overruled=composed.conflicts.overruled,
            max_tokens=inquiry.max_tokens,
            answer_tokens=answer_tokens,
            temperature=temperature,
            stop=inquiry.stop,
            options=inquiry.options,
            contents=inquiry.contents,
            tools=inquiry.tools,
            tool_choice=inquiry.tool_choice,
            parallel_tool_calls=inquiry.parallel_tool_calls,
            answer_format=inquiry.answer_format,
            choices=inquiry.choices,
            logprobs=inquiry.logprobs,
        ),
        catalogue=settings.catalogue.under(settings.limits.ceiling),
        limits=settings.limits,
        configuration_version=settings.configuration_version if agents else 0,
        last_resort=agents,
        sources=shown,
        watched=composed.watched,
        variants=variants,
        fresh=inquiry.fresh or compared or not settings.flags.enabled("response_cache", str(tenant)),
    )
