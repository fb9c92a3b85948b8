"""A tenant: a business that uses the service. One stream; its parts stand by subject, each with its events."""

from __future__ import annotations

from domain.tenancy.api_keys import ApiKeys
from domain.tenancy.operations import Operations
from domain.tenancy.provider_keys import ProviderKeys
from domain.tenancy.state import TenantPart, TenantState
from domain.tenancy.status import TenantStatus


class Tenant(TenantStatus, ApiKeys, ProviderKeys, Operations):
    """Each event is nested in its part, and named here as the tenant's: the library would make another class of it."""

    TOPIC = "tenant"
    State = TenantState
    Event = TenantPart.Event  # type: ignore[assignment]  # of all parts, so that their events are taken as they are

    Created = TenantStatus.Created
    Renamed = TenantStatus.Renamed
    Suspended = TenantStatus.Suspended
    Resumed = TenantStatus.Resumed
    Removed = TenantStatus.Removed
    Restored = TenantStatus.Restored
    Erased = TenantStatus.Erased

    KeyIssued = ApiKeys.KeyIssued
    KeyExpirySet = ApiKeys.KeyExpirySet
    KeyRevoked = ApiKeys.KeyRevoked

    ProviderKeySet = ProviderKeys.ProviderKeySet
    ProviderKeyRemoved = ProviderKeys.ProviderKeyRemoved

    ProjectionEventSkipped = Operations.ProjectionEventSkipped
    KeysRotated = Operations.KeysRotated
    ProviderHealthReset = Operations.ProviderHealthReset
