"""Campaigns: one message to many customers. Begin in `campaign.py`."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.campaigns import campaign, figures, life, page, preview
from interfaces.http.campaigns.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    campaign.ROUTER,
    life.ROUTER,
    preview.ROUTER,
    figures.ROUTER,
    page.ROUTER,
)
