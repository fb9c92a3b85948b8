"""Outgoing webhooks: the endpoints that a tenant's apps are told events at.

What vendors send in is not here: `channels/webhook.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.webhooks import webhook
from interfaces.http.webhooks.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (webhook.ROUTER,)
