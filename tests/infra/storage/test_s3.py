"""The real client against a store that refuses, throttles, cuts off and goes away."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from infra.secret import Secret
from infra.storage.address import Keys, bucket_of, is_same
from infra.storage.faults import FilesUnavailable
from infra.storage.probing import Probed, probe
from infra.storage.s3 import AT_ONCE, S3Blobs
from tests.contents import pieces, whole
from tests.doubles.s3 import KEY, SECRET
from tests.infra.storage.places import InBucket, in_bucket
from tests.ports import free_port

MB = 2**20


@pytest.fixture(name="place")
async def _place(tmp_path: Path) -> AsyncIterator[InBucket]:
    async with in_bucket(tmp_path) as made:
        yield made


async def test_what_passes_is_tried_again_and_what_does_not_is_told_once_without_secrets(
    place: InBucket, caplog: pytest.LogCaptureFixture
) -> None:
    tenant, name = uuid4(), str(uuid4())
    place.s3.faults = [(503, "SlowDown"), (500, "InternalError"), (503, "SlowDown")]
    await place.blobs.put(tenant, name, pieces(b"kept"))
    assert len(place.s3.calls) == 4
    place.s3.cuts = [2]
    assert await whole(place.blobs.get(tenant, name)) == b"kept", "a download that was cut off goes on"
    place.s3.always = (503, "SlowDown")
    with pytest.raises(FilesUnavailable) as busy:
        await place.blobs.put(tenant, name, pieces(b"lost"))
    assert busy.value.why.endswith("the store says SlowDown, also when it was asked again")
    assert not busy.value.lasting
    assert place.blobs.place not in str(busy.value), "whoever uploads is not told where"
    place.s3.always = (403, "AccessDenied")
    for refused in (
        place.blobs.put(tenant, name, pieces(b"lost")),
        whole(place.blobs.get(tenant, name)),
        place.blobs.remove(tenant, name),
        place.blobs.remove_all(tenant),
        place.blobs.tenants(),
    ):
        with pytest.raises(FilesUnavailable) as denied:
            await refused
        assert "these keys may not do this: it needs s3:GetObject" in denied.value.why
        assert denied.value.lasting
    place.s3.always = None
    assert await whole(place.blobs.get(tenant, name)) == b"kept"
    assert SECRET not in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("bucket", "keys", "told"),
    [
        ("other", None, "there is no such bucket: make it, or mend RETRACE_FILES"),
        ("shop", (KEY, "another"), "the secret key does not belong to the access key"),
        ("shop", ("AKIAOTHER", SECRET), "the store does not know this access key: mend AWS_ACCESS_KEY_ID"),
        ("shop", (KEY, SECRET, "token"), "the session token is not taken: mend AWS_SESSION_TOKEN"),
    ],
)
async def test_settings_that_are_wrong_are_told_with_the_way_out(
    place: InBucket, bucket: str, keys: tuple[str, ...] | None, told: str
) -> None:
    given = Keys(*map(Secret, keys)) if keys else None
    found = await probe(place.at(place.s3.url().replace("shop", bucket), given))
    assert found.trouble is not None
    assert told in found.trouble
    assert found.lasting
    assert not any(secret in found.trouble for secret in (KEY, SECRET, "another", "AKIAOTHER"))


async def test_another_region_is_told_and_a_store_that_is_away_may_come_back(place: InBucket) -> None:
    elsewhere = await probe(place.at(place.s3.url().replace("eu-central-1", "us-east-1")))
    assert elsewhere.lasting
    assert "the bucket is in another region: name it in RETRACE_FILES" in (elsewhere.trouble or "")
    away = await probe(place.at(f"s3://shop?endpoint=http://127.0.0.1:{free_port()}"))
    assert not away.lasting
    assert "the store does not answer as it should (no answer): is it up" in (away.trouble or "")


async def test_a_probe_finds_a_bucket_good_and_leaves_nothing(place: InBucket) -> None:
    blobs = place.at(place.s3.url(""))
    assert await probe(blobs) == Probed()
    place.s3.versions = True
    assert await probe(blobs) == Probed(versions=True)
    assert place.s3.objects == {}


@pytest.mark.parametrize(("denied", "left"), [("GET", 0), ("DELETE", 1)])
async def test_a_probe_that_may_not_do_all_leaves_nothing_that_looks_like_a_tenant(
    place: InBucket, denied: str, left: int
) -> None:
    place.s3.denied = {denied}
    found = await probe(place.blobs)
    assert found.lasting
    assert "these keys may not do this" in (found.trouble or "")
    place.s3.denied = set()
    assert len(place.s3.objects) == left
    assert await place.blobs.tenants() == []


async def test_a_probe_says_where_nothing_can_be_written_on_its_way_out(
    place: InBucket, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    found = await probe(S3Blobs(place.blobs.bucket, place.keys, tmp_path / "file" / "files"))
    assert "nothing can be written below the data folder" in (found.trouble or "")
    assert not found.lasting


async def test_without_keys_those_of_the_environment_hold(
    place: InBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in place.s3.environment.items():
        monkeypatch.setenv(name, value)
    place.s3.token = "a-role's"
    monkeypatch.setenv("AWS_SESSION_TOKEN", place.s3.token)
    assert await probe(place.at(place.s3.url(), Keys())) == Probed()


async def test_what_comes_in_is_held_by_the_disk_and_few_are_whole_in_memory_at_once(
    place: InBucket,
) -> None:
    tenant, here, grown = uuid4(), psutil.Process(), 0
    at_once = most = 0

    async def content(size: int) -> AsyncIterator[bytes]:
        nonlocal grown
        before = here.memory_info().rss
        for _ in range(size):
            yield b"." * (MB // 4)
            grown = max(grown, here.memory_info().rss - before)

    await place.blobs.put(tenant, "warm", content(4))
    await place.blobs.put(tenant, "large", content(80))
    assert grown < 4 * MB, "of 20"
    put = place.blobs._put

    async def counted(*given: Any) -> Any:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await put(*given)
        finally:
            at_once -= 1

    place.blobs._put = counted  # type: ignore[method-assign]
    await asyncio.gather(*(place.blobs.put(tenant, str(n), content(4)) for n in range(3 * AT_ONCE)))
    assert most == AT_ONCE


def test_who_has_no_bucket_never_loads_the_client() -> None:
    code = (
        "import sys, interfaces.serve, interfaces.worker, interfaces.projector; "
        "from infra.settings import load; from infra.storage.opening import blobs_of; blobs_of(load({})); "
        "sys.exit('obstore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PATH": os.environ["PATH"]}).returncode == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://shop.example", "is no address of a bucket"),
        ("s3://", "is no address of a bucket"),
        ("s3://AKIA:secret@shop/x", "has no keys"),
        ("s3://a", "is no name of a bucket"),
        ("s3://shop/a//b", "has the prefix"),
        ("s3://shop/../b", "has the prefix"),
        ("s3://shop?end=1", "asks for end"),
        ("s3://shop?endpoint=ftp://x", "has an endpoint that is none"),
        ("s3://shop?endpoint=http://u:p@x", "has an endpoint that is none"),
        ("s3://shop?region=", "has an empty value"),
    ],
)
def test_an_address_that_is_none_is_told_as_such(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        bucket_of(text)
    assert "secret" not in str(refused.value)


def test_an_address_is_taken_apart_and_put_together_again() -> None:
    text = "s3://shop/a/b?endpoint=https://minio.example:9000&region=eu-west-1"
    found = bucket_of(text)
    assert (found.name, found.prefix, found.endpoint, found.region) == (
        "shop", "a/b", "https://minio.example:9000", "eu-west-1",
    )  # fmt: skip
    assert found.text == text
    assert found.below("cells", "west").text == text.replace("a/b", "a/b/cells/west")
    assert bucket_of("s3://shop/").text == "s3://shop"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (
            "s3://shop/a?endpoint=http://m:9000&region=x",
            "s3://shop/a/?region=x&endpoint=http://M:9000/",
            True,
        ),
        ("s3://shop/a?region=eu-west-1", "s3://shop/a", True),
        ("s3://shop?endpoint=https://s3.eu-west-1.amazonaws.com", "s3://shop", True),
        ("s3://shop?endpoint=https://m:443", "s3://shop?endpoint=https://m", True),
        ("s3://shop?endpoint=https://m:444", "s3://shop?endpoint=https://m", False),
        ("s3://shop/a", "s3://shop/b", False),
        ("s3://shop", None, False),
        (None, None, True),
    ],
)
def test_one_bucket_is_the_same_however_it_is_spelled(one: str | None, other: str | None, same: bool) -> None:
    assert is_same(one, other) is same
