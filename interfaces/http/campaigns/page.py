"""`GET /c/{token}`: a customer opens the page of a campaign's button. No key opens it, but the address that they were sent."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from application.campaigns.pages import PATH, OpenPage, open_page
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import correlation_of

Token = Annotated[
    str, PathParameter(min_length=60, max_length=100, description="As the message's link has it.")
]


@get(f"{PATH}/{{token:str}}", status_code=302)
async def page(
    token: Token, services: NamedDependency[Services], request: Request[Any, Any, Any]
) -> Response[None]:
    """Count it and lead on to the page that the campaign's plan names."""
    tenant, campaign, conversation, button = await services.pages.read(token)
    command = OpenPage(campaign=campaign, conversation=conversation, button=button)
    context = Context(tenant=tenant, actor="customer", correlation=correlation_of(request))
    url = await open_page(command, context, store=services.store, clock=services.clock)
    return Response(None, status_code=302, headers={"Location": url, "Referrer-Policy": "no-referrer"})


ROUTER = Router("/", route_handlers=[page], tags=["campaigns"])
