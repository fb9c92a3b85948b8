"""The log for auditors: events, followers, export, history, authorship, proofs."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.audit import authorship, checkpoint, events, export, follow, history, verify
from interfaces.http.audit.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    events.ROUTER,
    follow.ROUTER,
    export.ROUTER,
    history.ROUTER,
    authorship.ROUTER,
    verify.ROUTER,
    checkpoint.ROUTER,
)
