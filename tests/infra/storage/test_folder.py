from __future__ import annotations

import errno
import os
from pathlib import Path
from uuid import uuid4

import pytest

from application.ports import Unavailable
from infra.storage.folder import FolderBlobs
from tests.contents import pieces, whole
from tests.infra.storage.places import InFolder


async def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, tenant, name = FolderBlobs(tmp_path), uuid4(), str(uuid4())
    await blobs.put(tenant, name, pieces(b"old"))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="the disk for documents is full"):
        await blobs.put(tenant, name, pieces(b"new"))
    monkeypatch.undo()
    assert await whole(blobs.get(tenant, name)) == b"old"
    assert [*InFolder(tmp_path).stored()] == [f"{tenant}/{name}"]
