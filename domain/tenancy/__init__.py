"""Tenants: businesses that use the service, and their API keys.

Begin in `tenant.py`: status, keys with scopes and their rotation, removal.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.tenancy.tenant import Tenant

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Tenant,)
