"""`POST /v1/embeddings`: texts to vectors, for every client that speaks OpenAI's API.

https://platform.openai.com/docs/api-reference/embeddings
"""

from __future__ import annotations

import base64
import sys
from array import array
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.chat.embed import Embed, EmbeddingsGiven, Text, embed
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.retrieval.embedding_model import WIDEST
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.position import written
from interfaces.http.chat.waiting import begun, fresh, made_while_there

LARGEST_BODY = 16 * 1024 * 1024
MOST = 2048
"""Texts of a request, as at OpenAI."""

Token = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class EmbeddingsIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model`: a model of kind `embedding` in `GET /v1/models`. `input`: a text, the tokens of one, or a list of either. `dimensions`: of
    models that can make fewer. Vectors are of length 1, all of one model: where it fails, the same model of another provider that has it is asked."""

    model: Annotated[str, Meta(min_length=1, max_length=200)]
    input: str | Annotated[list[str | Token | list[Token]], Meta(min_length=1)]
    dimensions: Annotated[int, Meta(ge=1, le=WIDEST)] | None = None
    encoding_format: Literal["float", "base64"] | None = None
    user: Annotated[str, Meta(max_length=256)] | None = None

    @property
    def texts(self) -> tuple[Text, ...]:
        """Raises Invalid, with the place that is wrong."""
        given = self.input
        if isinstance(given, list) and isinstance(given[0], int):
            given = [given]  # type: ignore[list-item]  # looked at below
        texts: list[Text] = []
        for place, each in enumerate([given] if isinstance(given, str) else given):
            where = f"input[{place}]" if isinstance(self.input, list) else "input"
            if isinstance(each, int) or (
                isinstance(each, list) and not all(type(token) is int for token in each)
            ):
                raise _wrong(where, "texts and tokens stand in lists of their own")
            if not each:
                raise _wrong(where, "there is nothing in it to be embedded; leave it out")
            texts.append(each if isinstance(each, str) else tuple(each))
        if len(texts) > MOST:
            raise _wrong("input", f"there are {len(texts)} texts; at most {MOST} are taken at once")
        return tuple(texts)


class EmbeddingOut(msgspec.Struct, frozen=True, kw_only=True):
    """`embedding`: numbers, or by `base64` 32-bit floats, little-endian."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingsUsage(msgspec.Struct, frozen=True, kw_only=True):
    prompt_tokens: int
    total_tokens: int


class EmbeddingsExtra(msgspec.Struct, frozen=True, kw_only=True):
    """`cost` in USD, of all attempts. `cached`: how many of the texts have their vectors from the cache, which cost nothing."""

    call: UUID
    provider: str
    model: str
    attempts: int
    cost: Decimal
    cached: int


class EmbeddingList(msgspec.Struct, frozen=True, kw_only=True):
    object: Literal["list"] = "list"
    data: tuple[EmbeddingOut, ...]
    model: str
    usage: EmbeddingsUsage
    retrace: EmbeddingsExtra


@post(
    "/v1/embeddings",
    status_code=200,
    request_max_body_size=LARGEST_BODY,
    scope="conversations:write",
    rate="answers",
)
async def create(
    data: JSONBody[EmbeddingsIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
) -> Response[EmbeddingList]:
    """As OpenAI's: texts to vectors, by any embedding model that the tenant can reach, within its budget. The same text within five minutes costs nothing;
    `Cache-Control: no-cache` asks for vectors that were not given before."""
    command = Embed(
        id=services.ids(),
        model=data.model,
        texts=data.texts,
        dimensions=data.dimensions,
        user=data.user,
        fresh=fresh(request),
    )
    task = begun(embed(command, context, services), services)
    given = await made_while_there(task, request, access_control)
    headers = await written(services, context.tenant, given.position)
    return Response(_shown(given, base64_wanted=data.encoding_format == "base64"), headers=headers)


def _shown(given: EmbeddingsGiven, *, base64_wanted: bool) -> EmbeddingList:
    answered = given.answered
    return EmbeddingList(
        data=tuple(
            EmbeddingOut(index=index, embedding=_base64(vector) if base64_wanted else vector.tolist())
            for index, vector in enumerate(given.vectors)
        ),
        model=given.model,
        usage=EmbeddingsUsage(prompt_tokens=given.tokens, total_tokens=given.tokens),
        retrace=EmbeddingsExtra(
            call=given.call,
            provider=answered.provider,
            model=answered.served or answered.model,
            attempts=sum(not each.cached for each in given.metered.attempts),
            cost=given.metered.cost,
            cached=given.cached,
        ),
    )


def _base64(vector: array[float]) -> str:
    if sys.byteorder == "big":
        vector = array("f", vector)
        vector.byteswap()
    return base64.b64encode(vector.tobytes()).decode()


def _wrong(where: str, message: str) -> Invalid:
    return Invalid(f"{where}: {message}", errors=[{"field": f"$.{where}", "message": message}])


ROUTER = Router("/", route_handlers=[create], tags=["providers"])
"""Beside the completions API."""
