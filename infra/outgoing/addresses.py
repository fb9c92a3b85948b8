"""Which addresses a tenant may make us call: public ones only, unless the deployment allows the others.

The list is our own, of the registries that IANA keeps: what an interpreter's `ipaddress` calls private differs between its releases.

A name may lead elsewhere at each look, so what is checked is the address that a connection is about to be made to (`public_socket`);
the check of a name (`check_public`) only tells the tenant early.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

from domain.base.errors import Refused

SPECIAL_IPV4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network, RFC 791
            "10.0.0.0/8",  # private use, RFC 1918
            "100.64.0.0/10",  # shared address space of carriers, RFC 6598
            "127.0.0.0/8",  # loopback, RFC 1122
            "169.254.0.0/16",  # link-local, and the metadata of clouds, RFC 3927
            "172.16.0.0/12",  # private use, RFC 1918
            "192.0.0.0/24",  # protocol assignments, RFC 6890, 7335, 7600, 7723, 8155, 8880
            "192.0.2.0/24",  # documentation, RFC 5737
            "192.31.196.0/24",  # AS112, RFC 7535
            "192.52.193.0/24",  # automatic multicast tunneling, RFC 7450
            "192.88.99.0/24",  # relays of 6to4 and 6a44, RFC 7526, 6751
            "192.168.0.0/16",  # private use, RFC 1918
            "192.175.48.0/24",  # AS112, RFC 7534
            "198.18.0.0/15",  # benchmarking, RFC 2544
            "198.51.100.0/24",  # documentation, RFC 5737
            "203.0.113.0/24",  # documentation, RFC 5737
            "224.0.0.0/4",  # multicast, RFC 5771
            "240.0.0.0/4",  # reserved, and the limited broadcast, RFC 1112, 8190
        ),
    )
)
"""IANA's IPv4 Special-Purpose Address Registry (RFC 6890; of 2025-10-09), and multicast, which has a registry of its own.

All of it, whatever the registry says of "globally reachable": an anycast address of a protocol leads to the machine next to us.
"""

GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""The only block of which IANA gives IPv6 addresses to anybody (IPv6 Address Space, RFC 4291). So loopback, IPv4-compatible and
IPv4-translated addresses, local NAT64 (64:ff9b:1::/48, RFC 8215), discard-only (RFC 6666, 9780), segment routing (5f00::/16, RFC 9602),
unique local (RFC 4193), link-local, site-local (RFC 3879) and multicast addresses are outside of it."""

SPECIAL_IPV6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments, RFC 2928, with Teredo (4380), benchmarking (5180), ORCHID (4843, 7343), DRIP (9374) …
            "2001:db8::/32",  # documentation, RFC 3849
            "2002::/16",  # 6to4, which leads to an IPv4 address within, RFC 3056
            "2620:4f:8000::/48",  # AS112, RFC 7534
            "3fff::/20",  # documentation, RFC 9637
        ),
    )
)
"""What IANA's IPv6 Special-Purpose Address Registry (RFC 6890; of 2025-10-09) has within GLOBAL_UNICAST, all of it."""

IPV4_WITHIN = tuple(map(ipaddress.IPv6Network, ("::ffff:0:0/96", "64:ff9b::/96")))
"""IPv4-mapped addresses (RFC 4291), and NAT64 (RFC 6052): a connection goes to the IPv4 address in the last 32 bits."""

LOOKUP = 5.0
"""Seconds for a name."""


class PrivateAddress(OSError):
    """The address lies in a private network, where this deployment calls nobody for a tenant."""


def is_public(address: str) -> bool:
    """Whether an IP address, as a connection takes it, belongs to the public Internet, also where it stands for an IPv4 address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if not any(ip in block for block in IPV4_WITHIN):
            return ip in GLOBAL_UNICAST and not any(ip in block for block in SPECIAL_IPV6)
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return not any(ip in block for block in SPECIAL_IPV4)


def public_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for a result of getaddrinfo. Raises PrivateAddress. It is what the connection goes to, whatever a name said before."""
    family, kind, protocol, _, place = address
    if not is_public(place[0]):
        raise PrivateAddress("the address lies in a private network")
    return socket.socket(family=family, type=kind, proto=protocol)


async def check_public(field: str, host: str, port: int) -> None:
    """`field`: where the tenant gave it. Raises Refused, which names it, for a host that is unknown, or that has an address in a private network."""
    try:
        async with asyncio.timeout(LOOKUP):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # TimeoutError is one
        raise Refused(f"the host {host} can't be found; mend {field}") from None
    if not all(is_public(str(place[0])) for *_, place in found):
        raise Refused(
            f"the host {host} lies in a private network; give {field} a public address, or have the deployment set "
            "RETRACE_ALLOW_PRIVATE_ADDRESSES"
        )
