"""The work of campaigns: they go on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from application.base.work import context_of
from application.campaigns.campaign import CAMPAIGN_WORK
from application.campaigns.ports import Ports as Ports
from application.campaigns.run import RunCampaign, run_campaign
from application.ports import Item, Kind


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_campaign(item: Item) -> datetime | None:
        return await run_campaign(
            RunCampaign(campaign=UUID(item.key)), context_of(item, p.ids, "campaign"), p
        )

    return {CAMPAIGN_WORK: Kind(handler=do_campaign, attempts=20, lease=15.0, places="bulk")}
