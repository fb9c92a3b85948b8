"""Vault's transit engine on loopback: encrypt, decrypt, versions of its key, and its refusals (developer.hashicorp.com/vault/api-docs/secret/transit)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.doubles.wire import Call, Reply, Wire, serving

TOKEN = "hvs.double-0123456789"


class Vault(Wire):
    """`keys`: the versions of its one key `shop` in the mount `transit`. `sealed`: nothing is done, as after a restart."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.keys = [AESGCM(os.urandom(32))]
        self.sealed = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def rotate(self) -> None:
        self.keys.append(AESGCM(os.urandom(32)))

    def seal(self, secret: bytes) -> str:
        """As `encrypt` does it."""
        nonce, version = os.urandom(12), len(self.keys)
        sealed = nonce + self.keys[-1].encrypt(nonce, secret, None)
        return f"vault:v{version}:{base64.b64encode(sealed).decode()}"

    def _reply(self, call: Call) -> Reply:
        if self.sealed:
            return _errors(503, "Vault is sealed")
        if call.fields.get("x-vault-token") != TOKEN:
            return _errors(403, "permission denied")
        match call.path.split("/")[1:]:
            case ["v1", "transit", "encrypt", "shop"]:
                return _data(
                    {
                        "ciphertext": self.seal(base64.b64decode(call.body["plaintext"])),
                        "key_version": len(self.keys),
                    }
                )
            case ["v1", "transit", "decrypt", "shop"]:
                _, version, text = call.body["ciphertext"].split(":")
                sealed = base64.b64decode(text)
                try:
                    secret = self.keys[int(version[1:]) - 1].decrypt(sealed[:12], sealed[12:], None)
                except InvalidTag:
                    return _errors(400, "cipher: message authentication failed")
                return _data({"plaintext": base64.b64encode(secret).decode()})
        return _errors(404)


@asynccontextmanager
async def vault_double() -> AsyncIterator[Vault]:
    double = Vault()
    async with serving(double):
        yield double


def _data(data: dict[str, Any]) -> Reply:
    return Reply(
        body=json.dumps({"request_id": "1", "lease_id": "", "renewable": False, "data": data}).encode()
    )


def _errors(status: int, *texts: str) -> Reply:
    return Reply(status, body=json.dumps({"errors": list(texts)}).encode())
