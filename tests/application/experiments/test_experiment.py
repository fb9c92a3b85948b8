"""Experiments with the real log; what came of customers is played."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random
from uuid import UUID

import pytest

from application.answers.variants import serving_of
from application.experiments.experiment import (
    EXPERIMENT_WORK,
    LOOK,
    CreateExperiment,
    StartExperiment,
    StopExperiment,
    create_experiment,
    start_experiment,
    stop_experiment,
)
from application.experiments.look_at_experiment import LookAtExperiment, look_at_experiment
from application.experiments.results import results_of
from application.ports import Seen
from domain.answers.split import Arm
from domain.answers.variant import Variant
from domain.base.errors import Refused
from domain.experiments.design import Design
from domain.experiments.experiment import Experiment
from domain.flags.outcome import MEASURES, Outcome
from tests.application.conftest import Shop
from tests.domain.given import NOW

DESIGN = Design(
    name="A warmer tone",
    arms=(
        Arm(name="as-it-is", share=0.5),
        Arm(name="warm", share=0.5, variant=Variant(configuration={"tone": "warm"})),
    ),
)


class Played:
    """Outcomes as the test has them: of 300 customers, so many of 10 rated answers helpful (as it is, new)."""

    def __init__(self, *helpful: int) -> None:
        chance = Random(7)
        self.outcomes: Sequence[Outcome] = [
            Outcome(position=number, at=NOW, new=new, share=0.5, answers=10, rated=10, helpful=helpful[new])
            for number in range(300)
            if (new := chance.random() < 0.5) is not None
        ]
        self.asked: list[tuple[UUID, str, str]] = []

    async def closed(
        self, tenant: UUID, split: UUID, *, new: str = "", beside: str = "", until: datetime
    ) -> Seen:
        self.asked.append((split, new, beside))
        return Seen(position=12, until=until, outcomes=self.outcomes)


async def running(shop: Shop, design: Design = DESIGN) -> Experiment:
    parts = shop.parts
    given = {"store": parts.store, "catalogue": parts.catalogue, "clock": parts.clock}
    created = await create_experiment(CreateExperiment(design=design), shop.context, ids=parts.ids, **given)
    id = created.experiment.id
    return (await start_experiment(StartExperiment(experiment=id), shop.context, **given)).experiment


async def look(shop: Shop, experiment: Experiment, seen: Played) -> datetime | None:
    parts, command = shop.parts, LookAtExperiment(experiment=experiment.id)
    return await look_at_experiment(
        command, shop.context, store=parts.store, outcomes=seen, clock=parts.clock
    )


async def served(shop: Shop) -> list[UUID]:
    return list((await serving_of(shop.context.tenant, store=shop.parts.store)).splits)


async def test_a_look_that_finds_nothing_is_followed_by_the_next(shop: Shop) -> None:
    experiment, seen = await running(shop), Played(8, 8)
    assert (EXPERIMENT_WORK, experiment.id.hex) in await shop.owed()
    again = await look(shop, experiment, seen)
    assert again is not None
    assert abs(again - shop.parts.clock() - LOOK).total_seconds() < 5
    assert seen.asked == [(experiment.id, "warm", "as-it-is")]
    assert await served(shop) == [experiment.id]


@pytest.mark.parametrize(("helpful", "why"), [((8, 4), "harm"), ((4, 8), "benefit")])
async def test_harm_and_benefit_end_it_and_what_is_served_in_one_save(
    shop: Shop, helpful: tuple[int, int], why: str
) -> None:
    experiment = await running(shop)
    assert await look(shop, experiment, Played(*helpful)) is None
    assert await served(shop) == []
    events = [recorded async for recorded in shop.parts.store.events(shop.context.tenant)]
    stopped, closed = events[-2:]
    assert isinstance(stopped.event, Experiment.Stopped)
    assert (stopped.event.why, stopped.event.verdicts[0].judgement.position) == (why, 12)
    assert closed.topic == "serving.closed"
    assert await look(shop, experiment, Played(*helpful)) is None
    again = [recorded async for recorded in shop.parts.store.events(shop.context.tenant)]
    assert len(again) == len(events), "it is stopped once"


async def test_one_that_was_stopped_by_hand_owes_nothing_any_more(shop: Shop) -> None:
    parts, experiment = shop.parts, await running(shop)
    stop = StopExperiment(experiment=experiment.id, reason="enough")
    await stop_experiment(stop, shop.context, store=parts.store, clock=parts.clock)
    assert (EXPERIMENT_WORK, experiment.id.hex) not in await shop.owed()
    assert await served(shop) == []
    with pytest.raises(Refused):
        await stop_experiment(stop, shop.context, store=parts.store, clock=parts.clock)


async def test_what_cannot_be_served_leaves_the_draft_as_it_is(shop: Shop) -> None:
    await running(shop)
    with pytest.raises(Refused, match=r"changes configuration\.tone too"):
        await running(shop)
    events = [recorded.topic async for recorded in shop.parts.store.events(shop.context.tenant)]
    assert events.count("experiment.started") == 1


async def test_results_tell_each_arms_figures_and_how_it_does_beside_the_first(shop: Shop) -> None:
    experiment, seen = await running(shop), Played(5, 7)
    results = await results_of(experiment, shop.context.tenant, outcomes=seen, clock=shop.parts.clock)
    assert results is not None
    assert [(arm.arm, arm.figures["helpful_rate"].value) for arm in results.arms] == [
        ("as-it-is", 0.5),
        ("warm", 0.7),
    ]
    assert sum(arm.customers for arm in results.arms) == 300
    (comparison,) = results.comparisons
    assert set(comparison.metrics) == set(MEASURES)
    times = comparison.metrics["helpful_rate"].times
    assert times.low is not None
    assert times.high is not None
    assert 1 < times.low < 1.4 < times.high
    assert comparison.verdict.benefits(100)
