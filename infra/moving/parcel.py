"""A tenant as a folder: `manifest.json`, which names every file with its SHA-256, `manifest.note`, its signature by the tenant's signing key, and the files.

`tables/NAME` are PostgreSQL's binary COPY of the tenant's rows, `files/…` its sealed files. Nothing in it can be read without the receiver's master key.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec

from domain.audit.note import NoteRejected, open_note
from domain.base.errors import Invalid
from infra.backup.manifest import Held, changed
from infra.backup.steps import Step, silent

FORMAT = "retrace-tenant-1"
MANIFEST, NOTE, TABLES, FILES = "manifest.json", "manifest.note", "tables", "files"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One of the tenant's own, wrapped under the parcel's secret."""

    generation: int
    wrapped: bytes
    created_at: datetime


class Table(msgspec.Struct, frozen=True, kw_only=True):
    columns: Sequence[str]
    rows: int


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: of this export. `closed`: nobody writes where it comes from any more; else it is a copy of what goes on there.

    `schema`: files of infra/schema and their digests. `secret`: what `keys` are wrapped under, sealed for `receiver`. `head`: events of the log, `hash`: of the last one.
    `key`: verifies `manifest.note` and the checkpoints (docs/audit.md).
    """

    format: str
    id: UUID
    tenant: UUID
    made_at: datetime
    closed: bool
    schema: Mapping[str, str]
    receiver: str
    secret: bytes
    keys: Sequence[Key]
    head: int
    hash: bytes
    key: str
    tables: Mapping[str, Table]
    held: Sequence[Held]

    @property
    def about(self) -> bytes:
        """What `secret` is bound to."""
        return about(self.tenant, self.id)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(held.size for held in self.held)


def about(tenant: UUID, id: UUID) -> bytes:
    return FORMAT.encode() + tenant.bytes + id.bytes


def statement(manifest: bytes) -> str:
    """What is signed. It can't be taken for a checkpoint, whose second line is a number."""
    return f"{FORMAT}\nsha256 {sha256(manifest).hexdigest()}\n"


def encoded(parcel: Parcel) -> bytes:
    return msgspec.json.format(msgspec.json.encode(parcel)) + b"\n"


def write(folder: Path, manifest: bytes, note: str) -> None:
    """The manifest last: a folder without it is no export."""
    (folder / NOTE).write_text(note)
    new = folder / f".{MANIFEST}"
    new.write_bytes(manifest)
    os.replace(new, folder / MANIFEST)


def read(folder: Path, tell: Step = silent) -> tuple[Parcel, str]:
    """The parcel, whole and as it was signed, and the signature. Raises Invalid, which tells what is missing or was changed."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError:
        raise Invalid(
            f"{folder} has no {MANIFEST}: it is no export of a tenant, or one that was not finished; export again"
        ) from None
    parcel = _decoded(manifest, folder)
    try:
        note = (folder / NOTE).read_text()
        signed = open_note(note, parcel.key)
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(
            f"{folder / NOTE} can't be read ({type(error).__name__}): take the folder whole, or export again"
        ) from None
    except NoteRejected as error:
        raise Invalid(f"{folder / NOTE} was changed: {error}; take another copy of the export") from None
    if signed != statement(manifest):
        raise Invalid(
            f"{folder / MANIFEST} was changed: it is not the one that was signed; take another copy of the export"
        )
    if found := changed(folder, parcel.held, {MANIFEST, NOTE}, tell):
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise Invalid(f"in {folder} {found[0]}{more}: take another copy of the export")
    return parcel, note


def _decoded(manifest: bytes, folder: Path) -> Parcel:
    try:
        known = msgspec.json.decode(manifest, type=_Known).format
        if known == FORMAT:
            return msgspec.json.decode(manifest, type=Parcel)
    except msgspec.MsgspecError as error:
        raise Invalid(f"{folder / MANIFEST} is damaged ({error}); take another copy of the export") from None
    raise Invalid(f"{folder} is an export of the form {known!r}; this version knows {FORMAT}")


class _Known(msgspec.Struct):
    format: str
