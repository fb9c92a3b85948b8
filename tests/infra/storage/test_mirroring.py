"""Sealed files from one place to another, whatever the two are."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result

from domain.base.errors import NotFound
from infra.storage.folder import FolderBlobs
from infra.storage.mirroring import Mirror, differences
from interfaces.cli import cli
from tests.contents import pieces, whole
from tests.infra.storage.places import InBucket, InFolder, Place, in_bucket

A, B, C = (str(uuid4()) for _ in range(3))


@pytest.fixture(name="bucket")
async def _bucket(tmp_path: Path) -> AsyncIterator[InBucket]:
    async with in_bucket(tmp_path / "out") as made:
        yield made


@pytest.fixture(
    name="ways", params=["folder to bucket", "bucket to folder", "folder to folder", "bucket to bucket"]
)
def _ways(request: pytest.FixtureRequest, bucket: InBucket, tmp_path: Path) -> tuple[Place, Place]:
    here, there = request.param.split(" to ")
    return (
        InFolder(tmp_path / "here") if here == "folder" else bucket,
        InFolder(tmp_path / "there")
        if there == "folder"
        else InBucket(bucket.s3, tmp_path / "out", prefix="other"),
    )


async def test_what_is_new_or_other_is_copied_what_is_there_is_not_and_what_is_gone_goes(
    ways: tuple[Place, Place],
) -> None:
    here, there = ways
    tenant, part = uuid4(), f"{B}/{uuid4()}"
    for name in (A, part, C):
        await here.blobs.put(tenant, name, pieces(name.encode()))
    mirror = Mirror(here.blobs, there.blobs)
    done = await mirror.bring(tenant)
    assert (done.copied, done.there, done.removed) == (3, 0, 0)
    assert (await mirror.bring(tenant)).there == 3
    assert (await Mirror(here.blobs, there.blobs).bring(tenant)).there == 3, "whoever begins again finds it"
    await here.blobs.put(tenant, A, pieces(b"of the same length as an id is, 36 B"))
    await here.blobs.remove(tenant, B)
    await there.blobs.put(tenant, str(uuid4()), pieces(b"more"))
    kept = await mirror.bring(tenant, remove=False)
    assert (kept.copied, kept.more, kept.removed) == (1, 2, 0)
    done = await mirror.bring(tenant)
    assert (done.copied, done.there, done.removed) == (0, 2, 2)
    assert {blob.name async for blob in there.blobs.listed(tenant)} == {A, C}
    assert await whole(there.blobs.get(tenant, A)) == b"of the same length as an id is, 36 B"
    assert [name async for name in differences(here.blobs, there.blobs, tenant)] == []
    there.change(f"{tenant}/{C}", b"changed")
    assert [name async for name in differences(here.blobs, there.blobs, tenant)] == [C]


async def test_a_deployments_files_are_brought_into_a_bucket_by_a_command(
    bucket: InBucket, tmp_path: Path
) -> None:
    here, (tenant, other) = InFolder(tmp_path / "data" / "files"), (uuid4(), uuid4())
    for each in (tenant, other):
        await here.blobs.put(each, A, pieces(b"kept"))
    (tmp_path / "data" / "cells" / "west" / "files").mkdir(parents=True)
    target = bucket.s3.url("a/b")

    async def copy(*words: str) -> Result:
        environment = {**bucket.s3.environment, "RETRACE_DATA": str(tmp_path / "data"), "RETRACE_FILES": None}
        return await asyncio.to_thread(CliRunner().invoke, cli, ["files", "copy", *words], env=environment)

    first = await copy(target, "--json")
    assert json.loads(first.output) == {
        "copied": 2, "size": 8, "there": 0, "more": 0, "removed": 0, "differences": [],
    }  # fmt: skip
    assert bucket.stored() == here.stored()
    await here.blobs.remove_all(other)
    again = await copy(target, "--verify")
    assert again.exit_code == 1
    assert "1 are in TO alone: --delete removes them" in again.output
    gone = await copy(target, "--delete", "--verify")
    assert gone.exit_code == 0, gone.output
    assert "verified" in gone.output
    assert bucket.stored() == here.stored()
    back = await copy(str(tmp_path / "new"), "--from", target)
    assert back.exit_code == 0
    assert InFolder(tmp_path / "new" / "files").stored() == here.stored()
    for words, told in (
        ([target, "--from", str(tmp_path / "none"), "--delete"], "with --delete all at"),
        ([str(tmp_path / "more"), "--verify", "--from", str(here.folder)], "there is no file at"),
        ([str(tmp_path / "data")], "the files are at"),
        (["s3://shop/y/../z"], "has the prefix"),
        ([target.replace("shop", "other")], "the store for files can't be used"),
    ):
        refused = await copy(*words)
        assert refused.exit_code != 0
        assert told in f"{refused.output}{refused.exception}"
    assert bucket.stored() == here.stored()


async def test_delete_takes_cells_that_are_empty_at_both_places_and_touches_none_where_one_would_be_emptied(
    tmp_path: Path,
) -> None:
    main, west, far = (InFolder(tmp_path / path / "files") for path in ("data", "to/cells/west", "to"))
    tenant = uuid4()
    await main.blobs.put(tenant, A, pieces(b"kept"))
    await far.blobs.put(tenant, B, pieces(b"gone at the source"))
    environment = {
        "RETRACE_DATA": str(tmp_path / "data"),
        "RETRACE_FILES": None,
        "RETRACE_CELLS": "west=postgresql://127.0.0.1:1/west",
    }

    async def copy() -> Result:
        words = ["files", "copy", str(tmp_path / "to"), "--delete"]
        return await asyncio.to_thread(CliRunner().invoke, cli, words, env=environment)

    await west.blobs.put(tenant, A, pieces(b"all that it has"))
    before = far.stored()
    refused = await copy()
    assert "with --delete all at" in str(refused.exception)
    assert far.stored() == before, "nor is another cell touched"
    await west.blobs.remove_all(tenant)
    done = await copy()
    assert done.exit_code == 0, done.output
    assert far.stored() == main.stored()
    assert not [path for path in (main.folder, far.folder) if path.with_name("master.key").exists()], (
        "no key is made for what is not opened"
    )


async def test_what_the_target_lacks_is_not_taken_for_gone_at_the_source(
    bucket: InBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, tenant = InFolder(tmp_path / "here"), uuid4()
    await here.blobs.put(tenant, A, pieces(b"kept"))

    async def lacking(tenant: UUID, name: str, content: AsyncIterable[bytes]) -> None:
        async for _ in content:
            raise NotFound("there is no place for this file")

    def lost(*_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(bucket.blobs, "put", lacking)
    monkeypatch.setattr(os, "replace", lost)
    with pytest.raises(NotFound, match="no place"):
        await Mirror(here.blobs, bucket.blobs).bring(tenant)
    with pytest.raises(FileNotFoundError):
        await Mirror(here.blobs, FolderBlobs(tmp_path / "there")).bring(tenant)


async def test_what_goes_while_it_is_copied_is_as_good_as_gone_before(ways: tuple[Place, Place]) -> None:
    here, there = ways
    assert not await Mirror(here.blobs, there.blobs)._copy(uuid4(), A)
    assert there.stored() == {}
