"""A deployment whose files lie in a bucket: from the upload to the answer, and until nothing is left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from infra.embedded import Servers
from infra.settings import Secret, Settings
from infra.storage.s3 import S3Blobs
from interfaces.bootstrap import Services
from interfaces.doctor.files import of_files
from interfaces.running import Running
from tests.doubles.s3 import KEY, S3, SECRET, s3_double
from tests.infra.storage.places import QUICK
from tests.interfaces.http import conftest
from tests.interfaces.http.conftest import Customer, settled
from tests.until import until

POLICY = b"Returns\n\nYou may return unworn shoes within 30 days. The refund comes in five days.\n"


@pytest_asyncio.fixture(scope="module", name="s3")
async def _s3() -> AsyncIterator[S3]:
    async with s3_double() as s3:
        yield s3


@pytest.fixture(scope="module", name="settings")
def _settings(
    servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory, s3: S3
) -> Settings:
    return Settings(
        database_url=Secret(database_url),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=tmp_path_factory.mktemp("data"),
        files=s3.url(),
        aws_access_key_id=Secret(KEY),
        aws_secret_access_key=Secret(SECRET),
        master_key=Secret(conftest.MASTER),
        source_timeout_ms=10_000,
        **conftest.UNLIMITED,
    )


async def upload(customer: Customer, content: bytes) -> Any:
    return await customer.http.post("/v1/documents", files={"file": ("policy.txt", content)})


async def test_a_document_is_kept_cited_given_back_and_gone_with_its_deletion(
    ours: Customer, parts: Services, s3: S3, settings: Settings
) -> None:
    large = POLICY * 8000  # of more pieces than one
    for content in (POLICY, large):
        made = await upload(ours, content)
        assert made.status_code == 201, made.text
        shown = await settled(ours, made.headers["Location"])
        assert shown["status"] in ("completed", "failed")
        assert [*s3.objects] == [f"retrace/{ours.tenant}/{shown['id']}"]
        assert b"unworn shoes" not in s3.objects[f"retrace/{ours.tenant}/{shown['id']}"].content
        if content is POLICY:
            answer = (await ours.ask("Within how many days may I return shoes?")).json()
            assert [each["document"] for each in answer["citations"]] == [shown["id"]]
        given = await ours.http.get(f"/v1/documents/{shown['id']}/content")
        assert given.content == content
        assert (await ours.http.delete(f"/v1/documents/{shown['id']}")).status_code == 204
        await until(lambda: not s3.objects)
    assert not [path for path in settings.data.rglob("*") if path.is_file()]


async def test_while_the_store_is_away_an_upload_is_refused_and_nothing_of_it_is_on_record(
    ours: Customer, parts: Services, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = parts.files.blobs
    assert isinstance(blobs, S3Blobs)
    monkeypatch.setattr(parts.files, "blobs", S3Blobs(blobs.bucket, blobs._keys, blobs._folder, QUICK))
    s3.always = (503, "SlowDown")
    refused = await upload(ours, b"Walruses are waxed on Thursdays.")
    s3.always = None
    assert refused.status_code == 503
    assert "Retry-After" in refused.headers
    assert "the store for files can't be used just now" in refused.text
    assert s3.url() not in refused.text
    assert (await ours.http.get("/v1/documents")).json()["items"] == []
    made = await upload(ours, b"Walruses are waxed on Thursdays.")
    assert made.status_code == 201
    s3.objects.clear()
    assert (await ours.http.get(f"{made.headers['Location']}/content")).status_code == 404
    assert (await ours.http.delete(made.headers["Location"])).status_code == 204


async def test_doctor_looks_into_the_bucket(settings: Settings, s3: S3) -> None:
    good = await of_files(settings, None)
    assert good is not None
    assert good.ok
    s3.versions = True
    versions = await of_files(settings, None)
    s3.versions = False
    assert versions is not None
    assert "it keeps versions" in versions.detail
    wrong = await of_files(msgspec.structs.replace(settings, aws_secret_access_key=Secret("other")), None)
    assert wrong is not None
    assert not wrong.ok
    assert "the secret key does not belong to the access key" in wrong.detail
    running = Running(
        pid=1, since=0, url="", roles=(), database="", redis=None, masters=(), files=settings.files
    )
    elsewhere = await of_files(msgspec.structs.replace(settings, files=None), running)
    assert elsewhere is not None
    assert "set RETRACE_FILES as they have it" in elsewhere.detail
    assert await of_files(msgspec.structs.replace(settings, files=None), None) is None
