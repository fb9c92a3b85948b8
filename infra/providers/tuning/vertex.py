"""Fine-tuning at Vertex AI, on Google's SDK (`client.tunings`). The attempt's name is a label of the job; the files lie in a bucket of the
tenant's own, under names that follow from the job's, so that a second upload takes the place of the first.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2
import msgspec
from google.genai import errors, types

from application.ports import TuningFile, TuningRefused, TuningRequest, VendorJob
from domain.base.errors import Refused
from domain.learning.tuning_job import VendorState
from infra.outgoing.client import Outgoing
from infra.providers.tuning.asking import (
    PAGES,
    PATIENCE,
    Ask,
    answered,
    asked,
    count_of,
    submitted,
    text_of,
    word_of,
)
from infra.providers.vertex.account import TOKENS, ServiceAccount, TokenRefused
from infra.providers.vertex.completer import VENDOR, VertexAccess

STORAGE = "https://storage.googleapis.com"
STATES: Mapping[str, VendorState] = {
    "JOB_STATE_QUEUED": "queued",
    "JOB_STATE_PENDING": "queued",
    "JOB_STATE_RUNNING": "running",
    "JOB_STATE_PAUSED": "running",
    "JOB_STATE_UPDATING": "running",
    "JOB_STATE_CANCELLING": "running",
    "JOB_STATE_SUCCEEDED": "succeeded",
    "JOB_STATE_FAILED": "failed",
    "JOB_STATE_EXPIRED": "failed",
    "JOB_STATE_PARTIALLY_SUCCEEDED": "failed",
    "JOB_STATE_CANCELLED": "cancelled",
}
LABEL = "retrace-attempt"
PAGE = 100

T = TypeVar("T")

# It calls itself experimental at each call, and warns of each state that it does not know: those are read by us.
warnings.filterwarnings("ignore", message="The SDK's tuning implementation is experimental")
warnings.filterwarnings("ignore", message=".* is not a valid JobState")


class VertexTuner:
    def __init__(self, *, key: str, base_url: str, http: Outgoing) -> None:
        elsewhere = None if base_url == VENDOR else base_url.rstrip("/")
        tokens = TOKENS if elsewhere is None else f"{elsewhere}/token"
        account = ServiceAccount.read(key, url=tokens, http=http)
        if account is None:
            raise Refused(
                "fine-tuning at vertex needs the key of a service account; set the key of vertex to its key file in base64"
            )
        self._account, self._access = account, VertexAccess(account, elsewhere, http)
        self._storage, self._http = elsewhere or STORAGE, http

    async def upload(self, file: TuningFile, place: Mapping[str, str]) -> str:
        bucket, path = place["bucket"], _path(file.name)
        query = f"uploadType=media&name={quote(path, safe='')}"
        url = f"{self._storage}/upload/storage/v1/b/{bucket}/o?{query}"

        async def ask() -> httpx2.Response:
            fields = await self._key() | {"Content-Type": "application/jsonl"}
            return await self._http.post(url, content=file.content, headers=fields, timeout=PATIENCE)

        await answered(_tokened(ask))
        return f"gs://{bucket}/{path}"

    async def submit(self, request: TuningRequest) -> VendorJob:
        validation = request.files.get("validation")
        config = types.CreateTuningJobConfig(
            tuned_model_display_name=request.attempt,
            labels={LABEL: request.attempt},
            epoch_count=request.epochs,
            validation_dataset=types.TuningValidationDataset(gcs_uri=validation) if validation else None,
        )

        async def call(tunings: Any) -> VendorJob:
            return _job(
                await tunings.tune(
                    base_model=request.model,
                    training_dataset=types.TuningDataset(gcs_uri=request.files["train"]),
                    config=config,
                )
            )

        return await self._called(submitted, request.place, call)

    async def find(self, attempts: Collection[str], place: Mapping[str, str]) -> Sequence[VendorJob]:
        async def call(tunings: Any) -> list[VendorJob]:
            found, most = [], PAGES * PAGE
            listed = await tunings.list(config=types.ListTuningJobsConfig(page_size=PAGE))
            async for each in listed:
                if (each.labels or {}).get(LABEL) in attempts and each.name:
                    found.append(_job(each))
                if (most := most - 1) <= 0:
                    raise TuningRefused("list_too_long", passing=True)
            return found

        return await self._called(asked, place, call)

    async def job(self, id: str, place: Mapping[str, str]) -> VendorJob:
        async def call(tunings: Any) -> VendorJob:
            return _job(await tunings.get(name=id))

        return await self._called(asked, place, call)

    async def cancel(self, id: str, place: Mapping[str, str]) -> None:
        async def call(tunings: Any) -> None:
            await tunings.cancel(name=id)

        try:
            await self._called(asked, place, call)
        except TuningRefused as refused:
            if refused.passing or refused.gone:
                raise

    async def uploads(self, name: str, place: Mapping[str, str]) -> Sequence[str]:
        """Its path follows from its name, and what is uploaded again takes its place."""
        return [f"gs://{place['bucket']}/{_path(name)}"]

    async def discard(self, file: str, name: str, place: Mapping[str, str]) -> None:
        bucket, _, path = file.removeprefix("gs://").partition("/")
        url = f"{self._storage}/storage/v1/b/{bucket}/o/{quote(path, safe='')}"

        async def ask() -> httpx2.Response:
            return await self._http.delete(url, headers=await self._key(), timeout=PATIENCE)

        try:
            await answered(_tokened(ask))
        except TuningRefused as refused:
            if not refused.gone:
                raise

    async def _key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self._account.token()}"}

    async def _called(
        self,
        how: Callable[[Ask], Awaitable[dict[str, Any]]],
        place: Mapping[str, str],
        call: Callable[[Any], Awaitable[T]],
    ) -> T:
        """What the SDK gives; its errors, and answers of another form that it trips over, as `how` tells them."""
        # The token first: a call that had none was never made.
        client = await _client(self._access, place["location"])
        given: list[T] = []

        async def ask() -> httpx2.Response:
            try:
                given.append(await call(client.tunings))
            except errors.APIError as error:
                return _response(error)
            except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
                return httpx2.Response(200, content=b"nonsense")
            return httpx2.Response(200, content=b"{}")

        await how(ask)
        return given[0]


def _path(name: str) -> str:
    """Of a file, in the bucket."""
    return f"retrace/{name}"


async def _client(access: VertexAccess, location: str) -> Any:
    try:
        return await access.client(location)
    except TokenRefused as refused:
        raise _no_token(refused) from None
    except httpx2.HTTPError:
        raise TuningRefused("unreachable", passing=True) from None


def _tokened(ask: Ask) -> Ask:
    async def with_token() -> httpx2.Response:
        try:
            return await ask()
        except TokenRefused as refused:
            raise _no_token(refused) from None

    return with_token


def _no_token(refused: TokenRefused) -> TuningRefused:
    return TuningRefused(
        f"token HTTP {refused.status}", passing=refused.status >= 500 or refused.status == 429
    )


def _response(error: errors.APIError) -> httpx2.Response:
    """As it came, in the form that errors are read in."""
    body = msgspec.json.encode({"error": {"status": str(error.status or "")}})
    fields = getattr(error.response, "headers", None) or {}
    after = {name: value for name, value in fields.items() if name.lower().startswith("retry-after")}
    status = error.code if isinstance(error.code, int) and 300 <= error.code < 600 else 502
    return httpx2.Response(status, content=body, headers=after)


def _job(told: types.TuningJob) -> VendorJob:
    id = text_of(told.name)
    if id is None:
        raise ValueError("a job without a name")
    word = word_of(None if told.state is None else str(told.state.value))
    model = None if told.tuned_model is None else text_of(told.tuned_model.endpoint)
    state = STATES.get(word, "unknown")
    partly = word in ("JOB_STATE_PARTIALLY_SUCCEEDED", "JOB_STATE_EXPIRED")
    return VendorJob(
        id=id,
        # The endpoint may come a moment later than the word.
        state="unknown" if state == "succeeded" and model is None else state,
        word=word,
        attempt=text_of((told.labels or {}).get(LABEL)),
        model=model,
        tokens=_tokens(told),
        code=word if partly else (None if told.error is None else f"rpc {told.error.code}"),
    )


def _tokens(told: types.TuningJob) -> int | None:
    """Trained on in all passes: it tells those of one, and the passes."""
    stats = None if told.tuning_data_stats is None else told.tuning_data_stats.supervised_tuning_data_stats
    spec = told.supervised_tuning_spec
    passes = None if spec is None or spec.hyper_parameters is None else spec.hyper_parameters.epoch_count
    tokens = None if stats is None else count_of(stats.total_billable_token_count)
    return None if tokens is None or not passes else tokens * passes
