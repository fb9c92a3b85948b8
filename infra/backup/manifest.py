"""What a backup consists of, and how far each tenant's log had come: `manifest.json`, written last."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from domain.base.errors import Invalid
from infra.backup.steps import Step, silent

FORMAT = "retrace-backup-1"
NAME = "manifest.json"
DATABASE = "database.dump"
FILES = "files"
"""Folder of the sealed files of documents, in a backup as in a data folder."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the backup; `path` is below its folder, with `/`."""

    path: str
    size: int
    sha256: str


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's latest checkpoint: a signed note, and the key that verifies it (docs/audit.md)."""

    tenant: UUID
    note: str
    key: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`masters`: fingerprints of the master keys that are needed. `roles`: of the database, whose rights the dump speaks of; none of them can log in."""

    format: str
    made_at: datetime
    masters: Sequence[str]
    roles: Sequence[str]
    tenants: Sequence[Mark]
    held: Sequence[Held]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(held.size for held in self.held)


def held(folder: Path, path: Path) -> Held:
    """The file as it is now."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    return Held(path=path.relative_to(folder).as_posix(), size=size, sha256=digest)


def write(folder: Path, manifest: Manifest) -> None:
    """Whole or not at all: a folder without it is no backup."""
    new = folder / f".{NAME}"
    new.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    new.rename(folder / NAME)


def read(folder: Path) -> Manifest:
    """Raises Invalid."""
    try:
        manifest = msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except OSError:
        raise Invalid(f"{folder} has no {NAME}: it is no backup, or one that was not finished") from None
    except msgspec.MsgspecError as error:
        raise Invalid(f"{folder / NAME} is damaged ({error}); take another backup") from None
    if manifest.format != FORMAT:
        raise Invalid(f"{folder} is a backup of the form {manifest.format!r}; this version knows {FORMAT}")
    return manifest


def differences(folder: Path, manifest: Manifest, tell: Step = silent) -> list[str]:
    """What is missing, changed or too much, one a line. An empty list: the files are those that the manifest names."""
    found = changed(folder, manifest.held, {NAME}, tell)
    named = {each.path for each in manifest.held}
    return [*found, *([] if DATABASE in named else [f"the manifest names no {DATABASE}"])]


def changed(folder: Path, files: Sequence[Held], beside: Collection[str], tell: Step = silent) -> list[str]:
    """Of `files` what is missing or changed, and what else is there but `beside`, one a line."""
    found = []
    named = {each.path: each for each in files}
    there = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    }
    names = sorted(named.keys() | there.keys() - set(beside))
    for number, name in enumerate(names):
        tell("checking the files", number, len(names))
        if name not in there:
            found.append(f"{name} is missing")
        elif name not in named:
            found.append(f"{name} is not in the manifest")
        elif there[name].is_symlink() or not there[name].is_file():
            found.append(f"{name} is not a file")
        elif held(folder, there[name]) != named[name]:
            found.append(f"{name} was changed: its size or SHA-256 is not that of the manifest")
    return found
