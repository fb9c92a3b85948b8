"""Who has done something, in words: events hold ids of operators, their names are under their own keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from litestar import Request

from domain.base.errors import NotFound
from domain.operators.operator import Operator
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in

OPERATOR = "operator:"
GONE = "a former operator"


def actor_of(request: Request[Any, Any, Any]) -> str:
    """Under which the one who is signed in claims and replies: no name, so that it goes with their account."""
    return caller_in(request).actor


async def names_of(actors: Iterable[str | None], services: Services, tenant: UUID) -> dict[str, str]:
    """What to call each of them on a page. Names that an app gave by the API stay as they are."""
    named = {}
    for actor in {each for each in actors if each is not None}:
        named[actor] = await _name(actor, services, tenant)
    return named


async def _name(actor: str, services: Services, tenant: UUID) -> str:
    if not actor.startswith(OPERATOR):
        return actor
    try:
        id = UUID(actor.removeprefix(OPERATOR))
        return (await services.store.latest(Operator, id, tenant=tenant)).state.name or GONE
    except ValueError:
        return actor
    except NotFound:
        return GONE
