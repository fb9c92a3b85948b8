"""What the agent's prompts say: read, worded by the tenant, taken back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from application.base.setting import change_setting, latest_setting
from application.ports import Clock, Store
from domain.answers.tenant_prompts import Prompts
from domain.answers.wordings import SHIPPED, Wording, Wordings, template_of
from domain.base.context import Context


class WordPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """`texts` by language, `text` for all others."""

    name: str
    text: str
    texts: dict[str, str] = {}


class WithdrawPrompt(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class Worded(msgspec.Struct, frozen=True, kw_only=True):
    """`version` is the stream's, `position` 0 where nothing has changed."""

    wordings: Wordings
    version: int
    position: int


class WordingVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`wording` None: from then on the shipped template held."""

    version: int
    at: datetime
    actor: str
    wording: Wording | None


async def wordings_of(tenant: UUID, *, store: Store) -> tuple[Wordings, int]:
    """Those in force, at most a second old, and their version (0: nothing was ever set)."""
    prompts = await latest_setting(Prompts, tenant, store=store)
    if prompts is None:
        return SHIPPED, 0
    return Wordings(own=prompts.state.own), prompts.version


async def word_prompt(command: WordPrompt, context: Context, *, store: Store, clock: Clock) -> Worded:
    """Have a prompt or a text of the agent's say this. Raises NotFound, or Invalid with the placeholders that there are."""
    template_of(command.name)
    changed = await change_setting(
        Prompts,
        lambda prompts: prompts.word(command.name, command.text, command.texts, clock()),
        context,
        store=store,
        clock=clock,
    )
    wordings = Wordings(own=changed.setting.state.own)
    return Worded(wordings=wordings, version=changed.version, position=changed.position)


async def withdraw_prompt(command: WithdrawPrompt, context: Context, *, store: Store, clock: Clock) -> Worded:
    """Have the shipped template hold again. Raises NotFound."""
    template_of(command.name)
    changed = await change_setting(
        Prompts, lambda prompts: prompts.withdraw(command.name, clock()), context, store=store, clock=clock
    )
    wordings = Wordings(own=changed.setting.state.own)
    return Worded(wordings=wordings, version=changed.version, position=changed.position)


async def wording_versions(name: str, tenant: UUID, *, store: Store) -> list[WordingVersion]:
    """All that a template was ever made to say, the first one first. Raises NotFound."""
    template_of(name)
    found = []
    async for recorded in store.stream(tenant, Prompts.id_of(tenant)):
        event = recorded.event
        if isinstance(event, Prompts.Worded | Prompts.Withdrawn) and event.name == name:
            found.append(
                WordingVersion(
                    version=recorded.version,
                    at=recorded.recorded_at,
                    actor=recorded.actor,
                    wording=event.wording if isinstance(event, Prompts.Worded) else None,
                )
            )
    return found
