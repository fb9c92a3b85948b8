"""`POST /v1/bot/feedback/submit`: an answer is rated by who saw it, with the token that came with it, or for them by a key."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.answers.feedback_token import LONGEST
from application.feedback.permission import permitted
from application.feedback.rate import Rate, rate
from application.feedback.rated_answer import owner_of
from domain.base.context import Context
from domain.base.errors import Forbidden, Unauthenticated
from domain.feedback.rating import LONGEST_COMMENT
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in, correlation_of
from interfaces.http.base.limits.client_address import network_of
from interfaces.http.base.limits.rates import take_ratings
from interfaces.http.base.position import written

HOW = "send the interaction's feedback_token, as it came with the answer, or an API key"

Word = Literal["helpful", "not_helpful"]


class FeedbackIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`feedback_text` left out: what was said before stays; empty: it is taken back. `feedback_token` stands on the interaction, and is all that is
    needed."""

    agent_interaction_id: UUID
    rating: Word
    feedback_text: Annotated[str, Meta(max_length=LONGEST_COMMENT)] | None = None
    feedback_token: Annotated[str, Meta(min_length=1, max_length=LONGEST)] | None = None


class FeedbackOut(msgspec.Struct, frozen=True, kw_only=True):
    """What holds now. `changed`: whether it was otherwise before; `commented`: whether a text goes with it."""

    agent_interaction_id: UUID
    rating: Word
    commented: bool
    changed: bool


@post("/v1/bot/feedback/submit", status_code=200, scope="conversations:write", guests=True)
async def submit(
    data: JSONBody[FeedbackIn], services: NamedDependency[Services], request: Request[Any, Any, Any]
) -> Response[FeedbackOut]:
    """Rate an answer, or rate it otherwise; the latest rating holds. The interaction's `feedback_token` gives the right, and needs no key."""
    context, owner = await _allowed(data, services, request)
    command = Rate(
        interaction=data.agent_interaction_id,
        owner=owner,
        helpful=data.rating == "helpful",
        source="api",
        comment=data.feedback_text,
    )
    given = await rate(command, context, store=services.store, clock=services.clock)
    headers = {}
    if not caller_in(request).guest:  # how far the log is, is the tenant's to know
        headers = await written(services, context.tenant, given.position, given.version)
    shown = FeedbackOut(
        agent_interaction_id=given.interaction,
        rating=data.rating,
        commented=given.commented,
        changed=given.position > 0,
    )
    return Response(shown, headers=headers)


async def _allowed(
    data: FeedbackIn, services: Services, request: Request[Any, Any, Any]
) -> tuple[Context, UUID]:
    """In whose name, and whose the interaction is. Raises Unauthenticated, Forbidden, NotFound, Refused, RateLimited."""
    caller, interaction = caller_in(request), data.agent_interaction_id
    if data.feedback_token is None:
        if caller.guest:
            raise Unauthenticated(HOW)
        context = caller.context(caller.tenant, request)
        await take_ratings(context.tenant, interaction, None, services)
        owner = await owner_of(context.tenant, interaction, store=services.store, locator=services.locator)
        return context, owner
    token = await permitted(data.feedback_token, interaction, services)
    if not caller.guest and token.tenant != caller.tenant:
        raise Forbidden("this feedback_token is another tenant's than the key; send one of them alone")
    await take_ratings(token.tenant, interaction, network_of(request) if caller.guest else None, services)
    if not caller.guest:
        return caller.context(token.tenant, request), token.conversation
    return (
        Context(tenant=token.tenant, actor="customer", correlation=correlation_of(request)),
        token.conversation,
    )


ROUTER = Router("/", route_handlers=[submit], tags=["feedback"])
