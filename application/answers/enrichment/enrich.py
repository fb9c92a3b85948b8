"""Enrich: look a product up on the internet of which its tenant says little, have a model make facts of what is found, put it on record.

Work, ahead of answers: no answer waits for it. What was found before stands until something newer is found.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from application.base.tasks import run_to_end
from application.budgets.hold import refresh
from application.budgets.settled_save import settled_save
from application.gateway.complete import complete
from application.gateway.ports import Ports as Gateway
from application.gateway.route import Route
from application.gateway.run import Asked, Run
from application.gateway.tenant_settings import TenantSettings, settings_of
from application.ports import ENRICH_WORK, Clock, Due, InternetSearch, SearchFailed, Store
from domain.answers.understanding.screening import FLAGGED, screen
from domain.base.context import Context
from domain.base.errors import Conflict, NotFound, Refused
from domain.gateway.decision import LAST_RESORT
from domain.gateway.policy import by_configuration
from domain.models.completion import CompletionRequest
from domain.retrieval.internet.enriching import (
    RESULTS,
    Malformed,
    WebResult,
    excerpts,
    facts_prompt,
    is_candidate,
    kept,
    query_of,
    read_facts,
)
from domain.retrieval.internet.enrichment import Enrichment, Found, WebFact, enrichment_of
from domain.shop.product import Product, ProductFacts

log = logging.getLogger("retrace.answers")

TOKENS = 800
"""Of a model's answer."""

RACES = 20


class Ports(Gateway, Protocol):
    @property
    def internet(self) -> InternetSearch: ...


class EnrichProduct(msgspec.Struct, frozen=True, kw_only=True):
    product: UUID


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a search. `by`: the model that made the facts."""

    outcome: Found
    reason: str = ""
    facts: tuple[WebFact, ...] = ()
    by: str | None = None


async def want_enrichment(command: EnrichProduct, context: Context, ports: Ports) -> int:
    """Have a product looked up now, unless that was done within the day. Its position, 0 where it was.

    Raises NotFound; Refused where no search is set up, the tenant has it switched off, or it is no candidate.
    """
    settings = await settings_of(context.tenant, ports)
    product = await ports.store.load(Product, command.product, tenant=context.tenant)
    facts, configuration = product.existing(), settings.configuration
    if not ports.internet.is_set_up:
        raise Refused("no search is set up in this deployment; its operator gives BRAVE_SEARCH_KEY")
    if not configuration.retrieve_internet:
        raise Refused("the agent has it switched off; set retrieve_internet in PUT /v1/agent/configuration")
    if not is_candidate(facts, configuration.brands):
        raise Refused(
            "the product is described in 50 characters or more, and of none of the agent's `brands`"
        )
    at = ports.clock()
    enrichment = await enrichment_found(command.product, context.tenant, ports.store)
    enrichment = enrichment or Enrichment.begin(command.product, at)
    enrichment.want(query_of(facts, configuration.brands), at)
    if not any(isinstance(each, Enrichment.Wanted) for each in enrichment.pending_events):
        return 0
    saved = await ports.store.save(enrichment, context=context, work=owed(command.product, ports.clock))
    return saved.position


async def enrich_product(command: EnrichProduct, context: Context, ports: Ports) -> None:
    """Nothing where it is switched off, no candidate any more, or fresh. Safe to repeat. What a model has cost is on record however it ends."""
    settings = await settings_of(context.tenant, ports)
    configuration = settings.configuration
    if not configuration.retrieve_internet or not ports.internet.is_set_up:
        return
    try:
        product = await ports.store.load(Product, command.product, tenant=context.tenant)
        facts = product.existing()
    except NotFound:
        return
    query = query_of(facts, configuration.brands)
    known = await enrichment_found(command.product, context.tenant, ports.store)
    if not is_candidate(facts, configuration.brands) or (known and known.is_fresh(query, ports.clock())):
        return
    run = Run()
    try:
        made = await _looked_up(facts, query, settings, run, context, ports)
    except BaseException:
        if run.attempts or run.reserved:
            ended = _Made(outcome="failed", reason="it was stopped")
            await run_to_end(_record(command.product, query, ended, run, context, ports))
        raise
    await run_to_end(_record(command.product, query, made, run, context, ports))


def owed(product: UUID, clock: Clock) -> tuple[Due, ...]:
    return (Due(kind=ENRICH_WORK, key=product.hex, due_at=clock()),)


async def enrichment_found(product: UUID, tenant: UUID, store: Store) -> Enrichment | None:
    try:
        return await store.load(Enrichment, enrichment_of(product), tenant=tenant)
    except NotFound:
        return None


async def _looked_up(
    facts: ProductFacts, query: str, settings: TenantSettings, run: Run, context: Context, ports: Ports
) -> _Made:
    try:
        results = await ports.internet.search(query, RESULTS)
    except SearchFailed as error:
        log.warning("a product could not be looked up", extra={"facts": {"reason": str(error)}})
        return _Made(outcome="failed", reason=str(error))
    pages = await asyncio.to_thread(_trusted, kept(results, facts))
    if not pages:
        return _Made(outcome="nothing")
    found, by = await _facts_of(facts, pages, settings, run, context, ports)
    found = await asyncio.to_thread(_harmless, found)
    return _Made(outcome="found" if found else "nothing", facts=found, by=by)


async def _facts_of(
    facts: ProductFacts,
    pages: Sequence[WebResult],
    settings: TenantSettings,
    run: Run,
    context: Context,
    ports: Ports,
) -> tuple[tuple[WebFact, ...], str | None]:
    """And the model that made them; the excerpts, where the tenant has none but the built-in one, or where it gave nothing of use."""
    configuration = settings.configuration
    models = tuple(
        each for each in (configuration.default_model, *configuration.fallback_models) if each != LAST_RESORT
    )
    if not models:
        return excerpts(pages), None
    prompt = facts_prompt(facts, pages)
    asked = Asked(
        interaction=ports.ids(),
        route=Route(routing=by_configuration(models[0]), models=models, degraded=models[0]),
        request=CompletionRequest(
            model=models[0], prompt=prompt, questions=(prompt[-1].text,), answer_tokens=TOKENS
        ),
        catalogue=settings.catalogue.under(settings.limits.ceiling),
        limits=settings.limits,
        configuration_version=settings.configuration_version,
        last_resort=False,
        fresh=True,
    )
    run.begin(asked)
    completion = await complete(asked, run, context, ports)
    if completion is None:
        return excerpts(pages), None
    last = run.attempts[-1]
    try:
        return read_facts(completion.text, pages), f"{last.provider}/{last.served or last.model}"
    except Malformed as error:
        log.warning("a model made no facts of what was found", extra={"facts": {"reason": str(error)}})
        return excerpts(pages), None


async def _record(product: UUID, query: str, made: _Made, run: Run, context: Context, ports: Ports) -> None:
    for race in range(RACES):
        at = ports.clock()
        known = await enrichment_found(product, context.tenant, ports.store)
        enrichment = known or Enrichment.begin(product, at)
        enrichment.search(
            query,
            made.outcome,
            reason=made.reason,
            facts=made.facts,
            by=made.by,
            attempts=run.attempts,
            reservations=run.reserved,
            at=at,
        )
        try:
            id = run.interaction if run.asked is not None else ports.ids()
            await settled_save(enrichment, run.calls, run, id, context, ports)
            return
        except Conflict:
            if race == RACES - 1:
                raise
            await refresh(run, context.tenant, ports.store)


def _trusted(pages: Sequence[WebResult]) -> list[WebResult]:
    """Without those that give orders to whoever reads them."""
    return [each for each in pages if screen(f"{each.title}\n{each.snippet}").score < FLAGGED]


def _harmless(facts: Sequence[WebFact]) -> tuple[WebFact, ...]:
    return tuple(each for each in facts if screen(each.text).score < FLAGGED)
