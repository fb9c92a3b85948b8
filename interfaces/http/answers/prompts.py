"""The agent's prompts and texts: the shipped ones, and a tenant's own words in their place."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from application.answers.wordings import (
    WithdrawPrompt,
    Worded,
    WordPrompt,
    withdraw_prompt,
    word_prompt,
    wording_versions,
    wordings_of,
)
from application.tenancy.authentication import Principal
from domain.answers.templates import TEMPLATES
from domain.answers.templates.template import LONGEST_PROMPT
from domain.answers.tenant_prompts import Prompts
from domain.answers.wordings import Language, Wording, Wordings, template_of
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag

Text = Annotated[str, Meta(min_length=1, max_length=LONGEST_PROMPT)]


class ShippedOut(msgspec.Struct, frozen=True, kw_only=True):
    """`texts` by language."""

    id: str
    texts: dict[str, str]


class PromptOut(msgspec.Struct, frozen=True, kw_only=True):
    """`template`: name and version in force, as they stand on each interaction. `told`: customers read it; else a model does.

    `placeholders`: what may stand in braces, and what is put in its place; those in `required` must. `own`: the tenant's words; null where
    the shipped ones hold.
    """

    name: str
    template: str
    told: bool
    placeholders: dict[str, str]
    required: tuple[str, ...]
    shipped: ShippedOut
    own: Wording | None


class PromptIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`texts` by language (ISO 639-1), for texts that customers read; `text` for all other languages."""

    text: Text
    texts: Annotated[dict[Language, Text], Meta(max_length=60)] = {}


class PromptVersionOut(msgspec.Struct, frozen=True, kw_only=True):
    """`own` null: from then on the shipped words held."""

    version: int
    at: datetime
    actor: str
    own: Wording | None


@get("/v1/prompts", scope="integrations:manage")
async def list_prompts(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[Page[PromptOut]]:
    """What the agent's prompts and texts say. `next_cursor` is always null."""
    wordings, version = await wordings_of(principal.tenant, store=services.store)
    return Response(Page([_shown(name, wordings) for name in TEMPLATES], None), headers=tag(version))


@get("/v1/prompts/{name:str}", scope="integrations:manage")
async def read(
    name: FromPath[str], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[PromptOut]:
    """One prompt: the shipped words and the tenant's own."""
    template_of(name)
    wordings, version = await wordings_of(principal.tenant, store=services.store)
    return Response(_shown(name, wordings), headers=tag(version))


@put("/v1/prompts/{name:str}", scope="integrations:manage", versioned=one(Prompts.id_of))
async def word(
    name: FromPath[str],
    data: JSONBody[PromptIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[PromptOut]:
    """Have a prompt say this. Unknown placeholders are refused, and the known ones named; so is one that lacks what is required."""
    command = WordPrompt(name=name, text=data.text, texts=data.texts)
    worded = await word_prompt(command, context, store=services.store, clock=services.clock)
    return await _answer(name, worded, services, context)


@delete("/v1/prompts/{name:str}", scope="integrations:manage", status_code=200, versioned=one(Prompts.id_of))
async def withdraw(
    name: FromPath[str], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[PromptOut]:
    """Have the shipped words hold again; the log keeps the tenant's own."""
    command = WithdrawPrompt(name=name)
    worded = await withdraw_prompt(command, context, store=services.store, clock=services.clock)
    return await _answer(name, worded, services, context)


@get("/v1/prompts/{name:str}/versions", scope="integrations:manage")
async def versions(
    name: FromPath[str], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Page[PromptVersionOut]:
    """All that a prompt was ever made to say, whole and in order, to be compared. `next_cursor` is always null."""
    found = await wording_versions(name, principal.tenant, store=services.store)
    return Page(
        [PromptVersionOut(version=v.version, at=v.at, actor=v.actor, own=v.wording) for v in found], None
    )


async def _answer(name: str, worded: Worded, services: Services, context: Context) -> Response[PromptOut]:
    headers = await written(services, context.tenant, worded.position, worded.version)
    return Response(_shown(name, worded.wordings), headers=headers)


def _shown(name: str, wordings: Wordings) -> PromptOut:
    template = TEMPLATES[name]
    return PromptOut(
        name=name,
        template=wordings.id_of(name),
        told=template.told,
        placeholders=dict(template.known),
        required=tuple(sorted(template.required)),
        shipped=ShippedOut(id=template.id, texts=dict(template.texts)),
        own=wordings.own.get(name),
    )


ROUTER = Router("/", route_handlers=[list_prompts, read, word, withdraw, versions], tags=["prompts"])
