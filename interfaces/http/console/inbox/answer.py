"""One answer: why it is as it is, from the log alone; and what the reader says of it, by the same commands as the API's."""

from __future__ import annotations

from typing import Any, get_args
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.audit.explain_interaction import explain_interaction
from application.audit.explanation import Explanation
from application.feedback.correction import ProposeCorrection, propose_correction
from application.feedback.rate import Rate, rate
from application.feedback.rated_answer import owner_of
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import Conflict, Invalid, NotFound, Refusal, Refused
from domain.feedback.judgement import Category
from domain.feedback.lineage import LONGEST
from domain.feedback.rating import LONGEST_COMMENT
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.limits.rates import take_ratings
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.formats import words
from interfaces.http.console.forms import FORM, errors_of, fields_of
from interfaces.http.console.page import done, page
from interfaces.http.console.people import names_of
from interfaces.http.conversations.rated import ratings_given

CATEGORIES: tuple[Category, ...] = get_args(Category)
PATH = "/console/inbox/{conversation:uuid}/why/{interaction:uuid}"


@get(PATH, scope="conversations:read")
async def why(
    conversation: FromPath[UUID],
    interaction: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """Messages, understanding, decision, passages, attempts, cost, experiments, evidence."""
    return await _shown(conversation, interaction, request, services, principal.tenant)


@get(f"{PATH}/prompt", scope="conversations:read")
async def prompt(
    conversation: FromPath[UUID],
    interaction: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """The exact prompt, by itself: it may be long."""
    found = await _explained(conversation, interaction, services, principal.tenant)
    return page(request, services, "inbox/prompt.html", why=found)


@post(f"{PATH}/rate", status_code=303, scope="conversations:write")
async def rated(
    conversation: FromPath[UUID],
    interaction: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Any]:
    """Helpful or not, with a comment; an empty one leaves what was said before."""
    given = await fields_of(request, rating=20, comment=LONGEST_COMMENT)
    try:
        if given["rating"] not in ("helpful", "not_helpful"):
            raise Invalid("say whether it was helpful or not")
        await take_ratings(context.tenant, interaction, None, services)
        await _explained(conversation, interaction, services, context.tenant)
        owner = await owner_of(context.tenant, interaction, store=services.store, locator=services.locator)
        command = Rate(
            interaction=interaction,
            owner=owner,
            helpful=given["rating"] == "helpful",
            source="console",
            comment=given["comment"] or None,
        )
        await rate(command, context, store=services.store, clock=services.clock)
    except (Invalid, Refused) as refused:
        told = {"rating": errors_of(refused)[FORM]}
        return await _shown(
            conversation, interaction, request, services, context.tenant, error=refused, errors=told, **given
        )
    return done(request, services, _path(conversation, interaction), "Your rating is on record.")


@post(f"{PATH}/correct", status_code=303, scope="feedback:review")
async def corrected(
    conversation: FromPath[UUID],
    interaction: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Any]:
    """What it should have been; it waits for its review then."""
    given = await fields_of(request, right=LONGEST, reason=LONGEST, category=40)
    try:
        if not given["right"].strip() or len(given["right"]) > LONGEST:
            raise Invalid(f"right has to have 1 to {LONGEST:,} characters")
        if given["category"] not in CATEGORIES:
            raise Invalid("category is none of those there are; choose one")
        command = ProposeCorrection(
            interaction=interaction,
            conversation=conversation,
            right=given["right"].replace("\r\n", "\n"),
            reason=given["reason"][:LONGEST],
            category=given["category"],
        )
        await propose_correction(
            command,
            context,
            store=services.store,
            keyring=services.keyring,
            locator=services.locator,
            clock=services.clock,
            ids=services.ids,
        )
    except (Invalid, Refused, Conflict) as refused:
        told = errors_of(refused, "right", "category", "reason")
        return await _shown(
            conversation, interaction, request, services, context.tenant, error=refused, errors=told, **given
        )
    return done(
        request,
        services,
        _path(conversation, interaction),
        "Your correction is proposed; it waits for review.",
    )


async def _shown(
    conversation: UUID,
    interaction: UUID,
    request: Request[Any, Any, Any],
    services: Services,
    tenant: UUID,
    *,
    error: Refusal | None = None,
    errors: dict[str, str] | None = None,
    **given: str,
) -> Response[Any]:
    """`given`: the fields of a form that was refused."""
    found = await _explained(conversation, interaction, services, tenant)
    session = caller_in(request).session
    assert session is not None
    scopes = session.principal.scopes
    return page(
        request,
        services,
        "inbox/why.html",
        status=200 if error is None else 422 if isinstance(error, Refused) else 400,
        why=found,
        conversation=conversation,
        names=await names_of([found.operator], services, tenant),
        rating=(await ratings_given([interaction], services, tenant, None)).get(interaction),
        may_rate="conversations:write" in scopes,
        may_correct="feedback:review" in scopes,
        categories=[("", "Choose one"), *((each, words(each)) for each in CATEGORIES)],
        longest=LONGEST,
        errors=errors or {},
        given={"rating": "", "comment": "", "right": "", "reason": "", "category": "", **given},
    )


async def _explained(conversation: UUID, interaction: UUID, services: Services, tenant: UUID) -> Explanation:
    """Raises NotFound, also where it is another conversation's."""
    found = await explain_interaction(tenant, interaction, store=services.store, locator=services.locator)
    if found.conversation != conversation:
        raise NotFound(f"there is no interaction {interaction} in this conversation")
    return found


def _path(conversation: UUID, interaction: UUID) -> str:
    return f"/console/inbox/{conversation}/why/{interaction}"


ROUTER = Router(
    "/",
    route_handlers=[why, prompt, rated, corrected],
    include_in_schema=False,
    exception_handlers=HANDLERS,
)
