"""Calls of actions: listed, read; and an operator's word on one that waits for it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from application.actions.calling import read_call
from application.conversations.settle_call import DecideCall, Word, decide_call
from application.tenancy.authentication import Principal
from domain.actions.call import Status
from domain.base.context import Context
from domain.base.patterns import ACTION
from interfaces.bootstrap import Services
from interfaces.http.actions.forms import ByOperator, CallOut, SettleIn, shown_call
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, tag
from projections.action_calls import ActionCallRow, ActionCalls, list_calls


@get("/v1/action-calls", scope="conversations:read")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    conversation: FromQuery[UUID | None] = None,
    status: FromQuery[Status | None] = None,
    action: Annotated[str | None, QueryParameter(pattern=ACTION)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[CallOut]:
    """Calls, the newest first, without what they say; those that wait for an operator have the status `waiting` and the consent `operator`."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "action-calls", conversation, status, action)
    before = await pager.place(cursor)
    async with services.reads.at(tenant, ActionCalls(), at_least) as sql:
        rows = await list_calls(
            sql,
            tenant,
            conversation=conversation,
            status=status,
            action=action,
            before=before,
            limit=limit + 1,
        )
    return await pager.page(rows, limit, _listed, lambda row: Place(row.requested_at, row.id))


@get("/v1/action-calls/{call:uuid}", scope="conversations:read")
async def read(
    call: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[CallOut]:
    """A call as it is now, with arguments and result, read from the log itself."""
    found = await read_call(call, principal.tenant, store=services.store)
    return Response(shown_call(found), headers=tag(found.call.version))


@post(
    "/v1/action-calls/{call:uuid}/approve",
    status_code=200,
    scope="conversations:write",
    versioned=named("call"),
)
async def approve(
    call: FromPath[UUID],
    data: JSONBody[ByOperator],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[CallOut]:
    """Say, as an operator, that it may be made: it is made at once, and the customer is told unless an operator has the conversation."""
    return await _decided(call, data.operator.name, "approve", services, context)


@post(
    "/v1/action-calls/{call:uuid}/decline",
    status_code=200,
    scope="conversations:write",
    versioned=named("call"),
)
async def decline(
    call: FromPath[UUID],
    data: JSONBody[ByOperator],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[CallOut]:
    """Say, as an operator, that it is not to be made."""
    return await _decided(call, data.operator.name, "decline", services, context)


@post(
    "/v1/action-calls/{call:uuid}/settle",
    status_code=200,
    scope="conversations:write",
    versioned=named("call"),
)
async def settle(
    call: FromPath[UUID],
    data: JSONBody[SettleIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[CallOut]:
    """Say, as an operator, what came of a call whose outcome nobody could tell."""
    return await _decided(call, data.operator.name, data.outcome, services, context)


async def _decided(
    call: UUID, operator: str, word: Word, services: Services, context: Context
) -> Response[CallOut]:
    command = DecideCall(call=call, operator=operator, word=word)
    record, position = await decide_call(command, context, services)
    headers = await written(services, context.tenant, position, record.call.version)
    return Response(shown_call(record), headers=headers)


def _listed(row: ActionCallRow) -> CallOut:
    facts = msgspec.structs.asdict(row)
    del facts["changed_at"]
    return CallOut(**facts)


ROUTER = Router("/", route_handlers=[list_all, read, approve, decline, settle], tags=["actions"])
