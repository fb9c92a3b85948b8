"""A call of the embeddings API: texts to vectors, by the model that the app names; on record and paid for."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.answers.ports import Ports
from application.base.tasks import run_to_end
from application.chat.chat import GONE, ChatFailed
from application.chat.embedding_models import Asked, models_of
from application.chat.saving import save_under_user
from application.chat.vectors import Vectors
from application.gateway.advice import advice_on
from application.ports import ProviderError
from domain.base.context import Context
from domain.base.errors import Invalid, Refusal
from domain.chat.embedding_call import EmbeddingCall
from domain.models.completion import Attempt

Text = str | tuple[int, ...]
"""Or the tokens of one."""


class Embed(msgspec.Struct, frozen=True, kw_only=True):
    """`model`: provider/model, or a model's name alone. `dimensions` None: as many as it makes. `user`: whom the app asks for, by its own name
    for them. `fresh`: vectors are wanted that were not given before."""

    id: UUID
    model: str
    texts: tuple[Text, ...]
    dimensions: int | None = None
    user: str | None = None
    fresh: bool = False


class EmbeddingsGiven(msgspec.Struct, frozen=True, kw_only=True):
    """Unit vectors in the order of the texts. `tokens`: of all that differ, as they were counted when each was embedded; `cached`: how many of
    the texts have their vectors from the cache."""

    call: UUID
    model: str
    vectors: Sequence[array[float]]
    tokens: int
    cached: int
    metered: EmbeddingCall.Metered
    position: int

    @property
    def answered(self) -> Attempt:
        """The last call that gave vectors; of the cache where all are out of it."""
        good = [each for each in self.metered.attempts if each.outcome == "ok"]
        return next((each for each in reversed(good) if not each.cached), good[-1])


async def embed(command: Embed, context: Context, ports: Ports) -> EmbeddingsGiven:
    """Embed, and put all of it on record, also where the caller goes away in the middle.

    Raises Invalid, NotFound for a model that nobody has, Refused for one that can't be asked, BudgetRefusal, ChatFailed.
    """
    started = time.perf_counter()
    asked = await models_of(command.model, command.dimensions, command.id, context, ports)
    texts = _texts(command.texts, asked, ports)
    vectors = Vectors(asked, context.tenant, ports.embedder.cache, fresh=command.fresh)
    try:
        await vectors.make(texts)
    except BaseException as error:
        await run_to_end(_record(command, texts, asked, vectors, _why(error), started, context, ports))
        if isinstance(error, ProviderError):
            provider = asked.space.model.partition("/")[0]
            advice = advice_on(error.outcome, error.retry_after, error.again, provider)
            detail = error.detail if advice is None else f"{error.detail}; {advice}"
            raise ChatFailed(
                detail, error.outcome, retry_after=error.retry_after, again=error.again
            ) from None
        raise
    call, metered, position = await run_to_end(
        _record(command, texts, asked, vectors, None, started, context, ports)
    )
    return EmbeddingsGiven(
        call=call.id,
        model=asked.space.model,
        vectors=[vectors.of[text].values for text in texts],
        tokens=sum(each.usage.input for each in asked.attempts if each.outcome == "ok")
        + vectors.cached_tokens,
        cached=sum(text in vectors.cached for text in texts),
        metered=metered,
        position=position,
    )


async def _record(
    command: Embed,
    texts: tuple[str, ...],
    asked: Asked,
    vectors: Vectors,
    failure: str | None,
    started: float,
    context: Context,
    ports: Ports,
) -> tuple[EmbeddingCall, EmbeddingCall.Metered, int]:
    def make(user: UUID | None) -> EmbeddingCall:
        now = ports.clock()
        call = EmbeddingCall.request(
            command.id,
            model=command.model,
            texts=texts,
            dimensions=command.dimensions,
            user=command.user,
            user_id=user,
            at=now,
        )
        call.meter(
            space=asked.space.id,
            texts=len(texts),
            cached=sum(text in vectors.cached for text in texts),
            attempts=asked.attempts,
            reservations=asked.hold.reserved,
            failure=failure,
            latency_ms=round((time.perf_counter() - started) * 1000, 3),
            at=now,
        )
        measured.append(call.pending_events[-1])
        return call

    measured: list[object] = []
    call, position = await save_under_user(make, command.user, asked.attempts, asked.hold, context, ports)
    metered = measured[-1]
    assert isinstance(metered, EmbeddingCall.Metered)
    return call, metered, position


def _texts(given: Sequence[Text], asked: Asked, ports: Ports) -> tuple[str, ...]:
    """Raises Invalid for tokens that can't be read, with the place."""
    texts = []
    for place, each in enumerate(given):
        if isinstance(each, str):
            texts.append(each)
            continue
        where = f"input[{place}]" if len(given) > 1 else "input"
        try:
            text = ports.providers.counter.text_of(each, asked.space.name)
        except Invalid as error:
            raise _wrong(where, error.detail) from None
        if text is None:
            raise _wrong(
                where,
                f"the vocabulary of {asked.space.model} is not at hand here, so its tokens can't be read; send texts "
                "(LangChain's OpenAIEmbeddings does with check_embedding_ctx_length=False)",
            )
        texts.append(text)
    return tuple(texts)


def _wrong(where: str, message: str) -> Invalid:
    return Invalid(f"{where}: {message}", errors=[{"field": f"$.{where}", "message": message}])


def _why(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError):
        return GONE
    if isinstance(error, Refusal | ProviderError):
        return error.detail
    return f"it failed: {type(error).__name__}"
