"""What campaigns need: what sends, who the customers are, and turns at work that is owed."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from application.channels import ports as channels
from application.ports import Customers, Keyring, Turns, WorkPlaces
from domain.campaigns.campaign import Campaign


class Pages(Protocol):
    """Addresses that count who opens a button's page."""

    async def addresses(self, campaign: Campaign, tenant: UUID, conversation: UUID) -> dict[int, str]:
        """Number of a button → address; empty where nobody counts."""


class Ports(channels.Ports, Protocol):
    @property
    def keyring(self) -> Keyring: ...
    @property
    def customers(self) -> Customers: ...
    @property
    def pages(self) -> Pages: ...
    @property
    def turns(self) -> Turns: ...
    @property
    def places(self) -> WorkPlaces: ...
