"""`POST /webhooks/twilio/{tenant}`: what Twilio sends. No key opens it, but the signature of an account of the tenant's."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from application.campaigns.press import campaign_pressed_with
from application.channels.address import PATH
from application.channels.presses import either
from application.channels.webhook import TakeWebhook, take_webhook
from application.feedback.choose import pressed_with
from application.ports import Webhook
from domain.base.errors import Refusal
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import correlation_of

TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Nothing is to be said at once: the answer is sent by itself when it is there."""

LARGEST = 64 * 1024
"""Bytes of a body: Twilio's have some thousands."""


@post(f"{PATH}/{{tenant:uuid}}", status_code=200, media_type="text/xml", request_max_body_size=LARGEST)
async def twilio(
    tenant: FromPath[UUID],
    services: NamedDependency[Services],
    request: Request[Any, Any, Any],
    attempt: Annotated[
        str | None, QueryParameter(max_length=200, description="Of ours, which a status is about.")
    ] = None,
) -> Response[str]:
    """Take in a message of a customer's, or what became of one of ours, from Twilio (form or JSON, signed). 403 for a wrong signature."""
    body = await request.body()
    webhook = Webhook(
        target=_target(request),
        content_type=request.content_type[0].lower(),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]},
        body=body,
    )
    command = TakeWebhook(tenant=tenant, webhook=webhook, attempt=attempt)
    press = either(pressed_with(services), campaign_pressed_with(services))
    outcome = "failed"
    try:
        outcome = await take_webhook(
            command, correlation_of(request), services.twilio_webhooks, services, press
        )
    except Refusal:
        outcome = "rejected"
        raise
    finally:
        services.instruments.webhooks.took("twilio", outcome)
    return Response(TWIML, media_type="text/xml")


def _target(request: Request[Any, Any, Any]) -> str:
    """As it was written: what was signed."""
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    query = request.scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


ROUTER = Router("/", route_handlers=[twilio], tags=["channels"])
