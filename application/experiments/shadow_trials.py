"""Trials of a shadow run on record: begun before a model is asked, then compared or metered; what was begun and came to neither is charged once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from application.budgets.charges import tallies_of
from application.experiments.ports import Ports
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.budgets.spending import charged_for
from domain.experiments.shadow import Shadow
from domain.models.completion import Attempt

TOPICS = (Shadow.Begun.TOPIC, Shadow.Compared.TOPIC, Shadow.Metered.TOPIC)


async def begin_trial(
    deployment: UUID, interaction: UUID, lost: Sequence[Attempt], context: Context, ports: Ports
) -> None:
    """Put down what is charged if its process ends before what came of it is on record; the last time that it is put down counts."""
    begun = Shadow.begin(ports.ids(), deployment, interaction, lost, ports.clock())
    await ports.store.save(begun, context=context)


async def charge_lost(deployment: UUID, after: int, context: Context, ports: Ports) -> set[UUID]:
    """Charge what was begun after this position of the log and came to nothing on record, each once: whoever had it is gone. Interactions that
    were lost since that position, which are not asked again."""
    open: dict[UUID, Shadow.Begun] = {}
    lost: set[UUID] = set()
    async for recorded in ports.store.events(context.tenant, after=after, topics=TOPICS):
        event = recorded.event
        if not isinstance(event, Shadow.Begun | Shadow.Compared | Shadow.Metered):
            continue
        if event.deployment != deployment:
            continue
        if isinstance(event, Shadow.Begun):
            open[event.interaction] = event
            continue
        open.pop(event.interaction, None)
        if isinstance(event, Shadow.Metered) and event.lost:
            lost.add(event.interaction)
    for begun in open.values():
        record = Shadow.lose(begun, ports.clock())
        with suppress(Conflict):  # another worker has charged it
            await ports.store.save(record, context=context, tallies=tallies_of(charged_for(begun.lost)))
    return lost | set(open)
