"""The receiver of a tenant that travels as a file: a public key, derived from its master key, which alone opens what is sealed for it.

Text = "retrace-receiver-1:" base64(public key of X25519, 32 bytes | first 4 bytes of its SHA-256). Sealed by HPKE (RFC 9180): X25519, HKDF-SHA256, AES-256-GCM.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.base.errors import Invalid
from infra.master_key import SIZE

PREFIX = "retrace-receiver-1:"
PURPOSE = b"retrace receiver"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def receiver_key(master: bytes) -> str:
    """What a deployment with these master keys (the current one first) gives to whoever exports a tenant for it. No secret."""
    return _text(_private(master[:SIZE]).public_key())


def seal_for(receiver: str, secret: bytes, about: bytes) -> bytes:
    """Raises Invalid where `receiver` is no such key."""
    try:
        data = b64decode(receiver.strip().removeprefix(PREFIX), validate=True)
    except ValueError:
        data = b""
    if len(data) != 36 or sha256(data[:32]).digest()[:4] != data[32:]:
        raise Invalid(
            "this is no receiver's key: take the line that `retrace tenant receiver-key` prints at the deployment that is to have the tenant"
        )
    return _SUITE.encrypt(secret, X25519PublicKey.from_public_bytes(data[:32]), info=about)


def open_from(master: bytes, sealed: bytes, about: bytes) -> bytes:
    """With any of the master keys that are given. Raises Invalid."""
    for start in range(0, len(master), SIZE):
        try:
            return _SUITE.decrypt(sealed, _private(master[start : start + SIZE]), info=about)
        except (InvalidTag, ValueError):
            continue
    raise Invalid(
        "this export was made for another deployment, whose master key is not here: export it again for the key that "
        "`retrace tenant receiver-key` prints here"
    )


def _private(key: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(
        HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key)
    )


def _text(public: X25519PublicKey) -> str:
    data = public.public_bytes_raw()
    return PREFIX + b64encode(data + sha256(data).digest()[:4]).decode()
