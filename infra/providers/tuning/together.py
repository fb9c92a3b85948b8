"""Fine-tuning at Together, by its HTTP API. The attempt's name is the suffix of the model that is made, which its list tells.

By our own client: its package asks for limits and prices on the way, repeats what failed, and follows redirects.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

from application.ports import TuningFile, TuningRefused, TuningRequest, VendorJob
from domain.learning.tuning_job import VendorState
from infra.outgoing.client import Outgoing
from infra.providers.tuning.asking import (
    PATIENCE,
    answered,
    asked,
    count_of,
    objects,
    refusal,
    submitted,
    text_of,
    word_of,
)

STATES: Mapping[str, VendorState] = {
    "pending": "queued",
    "queued": "queued",
    "running": "running",
    "compressing": "running",
    "uploading": "running",
    "cancel_requested": "running",
    "completed": "succeeded",
    "error": "failed",
    "user_error": "failed",
    "cancelled": "cancelled",
}
NANO = Decimal("1e-9")
"""Prices are told in thousand-millionths of a USD."""


class TogetherTuner:
    """`base_url` ends in /v1."""

    def __init__(self, *, key: str, base_url: str, http: Outgoing) -> None:
        self._url, self._http = base_url.rstrip("/"), http
        self._key = {"Authorization": f"Bearer {key}"}

    async def upload(self, file: TuningFile, place: Mapping[str, str]) -> str:
        """In three steps: it names a place and an id, the content goes there, and it is told so."""
        fields = {
            "purpose": "fine-tune",
            "file_name": file.name,
            "file_type": "jsonl",
            "checksum": sha256(file.content).hexdigest(),
        }
        form: Any = {name: (None, value) for name, value in fields.items()}
        named = await self._named(form)
        if isinstance(named, str):  # a file with this content is there already
            return named
        id, where = named
        put = {"Content-Type": "application/octet-stream"}  # the key stays here
        await answered(lambda: self._http.put(where, content=file.content, headers=put, timeout=PATIENCE))
        await asked(lambda: self._ask("POST", f"/files/{quote(id, safe='')}/preprocess"))
        return id

    async def submit(self, request: TuningRequest) -> VendorJob:
        body: dict[str, Any] = {
            "model": request.model,
            "training_file": request.files["train"],
            "suffix": request.attempt,
            "n_epochs": request.epochs or 1,
            "n_checkpoints": 1,
        }
        if validation := request.files.get("validation"):
            body |= {"validation_file": validation, "n_evals": 1}
        return _job(await submitted(lambda: self._ask("POST", "/fine-tunes", json=body)))

    async def find(self, attempts: Collection[str], place: Mapping[str, str]) -> Sequence[VendorJob]:
        """Its list is one page, with all there are."""
        listed = await asked(lambda: self._ask("GET", "/fine-tunes"))
        if not isinstance(listed.get("data"), list):
            raise TuningRefused("nonsense", passing=True)
        jobs = [_job(each) for each in objects(listed["data"]) if text_of(each.get("id"))]
        return [job for job in jobs if _attempt(job, attempts) is not None]

    async def job(self, id: str, place: Mapping[str, str]) -> VendorJob:
        return _job(await asked(lambda: self._ask("GET", f"/fine-tunes/{quote(id, safe='')}")))

    async def cancel(self, id: str, place: Mapping[str, str]) -> None:
        try:
            await asked(lambda: self._ask("POST", f"/fine-tunes/{quote(id, safe='')}/cancel"))
        except TuningRefused as refused:
            if refused.passing or refused.gone:
                raise

    async def uploads(self, name: str, place: Mapping[str, str]) -> Sequence[str]:
        listed = await asked(lambda: self._ask("GET", "/files"))
        named = [each for each in objects(listed.get("data")) if each.get("filename") == name]
        return [id for each in named if (id := text_of(each.get("id"))) is not None]

    async def discard(self, file: str, name: str, place: Mapping[str, str]) -> None:
        path = f"/files/{quote(file, safe='')}"
        try:
            known = await asked(lambda: self._ask("GET", path))
            if known.get("filename") == name:  # else it was there before, for somebody else
                await asked(lambda: self._ask("DELETE", path))
        except TuningRefused as refused:
            if not refused.gone:
                raise

    async def _named(self, form: Any) -> tuple[str, str] | str:
        """Id and place for a file, or the id of one that is there. Raises TuningRefused."""
        try:
            response = await self._ask("POST", "/files", files=form)
        except httpx2.TransportError:
            raise TuningRefused("unreachable", passing=True) from None
        if response.status_code == 409:
            there = await asked(lambda: _again(response))
            if (id := text_of(there.get("file_id"))) is not None:
                return id
        if response.status_code not in (200, 302):
            raise refusal(response.status_code, response.content, response.headers)
        id = text_of(response.headers.get("x-together-file-id"))
        where = response.headers.get("location", "")
        # Where it is asked over TLS, the content goes no other way.
        allowed = ("https",) if self._url.startswith("https:") else ("https", "http")
        if id is None or urlsplit(where).scheme not in allowed:
            raise TuningRefused("nonsense", passing=True)
        return id, where

    async def _ask(self, method: str, path: str, **request: Any) -> httpx2.Response:
        return await self._http.request(
            method, f"{self._url}{path}", headers=self._key, timeout=PATIENCE, **request
        )


async def _again(response: httpx2.Response) -> httpx2.Response:
    return httpx2.Response(200, content=response.content)


def _attempt(job: VendorJob, attempts: Collection[str]) -> str | None:
    return job.attempt if job.attempt in attempts else None


def _job(told: Mapping[str, Any]) -> VendorJob:
    id = text_of(told.get("id"))
    if id is None:
        raise TuningRefused("nonsense", passing=True)
    word, model = word_of(told.get("status")), text_of(told.get("model_output_name"))
    state, price = STATES.get(word, "unknown"), count_of(told.get("total_price"))
    return VendorJob(
        id=id,
        state="unknown" if state == "succeeded" and model is None else state,
        word=word,
        attempt=text_of(told.get("suffix")) or _suffix(model),
        model=model,
        tokens=count_of(told.get("token_count")),
        cost=None if not price or state == "queued" else price * NANO,
        code="error" if state == "failed" else None,
    )


def _suffix(model: str | None) -> str | None:
    """Of a model's name, as account/Base-Model-SUFFIX-0a1b2c3d."""
    parts = (model or "").split("-")
    return next((part for part in reversed(parts) if len(part) == 36 and part.startswith("rt")), None)
