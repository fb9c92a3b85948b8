"""The right to rate that a `feedback_token` gives, to whoever has it."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from application.answers.feedback_token import WRONG, FeedbackToken, check_token, read_token
from application.ports import Clock, Keyring, Store
from application.tenancy.newcomers import Newcomers
from domain.base.errors import Forbidden, NotFound, Unauthenticated
from domain.tenancy.tenant import Tenant


class Ports(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def newcomers(self) -> Newcomers: ...
    @property
    def clock(self) -> Clock: ...


async def permitted(text: str, interaction: UUID, ports: Ports) -> FeedbackToken:
    """What a token gives the right to, once it is proved; `interaction` is the one that is to be rated.

    Raises Unauthenticated, which tells nobody whether there is such a tenant; Forbidden where it is too old, of another interaction, or the tenant
    suspended; Unavailable.
    """
    token = read_token(text)
    async with ports.newcomers.turn(token.tenant):
        try:
            tenant = await ports.store.latest(Tenant, token.tenant, tenant=token.tenant)
        except NotFound:
            raise Unauthenticated(WRONG) from None
        if tenant.state.status == "removed":
            raise Unauthenticated(WRONG)
        await check_token(token, ports.clock(), keyring=ports.keyring)
    ports.newcomers.came_in(token.tenant)
    tenant.check_active()
    if token.interaction != interaction:
        raise Forbidden(
            "this feedback_token is of another interaction than agent_interaction_id names; send the one that came with its answer"
        )
    return token
