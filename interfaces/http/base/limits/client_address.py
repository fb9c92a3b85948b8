"""Where a request comes from."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from litestar.connection import ASGIConnection


def network_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The client's address; of IPv6 the network, of which one household has all addresses."""
    host = connection.client.host if connection.client is not None else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((host, 64), strict=False)) if isinstance(address, IPv6Address) else host
