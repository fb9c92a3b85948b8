"""A document waits: its embedding model can't be asked now. It says so, is tried again with back-off, and fails when that has lasted too long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from application.ports import Clock, Done, Due, ProviderError, Store
from application.retrieval.replacing import is_gone
from domain.base.context import Context
from domain.base.errors import Refused
from domain.retrieval.document import Document

FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=5)
"""Before the first further try, and between two at most: half as long as it has been waiting."""

ASKED = timedelta(minutes=15)
"""That a provider may ask for, at most."""

GIVEN_UP = timedelta(hours=24)

HOPELESS = frozenset({"bad_request", "context_too_long", "refused"})
"""Outcomes that the same text will have again."""


async def delayed(
    document: Document,
    error: ProviderError | Refused,
    context: Context,
    work: Sequence[Due | Done],
    *,
    store: Store,
    clock: Clock,
) -> datetime | None:
    """When it is to be tried again; None: it has failed, or is gone."""
    if await is_gone(document, context.tenant, store):
        return None
    at, told = clock(), _told(error)
    since = document.state.delayed_since or at
    if at - since >= GIVEN_UP or (isinstance(error, ProviderError) and error.outcome in HOPELESS):
        document.fail(f"{told}; process it again once that is mended", at)
        await store.save(document, context=context, work=work)
        return None
    document.delay(f"{told}; it is tried again by itself, and what was embedded is kept", at)
    if document.pending_events:
        await store.save(document, context=context)
    wait = min(max((at - since) / 2, FIRST), LONGEST)
    asked = getattr(error, "retry_after", None)
    return at + max(wait, min(timedelta(seconds=asked or 0), ASKED))


def _told(error: ProviderError | Refused) -> str:
    if isinstance(error, ProviderError):
        return f"the embedding model gave no vectors ({error.outcome}): {error.detail}"
    return f"its passages can't be embedded now: {error.detail}"
