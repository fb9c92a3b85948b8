"""The knowledge base: entries written, read, changed, deleted, restored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from application.retrieval.knowledge.entry import (
    CreateEntry,
    DeleteEntry,
    RestoreEntry,
    UpdateEntry,
    Written,
    category_key_of,
    create_entry,
    delete_entry,
    restore_entry,
    update_entry,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import Erased
from domain.retrieval.knowledge import LONGEST_LABEL, Kind, Knowledge
from domain.retrieval.knowledge_entry import KnowledgeEntry
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.presence import LONGEST_WAIT
from interfaces.http.base.version import named, tag
from interfaces.http.retrieval.knowledge_forms import EntryIn, EntryOut, WrittenOut, shown_entry
from interfaces.http.retrieval.knowledge_status import found_in, found_now, settled
from projections.knowledge import Entries, KnowledgeRow, list_entries

Wait = Annotated[
    float,
    QueryParameter(ge=0, le=LONGEST_WAIT, description="Seconds to wait until it is found as it is now."),
]
Category = Annotated[str | None, QueryParameter(min_length=1, max_length=LONGEST_LABEL)]
EraseIt = Annotated[
    bool, QueryParameter(description="For good: all that it ever said is erased, and it can't be restored.")
]


@post("/v1/knowledge", status_code=201, scope="integrations:manage")
async def create(
    data: JSONBody[EntryIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    wait: Wait = 0,
) -> Response[WrittenOut]:
    """Write an entry; answers rest on it a moment later."""
    made = await create_entry(
        CreateEntry(knowledge=data.knowledge()),
        context,
        store=services.store,
        keyring=services.keyring,
        clock=services.clock,
        ids=services.ids,
    )
    async with access_control.waiting(request):
        return await _written(made, services, context.tenant, wait, status_code=201)


@get("/v1/knowledge", scope="integrations:manage")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    kind: FromQuery[Kind | None] = None,
    category: Category = None,
    active: FromQuery[bool | None] = None,
    status: FromQuery[Literal["present", "deleted"]] = "present",
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[EntryOut]:
    """Entries, the newest first; deleted ones only when asked for."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "knowledge", kind, category, active, status)
    before = await pager.place(cursor)
    key = await category_key_of(tenant, category, services.keyring)
    async with services.reads.at(tenant, Entries(), at_least) as sql:
        rows = await list_entries(
            sql,
            tenant,
            status=status,
            kind=kind,
            category_key=key,
            active=active,
            before=before,
            limit=limit + 1,
        )
    said = await _said(rows, tenant, services)
    there = [row for row in rows if row.said in said]  # those that were erased since are passed over
    return await pager.page(
        there,
        limit,
        lambda row: shown_entry(row.entry, said[row.said], found_in(row)),
        lambda row: Place(row.created_at, row.entry),
    )


@get("/v1/knowledge/{entry:uuid}", scope="integrations:manage")
async def read(
    entry: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    wait: Wait = 0,
) -> Response[EntryOut]:
    """An entry, also one that was deleted."""
    tenant = principal.tenant
    if wait:
        async with access_control.waiting(request):
            await settled(entry, tenant, services, wait)
    known = await services.store.load(KnowledgeEntry, entry, tenant=tenant)
    said = known.state.knowledge
    if said is None:
        raise Erased("this entry was erased")
    found = await found_now(known, tenant, services)
    return Response(shown_entry(entry, said, found), headers=tag(known.version))


@put("/v1/knowledge/{entry:uuid}", scope="integrations:manage", versioned=named("entry"))
async def update(
    entry: FromPath[UUID],
    data: JSONBody[EntryIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    wait: Wait = 0,
) -> Response[WrittenOut]:
    """Replace what an entry says, as a new version. Nothing is found of the version before from now on."""
    made = await update_entry(
        UpdateEntry(entry=entry, knowledge=data.knowledge()),
        context,
        store=services.store,
        keyring=services.keyring,
        vectors=services.vectors,
        clock=services.clock,
    )
    async with access_control.waiting(request):
        return await _written(made, services, context.tenant, wait)


@delete("/v1/knowledge/{entry:uuid}", status_code=204, scope="integrations:manage", versioned=named("entry"))
async def remove(
    entry: FromPath[UUID],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    erase: EraseIt = False,
) -> Response[None]:
    """Delete an entry: nothing of it is found from now on. It can be restored, unless it is erased."""
    command = DeleteEntry(entry=entry, erase=erase)
    made = await delete_entry(
        command, context, store=services.store, vectors=services.vectors, clock=services.clock
    )
    headers = await written(services, context.tenant, made.position, made.entry.version)
    return Response(None, status_code=204, headers=headers)


@post(
    "/v1/knowledge/{entry:uuid}/restore",
    status_code=200,
    scope="integrations:manage",
    versioned=named("entry"),
)
async def restore(
    entry: FromPath[UUID],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[WrittenOut]:
    """Take back that an entry was deleted."""
    made = await restore_entry(
        RestoreEntry(entry=entry),
        context,
        store=services.store,
        vectors=services.vectors,
        clock=services.clock,
    )
    return await _written(made, services, context.tenant, 0)


async def _written(
    made: Written, services: Services, tenant: UUID, wait: float, status_code: int = 200
) -> Response[WrittenOut]:
    entry = made.entry
    status = await settled(entry.id, tenant, services, wait)
    position = 0 if wait else made.position  # whoever has waited sees that it is found, too
    headers = {
        "Location": f"/v1/knowledge/{entry.id}",
        **await written(services, tenant, position, entry.version),
    }
    body = WrittenOut(id=entry.id, version=entry.state.version, status=status)
    return Response(body, status_code=status_code, headers=headers)


async def _said(rows: Sequence[KnowledgeRow], tenant: UUID, services: Services) -> Mapping[int, Knowledge]:
    """By position what rows point at: it is in the log only, where it is sealed."""
    found = await services.store.several(tenant, [row.said for row in rows if row.said])
    return {
        position: recorded.event.knowledge
        for position, recorded in found.items()
        if isinstance(recorded.event, KnowledgeEntry.Created | KnowledgeEntry.Updated)
    }


ROUTER = Router("/", route_handlers=[create, list_all, read, update, remove, restore], tags=["knowledge"])
