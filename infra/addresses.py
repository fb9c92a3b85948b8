"""Which addresses a tenant may make us call: public ones only, unless the deployment allows the others.

A name may lead elsewhere at each look, so what is checked is the address that a connection is about to be made to (`public_socket`);
the check of a name (`check_public`) only tells the tenant early.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

from domain.errors import Refused

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that lead to the IPv4 address in their last 32 bits (RFC 6052)."""

LOOKUP = 5.0
"""Seconds for a name."""


class PrivateAddress(OSError):
    """The address lies in a private network, where this deployment calls nobody for a tenant."""


def is_public(address: str) -> bool:
    """Whether an IP address, as a connection takes it, belongs to the public Internet, also where it stands for an IPv4 address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if inner is not None and not is_public(str(inner)):
            return False
        if ip.ipv4_mapped is not None:
            return True
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast


def public_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for a result of getaddrinfo. Raises PrivateAddress. It is what the connection goes to, whatever a name said before."""
    family, kind, protocol, _, place = address
    if not is_public(place[0]):
        raise PrivateAddress("the address lies in a private network")
    return socket.socket(family=family, type=kind, proto=protocol)


async def check_public(host: str, port: int) -> None:
    """Raises Refused for a host that is unknown, or that has an address in a private network."""
    try:
        async with asyncio.timeout(LOOKUP):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # TimeoutError is one
        raise Refused(f"the host {host} can't be found; mend base_url") from None
    if not all(is_public(str(place[0])) for *_, place in found):
        raise Refused(
            f"the host {host} lies in a private network; give a public address, or have the deployment set "
            "RETRACE_ALLOW_PRIVATE_ADDRESSES"
        )
