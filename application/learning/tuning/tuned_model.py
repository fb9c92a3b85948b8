"""What a fine-tuning job made, in the tenant's catalogue: a model that can do what its base can, for as long as that lives."""

from __future__ import annotations

from datetime import datetime

from application.base.setting import change_setting
from application.learning.tuning.ports import Ports
from domain.base.context import Context
from domain.learning.tuning_job import TuningJob
from domain.models.catalogue import Catalogue, Model
from domain.models.catalogue_overrides import CatalogueOverrides
from domain.models.pricing import Price

WINDOW = 16_384
"""Tokens, where the base is not in the catalogue: a careful guess."""


async def register(job: TuningJob, context: Context, ports: Ports) -> str:
    """The model and, where one is known, its price; again it changes nothing. Returns provider/name."""
    plan, name = job.state.plan, job.state.tuned
    assert name is not None
    id = f"{plan.provider}/{name}"

    def decide(overrides: CatalogueOverrides) -> None:
        at = ports.clock()
        known = overrides.over(ports.catalogue)
        if known.find(plan.provider, name) is None or id not in overrides.state.models:
            overrides.set_model(_model(job, name, known, ports), at)
        if known.price_of(id, at) is None and (price := _price(job, name, known, ports, at)) is not None:
            overrides.set_price(price, ports.catalogue, at)

    await change_setting(CatalogueOverrides, decide, context, store=ports.store, clock=ports.clock)
    return id


def _base(job: TuningJob, ports: Ports) -> tuple[str, str]:
    """Ids under which the catalogue may have the base model."""
    plan = job.state.plan
    return f"{plan.provider}/{plan.model}", f"{ports.targets.all[plan.provider].catalogue}/{plan.model}"


def _model(job: TuningJob, name: str, known: Catalogue, ports: Ports) -> Model:
    base = next((found for id in _base(job, ports) if (found := known.get(id)) is not None), None)
    if base is None:
        abilities = frozenset({"stream", "system"})
        return Model(
            provider=job.state.plan.provider,
            name=name,
            context_window=WINDOW,
            abilities=abilities,
            assumed=True,
        )
    return Model(
        provider=job.state.plan.provider,
        name=name,
        context_window=base.context_window,
        max_output=base.max_output,
        abilities=base.abilities,
        retires_at=base.retires_at,
        successor=base.successor,
        assumed=base.assumed,
    )


def _price(job: TuningJob, name: str, known: Catalogue, ports: Ports, at: datetime) -> Price | None:
    """The target's, else its base's; None where nobody has told one: then it costs nothing, or is not asked where the budget has limits."""
    plan = job.state.plan
    row = ports.targets.all[plan.provider].model(plan.model, job.state.requested_at)
    if row is not None and row.input is not None and row.output is not None:
        return Price(
            provider=plan.provider,
            model=name,
            input=row.input,
            cached=row.cached,
            output=row.output,
            since=at,
        )
    for id in _base(job, ports):
        provider, _, model = id.partition("/")
        if (base := known.price(provider, model, at)) is not None:
            return Price(
                provider=plan.provider,
                model=name,
                input=base.input,
                cached=base.cached,
                output=base.output,
                since=at,
            )
    return None
