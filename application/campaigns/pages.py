"""Addresses of ours in the place of those of a campaign's buttons, so that it is counted who opened a page. Each is proved by a keyed hash.

Where no public address of ours is set, and in approved templates, buttons lead straight to their page, and nobody counts it.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.ports import Clock, Keyring, Store
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.campaigns.campaign import Campaign
from domain.campaigns.message import PAGES
from domain.conversations.conversation import Conversation

PATH = "/c"
NOWHERE = "there is no such page; open the message's link as it is"
_SIZE = 16 * 3 + 1


class CampaignPages:
    """`public`: the address under which customers reach us; None: none is counted."""

    def __init__(self, public: str | None, keyring: Keyring) -> None:
        self._public, self._keyring = public, keyring

    async def addresses(self, campaign: Campaign, tenant: UUID, conversation: UUID) -> dict[int, str]:
        """Number of a button → the address that counts, of this customer."""
        if self._public is None or not self._public.startswith("https://"):
            return {}
        return {
            number: f"{self._public}{PATH}/{await self._token(tenant, campaign.id, conversation, number)}"
            for number, button in enumerate(campaign.state.plan.message.buttons)
            if button.action in PAGES
        }

    async def read(self, token: str) -> tuple[UUID, UUID, UUID, int]:
        """Tenant, campaign, conversation, and the button's number. Raises NotFound."""
        try:
            data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise NotFound(NOWHERE) from None
        if len(data) != _SIZE + 12:
            raise NotFound(NOWHERE)
        tenant, campaign, conversation = (UUID(bytes=data[n : n + 16]) for n in (0, 16, 32))
        number = data[48]
        if token != await self._token(tenant, campaign, conversation, number):
            raise NotFound(NOWHERE)
        return tenant, campaign, conversation, number

    async def _token(self, tenant: UUID, campaign: UUID, conversation: UUID, number: int) -> str:
        data = tenant.bytes + campaign.bytes + conversation.bytes + bytes([number])
        mac = await self._keyring.identify(tenant, "campaign page", data.hex())
        return base64.urlsafe_b64encode(data + mac.bytes[:12]).decode().rstrip("=")


class OpenPage(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says."""

    campaign: UUID
    conversation: UUID
    button: int


async def open_page(command: OpenPage, context: Context, *, store: Store, clock: Clock) -> str:
    """Count it; the page's address, also where the customer was erased. Raises NotFound."""
    campaign = await store.load(Campaign, command.campaign, tenant=context.tenant)
    buttons = campaign.state.plan.message.buttons
    button = buttons[command.button] if command.button < len(buttons) else None
    if button is None or button.url is None:
        raise NotFound(NOWHERE)
    with suppress(NotFound):  # erased: that they come from there is nobody's to count any more
        await amend(
            Conversation,
            command.conversation,
            lambda known: known.click(campaign.id, command.button, button.action, clock()),
            context=context,
            store=store,
        )
    return button.url
