"""The work of fine-tuning: a job goes on; a month has its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from application.base.work import context_of
from application.learning.tuning.ports import Ports as Ports
from application.learning.tuning.request import TUNING_WORK
from application.learning.tuning.schedule import SCHEDULE_WORK, tune_monthly
from application.learning.tuning.tune import Tune, tune
from application.ports import Item, Kind


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_tune(item: Item) -> datetime | None:
        return await tune(Tune(job=UUID(item.key)), context_of(item, p.ids, "tuning"), p)

    async def do_tune_monthly(item: Item) -> datetime | None:
        return await tune_monthly(context_of(item, p.ids, "tuning"), p)

    return {
        SCHEDULE_WORK: Kind(handler=do_tune_monthly, attempts=1000, lease=120.0, places="heavy"),
        # Files of some megabytes go out: it has a place of its own.
        TUNING_WORK: Kind(handler=do_tune, attempts=50, lease=120.0, places="heavy"),
    }
