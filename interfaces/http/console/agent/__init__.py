"""The agent: how it speaks and decides, its prompts, what it knows, what it sells, by which channels it is reached, who is told, what it may do."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.console.agent import (
    actions,
    channels,
    configuration,
    documents,
    knowledge,
    prompts,
    search,
    shop,
    upload,
    webhooks,
)
from interfaces.http.console.screens.screen import Screen

SCREENS: Sequence[Screen] = tuple(
    screen
    for area in (configuration, prompts, documents, knowledge, shop, channels, webhooks, actions, search)
    for screen in area.SCREENS
)
ROUTERS: Sequence[Router] = (
    *(screen.router() for screen in SCREENS),
    upload.ROUTER,
    channels.ROUTER,
    actions.ROUTER,
)
