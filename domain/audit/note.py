"""Signed checkpoints: C2SP signed notes (https://c2sp.org/signed-note) whose text is a tree's size and root
(https://c2sp.org/tlog-checkpoint), signed with Ed25519.

note         = text | empty line | signature lines: "— " name " " base64(key hash | signature)
text         = origin, size, base64(root) and any more lines, each ending in a newline
key hash     = first 4 bytes of SHA-256(name | newline | 0x01 | public key)
verifier key = name "+" hex(key hash) "+" base64(0x01 | public key)
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Iterator
from hashlib import sha256
from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LONGEST = 1_000_000
"""Characters of a note."""

MOST_SIGNATURES = 100

_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteRejected(Exception):
    """The note, checkpoint or key is malformed, or no known key has signed it; the text says what is wrong."""


class Checkpoint(msgspec.Struct, frozen=True):
    """A tree's size and root. `origin` names the log; `extensions` are more lines, which nobody should need."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # A newline in a line would be the text of another checkpoint.
        if not all(line and "\n" not in line for line in (self.origin, *self.extensions)):
            raise NoteRejected("a line of the checkpoint is empty or holds a newline")
        if not _SIZE.fullmatch(str(self.size)) or len(self.root) != 32:
            raise NoteRejected("the checkpoint's size or root is not one of a tree")

    def text(self) -> str:
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises NoteRejected."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop():
            raise NoteRejected("a checkpoint has three lines at least, each ending in a newline")
        origin, size, root, *extensions = lines
        if not _SIZE.fullmatch(size):
            raise NoteRejected("the checkpoint's second line is not a size")
        return cls(origin, int(size), _unbase64(root, "the checkpoint's root"), tuple(extensions))


def key_hash(name: str, public_key: bytes) -> bytes:
    return sha256(name.encode() + b"\n\x01" + public_key).digest()[:4]


def verifier_key(name: str, public_key: Ed25519PublicKey) -> str:
    """The text that verifiers need: to be published elsewhere than the notes."""
    _check_name(name)
    key = public_key.public_bytes_raw()
    encoded = b64encode(b"\x01" + key).decode()
    return f"{name}+{key_hash(name, key).hex()}+{encoded}"


def sign(text: str, name: str, private_key: Ed25519PrivateKey) -> str:
    """`text`, which ends in a newline, as a note with one signature. Raises NoteRejected."""
    _check_name(name)
    _check_text(text)
    key = key_hash(name, private_key.public_key().public_bytes_raw())
    return f"{text}\n— {name} {b64encode(key + private_key.sign(text.encode())).decode()}\n"


def open_note(note: str, verifier_key: str) -> str:
    """The text, if the key has signed it. Signatures of other keys are passed over.

    Raises NoteRejected; a wrong signature of this key is not made good by a right one.
    """
    name, key, public_key = _parse_key(verifier_key)
    text, signatures = _split(note)
    found = False
    for signer, identifier, signature in signatures:
        if (signer, identifier) != (name, key):
            continue
        try:
            public_key.verify(signature, text.encode())
        except InvalidSignature:
            raise NoteRejected(f"the signature of {name} does not fit the text") from None
        found = True
    if not found:
        raise NoteRejected(f"{name} has not signed the note with this key")
    return text


def verify(note: str, verifier_key: str) -> Checkpoint:
    """The checkpoint that the key has signed. The caller still has to look at its origin. Raises NoteRejected."""
    return Checkpoint.parse(open_note(note, verifier_key))


def _split(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    text, gap, lines = note.rpartition("\n\n")
    text += "\n"
    if not gap or len(note) > LONGEST:
        raise NoteRejected("the note has no signatures or is too long")
    _check_text(text)
    signatures = list(_signatures(lines))
    if len(signatures) > MOST_SIGNATURES:
        raise NoteRejected("the note has too many signatures")
    return text, signatures


def _signatures(block: str) -> Iterator[tuple[str, bytes, bytes]]:
    *lines, rest = block.split("\n")
    if not lines or rest:
        raise NoteRejected("the note does not end in a signature line")
    for line in lines:
        match line.split(" "):
            case ["—", name, encoded] if _NAME.fullmatch(name):
                signature = _unbase64(encoded, "a signature")
            case _:
                raise NoteRejected("a signature line is malformed")
        if len(signature) < 5:
            raise NoteRejected("a signature is too short")
        yield name, signature[:4], signature[4:]


def _parse_key(text: str) -> tuple[str, bytes, Ed25519PublicKey]:
    name, _, rest = text.partition("+")
    hash, _, encoded = rest.partition("+")
    _check_name(name)
    key = _unbase64(encoded, "the verifier key")
    if len(key) != 33 or key[0] != 1:
        raise NoteRejected("the verifier key is none of Ed25519")
    if hash != key_hash(name, key[1:]).hex():
        raise NoteRejected("the verifier key's hash does not fit its name and key")
    return name, bytes.fromhex(hash), Ed25519PublicKey.from_public_bytes(key[1:])


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise NoteRejected("a key's name is empty or holds a space or a plus")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NoteRejected("the text is not Unicode") from None
    if len(text) < 2 or not text.endswith("\n") or _CONTROL.search(text):
        raise NoteRejected("the text does not end in a newline or holds control characters")


def _unbase64(text: str, what: str) -> bytes:
    try:
        data = a2b_base64(text, strict_mode=True)
    except ValueError:
        data = b""
    # Only one text stands for the same bytes, so that a changed text is always found.
    if not data or b64encode(data).decode() != text:
        raise NoteRejected(f"{what} is not base64")
    return data
