"""What an aggregate knew at a version, and what changed between two."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta

from application.audit.history import LAST, differences
from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.audit import history
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.page import page
from interfaces.http.console.screens.calling import Api
from interfaces.http.console.screens.fields import fields_of_body
from interfaces.http.console.screens.reading import body_of
from interfaces.http.console.screens.shown import json_text
from interfaces.http.console.screens.wrong import given_of

Version = Annotated[int, Meta(ge=1, le=LAST)]


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Which state, and beside which earlier one."""

    version: Version | None = None
    """Empty: the present one."""

    at: datetime | None = None
    """In UTC, in the place of a version."""

    beside: Version | None = None
    """An earlier version, to see what has changed since."""


@get("/console/states/{kind:str}/{id:uuid}", scope="audit:read")
async def state(
    kind: FromPath[str],
    id: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
) -> Response[Any]:
    """The page. Each state that is shown is read on record."""
    api, fields = Api(request, services), fields_of_body(Moment)
    shown = changes = refused = None
    try:
        asked = body_of(Moment, request.query_params)
        fields = fields_of_body(Moment, asked)
        at: dict[str, Any] = {"at": asked.at} if asked.at is not None else {}
        at |= {"version": asked.version} if asked.version is not None else {}
        shown = (await api(history.read, kind=kind, id=id, **at)).body
        if asked.beside is not None:
            before = (await api(history.read, kind=kind, id=id, version=asked.beside)).body
            changes = [
                (each.path, each.change, json_text(each.old), json_text(each.new))
                for each in differences(before.state, shown.state)
            ]
    except Invalid as error:
        given = given_of(error, request.query_params, [each.name for each in fields])
        fields, refused = fields_of_body(Moment, None, given), given.summary
    return page(
        request,
        services,
        "administration/state.html",
        status=400 if refused else 200,
        stream=f"{kind}/{id}",
        fields=fields,
        refused=refused,
        shown=shown,
        text=json_text(shown.state) if shown else "",
        changes=changes,
    )


ROUTER = Router("/", route_handlers=[state], include_in_schema=False, exception_handlers=HANDLERS)
