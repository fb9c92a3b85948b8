"""The master keys: as text, sealed or not, and in the file in which the embedded mode keeps them."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path

from infra.crypto.kms import KmsFailed, opened, sealed_by
from infra.secret import Secret
from infra.settings.fields import InvalidSettings

NEW_KEY = "make one with: openssl rand -base64 32"

Vault = tuple[str | None, str | None, str]
"""Address, token and key of Vault's transit engine."""


def master_text(keys: bytes) -> Secret:
    """What `Settings.master` gave, as RETRACE_MASTER_KEY has it."""
    each = (keys[start : start + 32] for start in range(0, len(keys), 32))
    return Secret(",".join(base64.b64encode(key).decode() for key in each))


def check_text(text: str) -> str:
    """Raises ValueError where a key that is not sealed is none."""
    for part in _parts(text):
        if not sealed_by(part):
            _key(part)
    return text


def open_text(text: str, vault: Vault) -> bytes:
    """The keys of a text, one after the other. Raises ValueError, and InvalidSettings where a service does not open one."""
    found = b""
    for part in _parts(text):
        try:
            found += opened(part, vault) if sealed_by(part) else _key(part)
        except KmsFailed as error:
            raise InvalidSettings([f"a master key does not open: {error}"]) from None
    return found


def open_file(file: Path, vault: Vault, *, begun: bool) -> bytes:
    """Its keys; where there is no such file one is made, readable by its user only. Raises InvalidSettings.

    `begun`: there is a database, which was written with another key: with a new one nothing could be read.
    """
    if not file.exists():
        if begun:
            hint = "put it back from its backup, or give it as RETRACE_MASTER_KEY, or move the folder away to begin anew"
            raise InvalidSettings([f"{file} is gone, but the database beside it was written with it; {hint}"])
        _make(file)
    try:
        return open_text(file.read_text().strip(), vault)
    except ValueError:
        text = f"{file} is not base64 of 32 bytes, a line a key; put back the file it was"
        raise InvalidSettings([text]) from None


def _parts(text: str) -> list[str]:
    """Keys with commas or line breaks between them."""
    return [part.strip() for part in text.replace("\n", ",").split(",")]


def _key(text: str) -> bytes:
    """A key in base64. Raises ValueError."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ValueError(f"is not base64 of 32 bytes; {NEW_KEY}")
    return key


def _make(file: Path) -> None:
    """A new key, whole or not at all; where another process was quicker, its key stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as output:
            output.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
            output.flush()
            os.fsync(output.fileno())
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()
