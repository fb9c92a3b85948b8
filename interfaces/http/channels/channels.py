"""A tenant's channels. Tokens are taken, and never shown again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from application.channels.address import webhook_url
from application.channels.channels import (
    SetTwilio,
    SetUse,
    channels_now,
    remove_twilio,
    set_twilio,
    set_use,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.base.patterns import CHANNEL
from domain.channels.channels import Channels, ChannelsState
from domain.channels.twilio import ACCOUNT, Template, TwilioAccount
from domain.conversations.messages import Use
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag

Account = Annotated[str, PathParameter(max_length=34, description="The account's SID: AC and 32 digits.")]
Token = Annotated[str, Meta(min_length=8, max_length=200)]


class TwilioIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`auth_token`: left out, the one that is set stays. `next_auth_token`: signs as well, as long as it stands here: give it before Twilio's
    is rotated, and as `auth_token` after that.

    `outside_window`: what becomes of an answer that is due when the customer's 24 hours are over: `template`, which `window_template`
    names, or `refuse`. `unknown_fate`: of a message of which Twilio does not tell whether it went out: `resend`, or an `operator` decides.
    `check` `observe`: webhooks whose signature is wrong are let in, and counted. `use`: what texts may be used for beside answering.
    """

    auth_token: Token | None = None
    next_auth_token: Token | None = None
    senders: Annotated[tuple[str, ...], Meta(max_length=200)] = ()
    messaging_service_sid: str | None = None
    templates: dict[str, Template] = {}
    outside_window: Literal["template", "refuse"] = "refuse"
    window_template: str | None = None
    unknown_fate: Literal["resend", "operator"] = "operator"
    check: Literal["enforce", "observe"] = "enforce"
    use: Use = "tenant_only"
    messages_per_second: Annotated[int, Meta(ge=1, le=1000)] = 80

    def __repr__(self) -> str:
        return f"TwilioIn(senders={self.senders!r})"


class ChannelUseIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`channel`: as the customers of messages name it, as `http` or `whatsapp`; `api` is the completions API."""

    channel: Annotated[str, Meta(min_length=1, max_length=32, pattern=CHANNEL)]
    use: Use


class TwilioOut(msgspec.Struct, frozen=True, kw_only=True):
    """`rotating`: a next token is set. `webhook`: the address that Twilio is to be given, for messages and for statuses.

    `rejected`: webhooks whose signature was wrong, kept until none has come for 30 days; `observed`: those that were let in all the same.
    """

    account_sid: str
    senders: tuple[str, ...]
    messaging_service_sid: str | None
    templates: dict[str, Template]
    outside_window: Literal["template", "refuse"]
    window_template: str | None
    unknown_fate: Literal["resend", "operator"]
    check: Literal["enforce", "observe"]
    use: Use
    messages_per_second: int
    rotating: bool
    set_at: datetime
    webhook: str
    rejected: int
    observed: int


class ChannelsOut(msgspec.Struct, frozen=True, kw_only=True):
    """`version` 0: nothing was ever set. `uses`: what texts may be used for beside answering, by channel; of channels that are not there it is `tenant_only`.
    An account's own `use` holds beside it: the less of the two."""

    tenant: UUID
    version: int
    twilio: tuple[TwilioOut, ...]
    uses: dict[str, Use]


@get("/v1/channels", scope="integrations:manage")
async def read_all(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ChannelsOut]:
    """All channels of this tenant, as they are set."""
    state, version = await channels_now(principal.tenant, store=services.store)
    return Response(await _all(state, version, principal.tenant, services), headers=tag(version))


@put("/v1/channels/uses", scope="integrations:manage", versioned=one(Channels.id_of))
async def set_channel_use(
    data: JSONBody[ChannelUseIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ChannelsOut]:
    """Say what the texts of a channel may be used for beside answering: `tenant_only`, as it is unless told, to train or tune models of this tenant's alone, or
    `none`. It stands on each message from then on; with `none` nothing is learned from earlier ones either, for as long as it holds."""
    command = SetUse(channel=data.channel, use=data.use)
    done = await set_use(command, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, done.position, done.version)
    return Response(await _all(done.channels, done.version, context.tenant, services), headers=headers)


@get("/v1/channels/twilio/{account:str}", scope="integrations:manage")
async def read(
    account: Account, services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[TwilioOut]:
    """An account at Twilio, as it is set."""
    state, version = await channels_now(principal.tenant, store=services.store)
    if (found := state.twilio.get(account)) is None:
        raise NotFound("this tenant has no such account at Twilio; GET /v1/channels shows those it has")
    return Response(await _shown(found, principal.tenant, services), headers=tag(version))


@put("/v1/channels/twilio/{account:str}", scope="integrations:manage", versioned=one(Channels.id_of))
async def replace(
    account: Account,
    data: JSONBody[TwilioIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[TwilioOut]:
    """Set an account at Twilio; what is left out has its default, the token aside, which stays. Here at once, everywhere within a second."""
    if not ACCOUNT.fullmatch(account):
        raise NotFound("Twilio has no such account: its SID is AC and 32 hexadecimal digits")
    command = SetTwilio(
        account=account,
        token=data.auth_token,
        next_token=data.next_auth_token,
        senders=data.senders,
        messaging_service=data.messaging_service_sid,
        templates=data.templates,
        outside_window=data.outside_window,
        window_template=data.window_template,
        unknown_fate=data.unknown_fate,
        check=data.check,
        use=data.use,
        messages_per_second=data.messages_per_second,
    )
    done = await set_twilio(command, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, done.position, done.version)
    return Response(await _shown(done.channels.twilio[account], context.tenant, services), headers=headers)


@delete(
    "/v1/channels/twilio/{account:str}",
    status_code=204,
    scope="integrations:manage",
    versioned=one(Channels.id_of),
)
async def remove(
    account: Account, services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Remove an account: its webhooks are refused, and nothing goes out by it any more."""
    done = await remove_twilio(account, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, done.position, done.version)
    return Response(None, status_code=204, headers=headers)


async def _all(state: ChannelsState, version: int, tenant: UUID, services: Services) -> ChannelsOut:
    return ChannelsOut(
        tenant=tenant,
        version=version,
        twilio=tuple([await _shown(each, tenant, services) for _, each in sorted(state.twilio.items())]),
        uses=dict(sorted(state.uses.items())),
    )


async def _shown(account: TwilioAccount, tenant: UUID, services: Services) -> TwilioOut:
    counted = (await services.rejections.of(tenant)).get(account.account, {})
    return TwilioOut(
        account_sid=account.account,
        senders=account.senders,
        messaging_service_sid=account.messaging_service,
        templates=account.templates,
        outside_window=account.outside_window,
        window_template=account.window_template,
        unknown_fate=account.unknown_fate,
        check=account.check,
        use=account.use,
        messages_per_second=account.messages_per_second,
        rotating=account.next_token is not None,
        set_at=account.set_at,
        webhook=webhook_url(services.settings.public, tenant),
        rejected=counted.get("rejected", 0),
        observed=counted.get("observed", 0),
    )


ROUTER = Router("/", route_handlers=[read_all, set_channel_use, read, replace, remove], tags=["channels"])
