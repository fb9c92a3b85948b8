"""The context window of an answer: what its prompt may hold, counted where that may decide, once for each text, and not on the event loop."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from uuid import UUID

from application.gateway.tenant_settings import TenantSettings
from application.ports import Counter
from domain.answers.context_window import OVERHEAD, Window, fit
from domain.models.completion import Passage, Turn

RULES = 400
"""Tokens for the lines of the system prompt that neither tenants nor texts write."""

REMEMBERED = 20_000
"""Counts that a process keeps: for each text a digest and a number. A conversation's turns and a document's passages come again and again."""

_counted: OrderedDict[bytes, int] = OrderedDict()


async def window_of(
    history: Sequence[Turn],
    passages: Sequence[Passage],
    summary: str | None,
    fixed: Sequence[str],
    settings: TenantSettings,
    *,
    tenant: UUID,
    counter: Counter,
) -> Window:
    """`fixed`: what stands in the prompt whatever else does, as the rules and the questions. Whole where it surely fits: a token has a byte or
    more."""
    budget = tokens_for(settings) - RULES
    texts = [*[turn.text for turn in history], *[passage.text for passage in passages], summary or ""]
    around = OVERHEAD * (len(history) + 3 * len(passages) + 1)
    if sum([4 * len(text) for text in (*texts, *fixed)]) + around <= budget:
        return Window(history=tuple(history), passages=tuple(passages), summary=summary)
    model = settings.configuration.default_model

    def fitted() -> Window:
        def count(text: str) -> int:
            return _count(text, model, tenant, counter)

        left = budget - sum(map(count, fixed))
        return fit(history, passages, summary, budget=left, count=count)

    return await asyncio.to_thread(fitted)


def tokens_for(settings: TenantSettings) -> int:
    """Of a prompt: as many as the tenant wants, and the largest of its models takes beside the answer."""
    configuration, policy = settings.configuration, settings.policy
    models = [configuration.default_model, *configuration.fallback_models]
    if policy is not None:
        models += policy.tier_models
    known = [found.context_window for model in models if (found := settings.catalogue.get(model)) is not None]
    most = max(known, default=None)
    wanted = configuration.context_tokens
    return wanted if most is None else min(wanted, most - configuration.max_answer_tokens)


def _count(text: str, model: str, tenant: UUID, counter: Counter) -> int:
    key = blake2b(
        text.encode(errors="surrogatepass"), digest_size=16, key=tenant.bytes, person=_of(model)
    ).digest()
    known = _counted.get(key)
    if known is None:
        known = counter.count(text, model.partition("/")[2])
        _counted[key] = known
        while len(_counted) > REMEMBERED:
            _counted.popitem(last=False)
    return known


def _of(model: str) -> bytes:
    return blake2b(model.encode(), digest_size=16).digest()
