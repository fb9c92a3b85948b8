"""The log's store, whose saves are spans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from application.ports import Done, Due, Saved, Tally
from domain.base.aggregate import Aggregate, Event, event_id
from domain.base.context import Context
from infra.log.commands import with_causes
from infra.log.store import LogStore
from infra.telemetry.tracing import Traces


class TracedStore(LogStore):
    """Made of what a LogStore is made of."""

    def __init__(self, traces: Traces, *parts: Any) -> None:
        super().__init__(*parts)
        self._traces = traces

    async def save(
        self,
        *aggregates: Aggregate[Any],
        context: Context,
        inbox: str | None = None,
        work: Sequence[Due | Done] = (),
        tallies: Sequence[Tally] = (),
    ) -> Saved:
        collected = [
            (each, cast(Sequence[Event], each.pending_events)) for each in aggregates if each.pending_events
        ]
        topics = [event.TOPIC for _, events in collected for event in events]
        # What subscribers are owed comes of the last event of all, as does what is owed under a key of its own.
        due = [*work, *self._owing(context.tenant, topics)]
        causes = [UUID(bytes=cause) for _, cause in with_causes(due, collected)]
        last = [event_id(collected[-1][0].id, collected[-1][1][-1].originator_version)] if collected else []
        wanted = list(dict.fromkeys(causes or last))
        with self._traces.saving(context, wanted, topics) as saved:
            done = await super().save(*aggregates, context=context, inbox=inbox, work=work, tallies=tallies)
            saved(done.position, done.duplicate)
            return done
