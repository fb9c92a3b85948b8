"""The public address at which vendors find a tenant's webhook."""

from __future__ import annotations

from uuid import UUID

PATH = "/webhooks/twilio"


def webhook_url(public: str, tenant: UUID) -> str:
    """Twilio signs exactly this text; statuses come to it with `?attempt=` behind it."""
    return f"{public}{PATH}/{tenant}"
