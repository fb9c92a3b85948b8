"""The work of experiments and deployments: a look at one under way, and messages that a candidate answers in the shadow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from application.base.work import context_of
from application.experiments.deploying import DEPLOYMENT_WORK, SHADOW_WORK
from application.experiments.experiment import EXPERIMENT_WORK
from application.experiments.look import LookAtDeployment, look_at_deployment
from application.experiments.look_at_experiment import LookAtExperiment, look_at_experiment
from application.experiments.ports import Ports as Ports
from application.experiments.shadow import ShadowMessages, shadow_messages
from application.ports import Item, Kind


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_look_at_experiment(item: Item) -> datetime | None:
        command = LookAtExperiment(experiment=UUID(item.key))
        context = context_of(item, p.ids, "experiment")
        return await look_at_experiment(command, context, store=p.store, outcomes=p.outcomes, clock=p.clock)

    async def do_look_at_deployment(item: Item) -> datetime | None:
        command = LookAtDeployment(deployment=UUID(item.key))
        return await look_at_deployment(command, context_of(item, p.ids, "deployment"), p)

    async def do_shadow_messages(item: Item) -> datetime | None:
        command = ShadowMessages(deployment=UUID(item.key))
        return await shadow_messages(command, context_of(item, p.ids, "shadow"), p)

    return {
        EXPERIMENT_WORK: Kind(handler=do_look_at_experiment, attempts=1000, places="watch"),
        DEPLOYMENT_WORK: Kind(handler=do_look_at_deployment, attempts=1000, lease=10.0, places="watch"),
        SHADOW_WORK: Kind(handler=do_shadow_messages, attempts=1000),
    }
