"""Fine-tuning at OpenAI, on its SDK: files and fine_tuning.jobs. The attempt's name is in the job's metadata, by which its list can be asked.

The SDK makes and sends the requests; what comes is read by us, unknown members and words and all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import httpx2
import openai

from application.ports import TuningFile, TuningRefused, TuningRequest, VendorJob
from domain.learning.tuning_job import VendorState
from infra.outgoing.client import Outgoing
from infra.providers.tuning.asking import (
    PAGES,
    PATIENCE,
    asked,
    count_of,
    objects,
    submitted,
    text_of,
    word_of,
)

STATES: Mapping[str, VendorState] = {
    "validating_files": "queued",
    "queued": "queued",
    "running": "running",
    "succeeded": "succeeded",
    "failed": "failed",
    "cancelled": "cancelled",
}
NAME = "retrace_attempt"
PAGE = 100


class _Raw(Protocol):
    """A response of the SDK's, as it came."""

    @property
    def http_response(self) -> httpx2.Response: ...


class OpenAITuner:
    """`tenants`: the key is a tenant's own; what the environment says of an organisation is the deployment's."""

    def __init__(self, *, key: str, base_url: str, http: Outgoing, tenants: bool) -> None:
        nobodys: Any = {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}
        self._sdk = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=base_url,
            max_retries=0,
            timeout=PATIENCE,
            http_client=http,
            default_headers=nobodys if tenants else None,
        )
        self._files, self._jobs = (
            self._sdk.files.with_raw_response,
            self._sdk.fine_tuning.jobs.with_raw_response,
        )

    async def upload(self, file: TuningFile, place: Mapping[str, str]) -> str:
        for each in await self._named(file.name):
            same = each.get("bytes") == len(file.content)
            if same and each.get("status") != "error" and (id := text_of(each.get("id"))):
                return id
        made = await asked(
            _sent(lambda: self._files.create(file=(file.name, file.content), purpose="fine-tune"))
        )
        return _id(made)

    async def submit(self, request: TuningRequest) -> VendorJob:
        method: Any = {"type": "supervised"}
        if request.epochs is not None:
            method["supervised"] = {"hyperparameters": {"n_epochs": request.epochs}}
        made = await submitted(
            _sent(
                lambda: self._jobs.create(
                    model=request.model,
                    training_file=request.files["train"],
                    validation_file=request.files.get("validation", openai.omit),
                    method=method,
                    suffix=request.attempt,
                    metadata={NAME: request.attempt},
                )
            )
        )
        return _job(made)

    async def find(self, attempts: Collection[str], place: Mapping[str, str]) -> Sequence[VendorJob]:
        found = {}
        for attempt in attempts:
            async for each in self._listed(attempt):
                # A server that does not know the filter lists them all.
                if (each.get("metadata") or {}).get(NAME) == attempt and text_of(each.get("id")):
                    found[each["id"]] = _job(each)
        return list(found.values())

    async def job(self, id: str, place: Mapping[str, str]) -> VendorJob:
        return _job(await asked(_sent(lambda: self._jobs.retrieve(id))))

    async def cancel(self, id: str, place: Mapping[str, str]) -> None:
        try:
            await asked(_sent(lambda: self._jobs.cancel(id)))
        except TuningRefused as refused:
            if refused.passing or refused.gone:
                raise
            # It has ended meanwhile: the next poll tells how.

    async def uploads(self, name: str, place: Mapping[str, str]) -> Sequence[str]:
        return [id for each in await self._named(name) if (id := text_of(each.get("id"))) is not None]

    async def discard(self, file: str, name: str, place: Mapping[str, str]) -> None:
        try:
            await asked(_sent(lambda: self._files.delete(file)))
        except TuningRefused as refused:
            if not refused.gone:
                raise

    async def _named(self, name: str) -> list[dict[str, Any]]:
        known = await asked(_sent(lambda: self._files.list(purpose="fine-tune")))
        return [each for each in objects(known.get("data")) if each.get("filename") == name]

    async def _listed(self, attempt: str) -> Any:
        after: str | openai.Omit = openai.omit
        for _ in range(PAGES):
            page = await asked(
                _sent(partial(self._jobs.list, limit=PAGE, after=after, metadata={NAME: attempt}))
            )
            jobs = objects(page.get("data"))
            for each in jobs:
                yield each
            last = text_of(jobs[-1].get("id")) if jobs else None
            if not page.get("has_more") or last is None or last == after:
                return
            after = last
        raise TuningRefused("list_too_long", passing=True)


def _sent(call: Callable[[], Awaitable[_Raw]]) -> Callable[[], Awaitable[httpx2.Response]]:
    """Its errors are the client's again: the SDK wraps them."""

    async def ask() -> httpx2.Response:
        try:
            return (await call()).http_response
        except openai.APIStatusError as error:
            return error.response
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, httpx2.TransportError):
                raise error.__cause__ from None
            raise httpx2.ReadError("the connection broke", request=error.request) from None

    return ask


def _id(made: Mapping[str, Any]) -> str:
    """Raises TuningRefused."""
    id = text_of(made.get("id"))
    if id is None:
        raise TuningRefused("nonsense", passing=True)
    return id


def _job(told: Mapping[str, Any]) -> VendorJob:
    word, model = word_of(told.get("status")), text_of(told.get("fine_tuned_model"))
    state = STATES.get(word, "unknown")
    error = told.get("error")
    metadata = told.get("metadata")
    return VendorJob(
        id=_id(told),
        # The model's name may come a moment later than the word.
        state="unknown" if state == "succeeded" and model is None else state,
        word=word,
        attempt=text_of(metadata.get(NAME)) if isinstance(metadata, dict) else None,
        model=model,
        tokens=count_of(told.get("trained_tokens")),
        code=text_of(error.get("code"), 60) if isinstance(error, dict) else None,
    )
