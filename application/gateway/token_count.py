"""How many tokens a prompt has, where that may decide."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from uuid import UUID

from application.ports import Counter
from domain.models.completion import Turn

REMEMBERED = 4_096
"""Counts that a process keeps, of prompts that had to be counted: for each a digest and a number."""

_counted: OrderedDict[bytes, int] = OrderedDict()


async def tokens_if_many(
    prompt: Sequence[Turn], limit: int, model: str, *, tenant: UUID, counter: Counter
) -> int | None:
    """Tokens of a prompt as `model` (provider/name) counts them; None where it surely has at most `limit`.

    A token has at least one byte, so short prompts need no counting. Long ones take milliseconds: they are counted beside the
    event loop, and once.
    """
    if sum([4 * len(turn.read) for turn in prompt]) <= limit or sum(map(_bytes, prompt)) <= limit:
        return None
    key = _key(prompt, model, tenant)
    tokens = _counted.get(key)
    if tokens is None:
        name = model.partition("/")[2]
        tokens = await asyncio.to_thread(lambda: sum(counter.count(turn.read, name) for turn in prompt))
    _counted[key] = tokens
    _counted.move_to_end(key)
    if len(_counted) > REMEMBERED:
        _counted.popitem(last=False)
    return tokens


def _bytes(turn: Turn) -> int:
    text = turn.read
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def _key(prompt: Sequence[Turn], model: str, tenant: UUID) -> bytes:
    digest = blake2b(tenant.bytes + model.encode(), digest_size=16)
    for turn in prompt:
        text = turn.read.encode(errors="surrogatepass")
        digest.update(len(text).to_bytes(8) + text)
    return digest.digest()
