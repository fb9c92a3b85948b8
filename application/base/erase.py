"""Crypto-shredding: the key of a subject that is to be forgotten is destroyed, and what it sealed blanked."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.ports import CACHE_KINDS, Cache, Eraser
from domain.base.context import Context

ERASE_WORK = "erase"
"""A subject, whose hex is the key, is to be erased: to be saved with the event that says so."""


class Erase(msgspec.Struct, frozen=True, kw_only=True):
    """`subject`: the customer, document or user whose key is destroyed."""

    subject: UUID


async def erase(command: Erase, context: Context, *, eraser: Eraser, cache: Cache) -> int:
    """Destroy a forgotten subject's key and blank what it sealed; returns how many events were. Again has no further effect.

    Caches hold texts of the tenant's without saying whose they are, so they begin anew.
    """
    blanked = await eraser.erase(context.tenant, command.subject)
    for kind in CACHE_KINDS:
        await cache.forget(context.tenant, kind)
    return blanked
