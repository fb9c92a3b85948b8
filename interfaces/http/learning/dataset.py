"""Datasets: create, list, freeze, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from application.learning.dataset import CreateDataset, create_dataset, delete_dataset, freeze_dataset
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.learning.dataset import Dataset
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.learning.dataset_forms import DatasetIn, DatasetOut, FrozenOut, listed, shown
from projections.datasets import DatasetRow, Datasets, list_datasets


@post("/v1/datasets", status_code=201, scope="models:deploy")
async def create(
    data: JSONBody[DatasetIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[DatasetOut]:
    """Begin a dataset; it has no case yet."""
    command = CreateDataset(name=data.name, description=data.description)
    made, position = await create_dataset(
        command, context, store=services.store, clock=services.clock, ids=services.ids
    )
    headers = {
        "Location": f"/v1/datasets/{made.id}",
        **await written(services, context.tenant, position, made.version),
    }
    return Response(shown(made), status_code=201, headers=headers)


@get("/v1/datasets", scope="models:deploy")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[DatasetOut]:
    """Datasets, the newest first."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "datasets")
    before = await pager.place(cursor)
    async with services.reads.at(tenant, Datasets(), at_least) as sql:
        rows = await list_datasets(sql, tenant, before=before, limit=limit + 1)
    names = await _names(rows, tenant, services)
    return await pager.page(
        rows, limit, lambda row: listed(row, names), lambda row: Place(row.created_at, row.dataset)
    )


@get("/v1/datasets/{dataset:uuid}", scope="models:deploy")
async def read(
    dataset: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> DatasetOut:
    """A dataset as it is now."""
    found = await services.store.load(Dataset, dataset, tenant=principal.tenant)
    if found.state.deleted:
        raise NotFound("this dataset was deleted")
    return shown(found)


@post("/v1/datasets/{dataset:uuid}/freeze", status_code=200, scope="models:deploy")
async def freeze(
    dataset: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[FrozenOut]:
    """Keep the latest version as it is from now on. Its first use does it too."""
    version, position = await freeze_dataset(dataset, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, position)
    return Response(FrozenOut(id=dataset, version=version), headers=headers)


@delete("/v1/datasets/{dataset:uuid}", status_code=204, scope="models:deploy")
async def remove_all(
    dataset: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Delete a dataset with all its versions; what was imported into it is erased."""
    position = await delete_dataset(dataset, context, store=services.store, clock=services.clock)
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


async def _names(
    rows: Sequence[DatasetRow], tenant: UUID, services: Services
) -> Mapping[int, tuple[str, str]]:
    found = await services.store.several(tenant, [row.created for row in rows])
    return {
        position: (each.event.name, each.event.description)
        for position, each in found.items()
        if isinstance(each.event, Dataset.Created)
    }


ROUTER = Router(
    "/",
    route_handlers=[create, list_all, read, freeze, remove_all],
    tags=["learning"],
)
