"""The vendors' fine-tuning at the wire: what may be repeated is, a job is submitted once, and lists are read to their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from application.ports import (
    FineTuner,
    TuningFateUnknown,
    TuningFile,
    TuningRefused,
    TuningRequest,
    VendorJob,
)
from domain.base.errors import Invalid, Refused
from infra.outgoing.client import Outgoing
from infra.providers.tuning import TUNERS, asking
from infra.providers.tuning.targets import load_targets
from infra.providers.vertex.account import ServiceAccount
from tests.dated import TARGETS
from tests.doubles.tuning import MODELS, PLACES, TUNED, OpenAIVendor, Vendor, VertexVendor, tuning_vendor

NAME = "rt" + "0" * 31 + "101"


@pytest_asyncio.fixture(params=sorted(TUNERS), name="vendor")
async def _vendor(request: pytest.FixtureRequest) -> AsyncIterator[Vendor]:
    async with tuning_vendor(request.param) as vendor:
        yield vendor


def provider_of(vendor: Vendor) -> str:
    return type(vendor).__name__.removesuffix("Vendor").lower()


def place_of(vendor: Vendor) -> dict[str, str]:
    return PLACES.get(provider_of(vendor), {})


@pytest_asyncio.fixture(name="tuner")
async def _tuner(vendor: Vendor) -> AsyncIterator[FineTuner]:
    async with Outgoing(guarded=False, kept=None) as http:
        yield TUNERS[provider_of(vendor)](key=vendor.key, base_url=vendor.url, http=http, tenants=True)


async def uploaded(tuner: FineTuner, vendor: Vendor, content: bytes = b'{"a": 1}\n' * 20) -> str:
    return await tuner.upload(
        TuningFile(part="train", name="retrace-1-train.jsonl", content=content), place_of(vendor)
    )


async def submitted(
    tuner: FineTuner, vendor: Vendor, name: str = NAME, epochs: int | None = None
) -> VendorJob:
    files = {"train": await uploaded(tuner, vendor)}
    place, model = place_of(vendor), MODELS[provider_of(vendor)]
    return await tuner.submit(
        TuningRequest(attempt=name, model=model, files=files, epochs=epochs, place=place)
    )


async def test_a_file_goes_there_once_and_is_deleted(tuner: FineTuner, vendor: Vendor) -> None:
    content = b'{"messages": [{"role": "user", "content": "Gr\xc3\xbc\xc3\x9fe"}]}\n' * 500
    first = await uploaded(tuner, vendor, content)
    assert await uploaded(tuner, vendor, content) == first
    assert [file.content for file in vendor.files.values()] == [content]
    await tuner.discard(first, "retrace-1-train.jsonl", place_of(vendor))
    assert vendor.files == {}
    await tuner.discard(first, "retrace-1-train.jsonl", place_of(vendor))


async def test_a_job_is_submitted_found_polled_and_its_model_told(tuner: FineTuner, vendor: Vendor) -> None:
    vendor.late = 1
    made = await submitted(tuner, vendor, epochs=2)
    assert (made.state, made.attempt) == ("queued", NAME)
    place = place_of(vendor)
    assert await tuner.find([NAME], place) == []
    vendor.foreign(7)
    (found,) = await tuner.find([NAME, NAME[:-1] + "2"], place)
    assert found.id == made.id
    (job,) = vendor.ours()
    job.word = vendor.RUNNING
    assert (await tuner.job(made.id, place)).state == "running"
    job.word = "JOB_STATE_RESTING"
    told = await tuner.job(made.id, place)
    assert (told.state, told.word) == ("unknown", "JOB_STATE_RESTING")
    job.word = vendor.DONE
    assert (await tuner.job(made.id, place)).state == "unknown", "a success without a model is none"
    vendor.end(job, vendor.DONE, TUNED[provider_of(vendor)], 1_000_000)
    told = await tuner.job(made.id, place)
    assert (told.state, told.model) == ("succeeded", TUNED[provider_of(vendor)])
    assert told.tokens == (2_000_000 if isinstance(vendor, VertexVendor) else 1_000_000)
    assert told.cost == (Decimal(5) if provider_of(vendor) == "together" else None)
    await tuner.cancel(made.id, place)
    vendor.end(job, vendor.FAILED)
    assert (await tuner.job(made.id, place)).state == "failed"
    with pytest.raises(TuningRefused) as refused:
        await tuner.job(made.id + "0", place)
    assert refused.value.gone


async def test_a_job_that_runs_is_cancelled(tuner: FineTuner, vendor: Vendor) -> None:
    made = await submitted(tuner, vendor)
    await tuner.cancel(made.id, place_of(vendor))
    assert (await tuner.job(made.id, place_of(vendor))).state == "cancelled"


@pytest.mark.parametrize("fate", ["lost", "500-made", "500"])
async def test_a_submission_without_an_answer_is_of_unknown_fate_and_not_repeated(
    tuner: FineTuner, vendor: Vendor, fate: str
) -> None:
    vendor.fate = lambda _: fate
    with pytest.raises(TuningFateUnknown) as unknown:
        await submitted(tuner, vendor)
    assert "private" not in unknown.value.why
    assert vendor.submissions == 1
    assert len(await tuner.find([NAME], place_of(vendor))) == (fate != "500")


async def test_a_refusal_says_whether_it_passes(tuner: FineTuner, vendor: Vendor) -> None:
    for fate, passing, after in (("429", True, 7.0), ("400", False, None)):
        vendor.fate = lambda _, fate=fate: fate  # type: ignore[misc]
        with pytest.raises(TuningRefused) as refused:
            await submitted(tuner, vendor)
        assert (refused.value.passing, refused.value.after) == (passing, after)
        assert "private" not in str(refused.value)
    for status, passing in ((503, True), (429, True), (403, False)):
        vendor.faults = [status]
        with pytest.raises(TuningRefused) as refused:
            await tuner.find([NAME], place_of(vendor))
        assert refused.value.passing is passing, status
    vendor.faults = []
    assert len(vendor.ours()) == 0


async def test_a_server_that_is_away_has_heard_nothing(tuner: FineTuner, vendor: Vendor) -> None:
    files = {"train": await uploaded(tuner, vendor)}
    place = place_of(vendor)
    request = TuningRequest(
        attempt=NAME, model=MODELS[provider_of(vendor)], files=files, epochs=None, place=place
    )
    port, vendor.port = vendor.port, 9
    async with Outgoing(guarded=False, kept=None) as http:
        away = TUNERS[provider_of(vendor)](key=vendor.key, base_url=vendor.url, http=http, tenants=True)
        with pytest.raises(TuningRefused) as refused:
            await away.submit(request)
        assert (refused.value.code, refused.value.passing) == ("unreachable", True)
    vendor.port = port


async def test_a_list_that_never_ends_tells_nothing(
    tuner: FineTuner, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    if provider_of(vendor) == "together":
        pytest.skip("its list is one page")
    module = f"infra.providers.tuning.{provider_of(vendor)}"
    monkeypatch.setattr(f"{module}.PAGES", 1)
    monkeypatch.setattr(f"{module}.PAGE", 2)
    OpenAIVendor.filters = False
    try:
        with pytest.raises(TuningRefused, match="list_too_long"):
            await tuner.find([NAME], place_of(vendor))
    finally:
        OpenAIVendor.filters = True


async def test_a_list_is_read_to_its_end_where_the_server_knows_no_filter(
    tuner: FineTuner, vendor: Vendor
) -> None:
    made = await submitted(tuner, vendor)
    vendor.foreign(9)
    OpenAIVendor.filters = False
    try:
        (found,) = await tuner.find([NAME], place_of(vendor))
    finally:
        OpenAIVendor.filters = True
    assert found.id == made.id


async def test_a_private_address_gets_nothing() -> None:
    async with tuning_vendor("openai") as vendor, Outgoing(guarded=True, kept=None) as http:
        tuner = TUNERS["openai"](key="k", base_url=vendor.url, http=http, tenants=True)
        with pytest.raises(TuningRefused, match="private_address"):
            await tuner.find([NAME], {})
        assert vendor.calls == []


async def test_a_vertex_token_is_asked_for_once_an_hour_and_where_we_say() -> None:
    async with tuning_vendor("vertex") as vendor, Outgoing(guarded=False, kept=None) as http:
        assert isinstance(vendor, VertexVendor)
        account = ServiceAccount.read(vendor.key, url=f"{vendor.url}/token", http=http)
        assert account is not None
        await asyncio.gather(account.token())
        assert await account.token() == vendor.KEY
        assert vendor.tokens_given == 1
        assert ServiceAccount.read("AIza-an-api-key", http=http) is None
        with pytest.raises(Refused, match="service account"):
            TUNERS["vertex"](key="AIza-an-api-key", base_url=vendor.url, http=http, tenants=True)


async def test_an_answer_that_cannot_be_read_is_no_success() -> None:
    async def nonsense() -> httpx2.Response:
        return httpx2.Response(200, content=b"<html>")

    with pytest.raises(TuningRefused) as refused:
        await asking.asked(nonsense)
    assert refused.value.passing
    with pytest.raises(TuningFateUnknown):
        await asking.submitted(nonsense)


def test_targets_close_and_name_the_alternatives(tmp_path: Path) -> None:
    targets = load_targets(TARGETS)
    before, after = datetime(2027, 1, 5, tzinfo=UTC), datetime(2027, 1, 6, tzinfo=UTC)
    target, model = targets.accept("openai", "gpt-4o-mini", place={}, price=None, at=before)
    assert (target.passes, model.cost(1_000_000)) == (3, Decimal("3.00"))
    with pytest.raises(Refused, match=r"since 2027-01-06; take vertex \(gemini.*together \(openai/gpt-oss"):
        targets.accept("openai", "gpt-4o-mini", place={}, price=None, at=after)
    with pytest.raises(Refused, match="tunes no models; take openai"):
        targets.accept("gemini", "gemini-3.8-flash", place={}, price=None, at=before)
    with pytest.raises(Invalid, match="needs location, bucket"):
        targets.accept("vertex", "gemini-2.5-flash-lite", place={}, price=None, at=before)
    for place in ({"location": "us/evil", "bucket": "b1"}, {"location": "us", "bucket": "b1", "zone": "x1"}):
        with pytest.raises(Invalid):
            targets.accept("vertex", "gemini-2.5-flash-lite", place=place, price=None, at=before)
    with pytest.raises(Refused, match="until 2026-12-01"):
        targets.accept("vertex", "gemini-2.5-pro", place=PLACES["vertex"], price=Decimal(9), at=before)
    with pytest.raises(Refused, match="give training_price"):
        targets.accept("together", "Qwen/Qwen9", place={}, price=None, at=after)
    _, model = targets.accept("together", "Qwen/Qwen9", place={}, price=Decimal("0.5"), at=after)
    assert (model.name, model.training) == ("Qwen/Qwen9", Decimal("0.5"))
    for price in (Decimal(0), Decimal("NaN"), Decimal(10_001)):
        with pytest.raises(Invalid):
            targets.accept("together", "Qwen/Qwen9", place={}, price=price, at=after)
    broken = tmp_path / "targets.toml"
    broken.write_text(TARGETS.read_text().replace('provider = "vertex"', 'provider = "nobody"'))
    with pytest.raises(Invalid, match="nobody"):
        load_targets(broken)
