"""Tenants: businesses that use the service, and their API keys.

Begin in `tenant.py`, which joins the parts of a tenant: `status.py` (suspended, removed, restored), `api_keys.py` (with `scopes.py`),
`provider_keys.py`, `operations.py`. `state.py` is what they have come to. `rate_limits.py`: how many requests may come a minute. `time_zone.py`: whose clock
holds where nothing else is said.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.tenancy.rate_limits import RateLimits
from domain.tenancy.tenant import Tenant
from domain.tenancy.time_zone import TimeZone

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Tenant, RateLimits, TimeZone)
