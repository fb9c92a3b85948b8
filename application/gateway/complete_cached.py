"""An answer, or the same answer again: who asks the very same within a minute gets what the first one got, and pays nothing."""

from __future__ import annotations

import hashlib
import time

import msgspec

from application.gateway.attempt import Emit, EmitPiece
from application.gateway.complete import complete
from application.gateway.ports import Ports
from application.gateway.run import Asked, Run
from domain.answers.telling import told
from domain.base.context import Context
from domain.gateway.decision import LAST_RESORT
from domain.models.choices import ChoicePiece, pieces_of
from domain.models.completion import Attempt, Completion
from domain.models.tools import call_pieces

WHOLE = ("stop", "tool_calls")
"""Finishes of answers that are kept."""


async def complete_cached(
    asked: Asked,
    run: Run,
    context: Context,
    ports: Ports,
    emit: Emit | None = None,
    emit_piece: EmitPiece | None = None,
) -> Completion | None:
    """As `complete`; an answer out of the cache is an attempt of its own that cost nothing.

    Only the first model's whole answer is kept: what another one said in its place would hide that it is back.
    """
    first = asked.route.models[0]
    provider, _, model = first.partition("/")

    async def make() -> Completion | None:
        return await complete(asked, run, context, ports, emit, emit_piece)

    if asked.fresh or first == LAST_RESORT:
        return await make()
    made: Completion | None = None
    tried = False

    async def make_bytes() -> bytes | None:
        nonlocal made, tried
        tried = True
        made = await make()
        whole = made is not None and all(each.finish in WHOLE for each in made.choices)
        if made is None or not whole or not run.attempts or run.leak is not None:
            return None
        answered = run.attempts[-1]
        if (answered.provider, answered.model) != (provider, model):
            return None
        return msgspec.msgpack.encode(made)

    started_at, started = ports.clock(), time.perf_counter()
    key = _key(asked)
    kept, _ = await ports.providers.cache.once(context.tenant, "responses", key, make_bytes, group=provider)
    if tried or kept is None:
        return made
    completion = msgspec.msgpack.decode(kept, type=Completion)
    await _tell(completion, asked, run, emit, emit_piece)
    run.attempts.append(
        Attempt(
            provider=provider,
            model=model,
            served=completion.model,
            outcome="ok",
            started_at=started_at,
            latency_ms=round((time.perf_counter() - started) * 1000, 3),
            request_id=completion.request_id,
            cached=True,
        )
    )
    return completion


async def _tell(
    completion: Completion, asked: Asked, run: Run, emit: Emit | None, emit_piece: EmitPiece | None
) -> None:
    text = told(completion.text, asked.sources)
    if emit is not None and (text or not completion.calls):
        run.said.append(text)
        await emit(text)
    if emit_piece is None:
        return
    for call in call_pieces(completion.calls):
        run.called.append(call)
        await emit_piece(call)
    for piece in pieces_of(completion.choices):
        if isinstance(piece, ChoicePiece):
            # The text of the first one is told.
            left = piece if piece.choice else msgspec.structs.replace(piece, text="")
            run.chosen.append(left)
            await emit_piece(left)


def _key(asked: Asked) -> bytes:
    """Everything that the answer depends on."""
    request = asked.request
    parts = (
        asked.configuration_version,
        [(each.split, each.arm) for each in asked.variants],
        asked.route.models[0],
        request.prompt,
        request.max_tokens,
        request.answer_tokens,
        request.temperature,
        request.stop,
        sorted(request.options.items()),
        request.tools,
        request.tool_choice,
        request.parallel_tool_calls,
        request.answer_format,
        request.choices,
        request.logprobs,
    )
    return hashlib.sha256(msgspec.msgpack.encode(parts)).digest()
