"""Master keys that a key management service has sealed: it is asked once by each process, at its start, never for a message.

A sealed key is a text NAME:…, where NAME says who sealed it: `vault` is HashiCorp Vault's transit engine (OpenBao's too); any other is
looked for among the entry points of the group `retrace.kms`, whose factory is called without arguments and gives an
`application.ports.KeyWrapper`.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from application.ports import Fault

if TYPE_CHECKING:
    from application.ports import KeyWrapper

GROUP = "retrace.kms"
TIMEOUT = 10.0


class KmsFailed(Fault):
    """A key management service did not do what it was asked; the text says why, and holds no key."""


class VaultTransit:
    """https://developer.hashicorp.com/vault/api-docs/secret/transit: `key` is MOUNT/NAME, as transit/retrace."""

    def __init__(self, address: str, token: str, key: str) -> None:
        self._address, self._token = address.rstrip("/"), token
        self._mount, _, self._name = key.rpartition("/")

    def wrap(self, secret: bytes) -> str:
        return self._ask("encrypt", "plaintext", base64.b64encode(secret).decode(), "ciphertext")

    def unwrap(self, text: str) -> bytes:
        try:
            return base64.b64decode(self._ask("decrypt", "ciphertext", text, "plaintext"), validate=True)
        except (binascii.Error, ValueError):
            raise KmsFailed(f"Vault at {self._address} answered with no base64") from None

    def _ask(self, action: str, field: str, value: str, wanted: str) -> str:
        url = f"{self._address}/v1/{self._mount}/{action}/{self._name}"
        headers = {"X-Vault-Token": self._token, "X-Vault-Request": "true"}
        import httpx  # for whoever has Vault

        try:
            reply = httpx.post(url, json={field: value}, headers=headers, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise KmsFailed(f"Vault at {self._address} does not answer: {type(error).__name__}") from None
        try:
            body = reply.json()
            if reply.status_code == 200:
                return str(body["data"][wanted])
            said = "; ".join(str(each) for each in body.get("errors", []))[:300]
        except (ValueError, KeyError, TypeError, AttributeError):
            said = "no JSON of Vault's"
        hint = "look at VAULT_ADDR, VAULT_TOKEN and RETRACE_VAULT_KEY"
        raise KmsFailed(f"Vault at {self._address} answered {reply.status_code} ({said}); {hint}")


def sealed_by(text: str) -> str | None:
    """The name of who sealed this key; None: it is not sealed."""
    name, colon, _ = text.partition(":")
    return name if colon and name.replace("-", "").isalnum() else None


def wrapper_named(name: str, vault: tuple[str | None, str | None, str]) -> KeyWrapper:
    """`vault`: its address, token and key. Raises KmsFailed, with the names that there are."""
    if name == "vault":
        address, token, key = vault
        if not address or not token:
            raise KmsFailed("a key that Vault has sealed needs VAULT_ADDR and VAULT_TOKEN")
        return VaultTransit(address, token, key)
    for entry in entry_points(group=GROUP, name=name):
        made: KeyWrapper = entry.load()()
        return made
    there = ", ".join(["vault", *sorted(entry.name for entry in entry_points(group=GROUP))])
    raise KmsFailed(
        f"there is no key management service {name[:60]!r}; there are {there} (entry points {GROUP})"
    )


@lru_cache(maxsize=64)
def opened(text: str, vault: tuple[str | None, str | None, str]) -> bytes:
    """The key in a sealed text; asked for once by a process. Raises KmsFailed."""
    key = wrapper_named(sealed_by(text) or "", vault).unwrap(text)
    if len(key) != 32:
        raise KmsFailed(f"what {sealed_by(text)} opened has {len(key)} bytes; a master key has 32")
    return key
