from __future__ import annotations

import ipaddress

import pytest

from infra.outgoing.addresses import is_public

# Every row of IANA's two registries of special-purpose addresses (2025-10-09), and their relatives.
IPV4 = [
    "0.0.0.0/8",
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.88.99.2/32",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "224.0.0.0/4",
    "232.0.0.0/8",
]
IPV6 = [
    "::1/128",
    "::/128",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "::/96",
    "::ffff:0:0:0/96",
    "fd00:ec2::254/128",
]
PUBLIC_IPV4 = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "93.184.216.34",
]
PUBLIC_IPV6 = [
    "2000::",
    "2001:200::",
    "2001:4860:4860::8888",
    "2001:db7:ffff::",
    "2001:db9::",
    "2003::",
    "2606:4700::1111",
    "2620:4f:7fff::",
    "2620:4f:8001::",
    "2a00:1450:4001::",
    "3ffe::",
    "3fff:1000::",
]


def edges(block: str) -> tuple[str, str, str]:
    """The first address, one in the middle, the last."""
    network = ipaddress.ip_network(block)
    return str(network[0]), str(network[network.num_addresses // 2]), str(network[-1])


@pytest.mark.parametrize("block", IPV4)
def test_no_special_ipv4_address_is_public_in_whichever_dress(block: str) -> None:
    for address in edges(block):
        assert not is_public(address)
        assert not is_public(f"::ffff:{address}")
        assert not is_public(f"64:ff9b::{address}")
        assert not is_public(f"64:ff9b:1::{address}")
        assert not is_public(f"::{address}")


@pytest.mark.parametrize("block", IPV6)
def test_no_special_ipv6_address_is_public(block: str) -> None:
    for address in edges(block):
        assert not is_public(address)
        assert not is_public(f"{address}%eth0")


@pytest.mark.parametrize("address", PUBLIC_IPV4)
def test_what_lies_beside_is_public_also_as_a_connection_over_ipv6_writes_it(address: str) -> None:
    assert is_public(address)
    assert is_public(f"::ffff:{address}")
    assert is_public(f"64:ff9b::{address}")


@pytest.mark.parametrize("address", PUBLIC_IPV4[:2])
def test_a_public_address_in_a_tunnel_that_nobody_keeps_any_more_is_not(address: str) -> None:
    number = int(ipaddress.IPv4Address(address))
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    assert not is_public(f"2002:{high}:{low}::1")
    assert not is_public(f"2001:0:{high}:{low}::1")


@pytest.mark.parametrize("address", PUBLIC_IPV6)
def test_global_unicast_addresses_are_public(address: str) -> None:
    assert is_public(address)


def test_what_iana_has_given_to_nobody_is_not() -> None:
    for address in (
        "::2",
        "200::",
        "400::1",
        "1fff:ffff::",
        "4000::",
        "8000::",
        "c000::1",
        "e000::",
        "fe00::",
    ):
        assert not is_public(address)
