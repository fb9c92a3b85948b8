"""The tenant's files, which are sealed and are copied as they are."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from uuid import UUID

FILES = "files"


def folder_of(data: Path, tenant: UUID) -> Path:
    return data / FILES / str(tenant)


def mirror(source: Path, target: Path, *, remove: bool = True) -> int:
    """Bring `target` up to date: what is new or other is copied, what is gone is removed, unless that is to stay. How many were copied. What is still being written (a name with a dot) is not there yet."""
    wanted = {path.relative_to(source): path for path in _files(source)}
    copied = 0
    for name, path in wanted.items():
        copy = target / name
        if _same(path, copy):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = copy.with_name(f".{copy.name}.moving")
        try:
            shutil.copy2(path, new)
        except FileNotFoundError:  # deleted just now, after its event
            new.unlink(missing_ok=True)
            continue
        os.replace(new, copy)
        copied += 1
    for path in _files(target) if remove else []:
        if path.relative_to(target) not in wanted:
            path.unlink(missing_ok=True)
    return copied


def _files(folder: Path) -> list[Path]:
    if not folder.exists():
        return []
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]


def _same(path: Path, copy: Path) -> bool:
    try:
        one, other = path.stat(), copy.stat()
    except FileNotFoundError:
        return False
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
