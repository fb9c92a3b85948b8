"""The work of insight: analysts' logins are as the log says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from application.base.work import context_of
from application.insight.analyst_login import Ports as Ports
from application.insight.analyst_login import settle_analyst_logins
from application.ports import ANALYST_LOGINS_WORK, Item, Kind


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_analyst_logins(item: Item) -> datetime | None:
        return await settle_analyst_logins(context_of(item, p.ids, "analysts"), p)

    return {ANALYST_LOGINS_WORK: Kind(handler=do_analyst_logins, attempts=100)}
