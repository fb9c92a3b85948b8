"""Channels: a tenant's accounts at vendors, and what the vendors send.

Begin in `webhook.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.channels import channels, deliveries, media, webhook
from interfaces.http.channels.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (channels.ROUTER, deliveries.ROUTER, media.ROUTER, webhook.ROUTER)
