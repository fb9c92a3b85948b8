"""The console: pages for operators, made on the server. Begin in `page.py`; `navigation.py` lists the pages that have a place in the menu.

A page is a handler here, whose `scope` says who may see it (None: all who are signed in), a template in `templates/`, and its router's line below.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.console import (
    accept,
    account,
    administration,
    agent,
    alerts,
    campaigns,
    home,
    inbox,
    insight,
    models,
    review,
    sign_in,
    static_files,
)

ROUTERS: Sequence[Router] = (
    home.ROUTER,
    account.ROUTER,
    sign_in.ROUTER,
    accept.ROUTER,
    *alerts.ROUTERS,
    *agent.ROUTERS,
    *review.ROUTERS,
    *models.ROUTERS,
    *campaigns.ROUTERS,
    *administration.ROUTERS,
    *inbox.ROUTERS,
    *insight.ROUTERS,
    static_files.ROUTER,
)
