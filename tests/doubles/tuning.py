"""Servers that speak the three vendors' fine-tuning APIs on loopback: they have jobs and files, lose answers, and list late."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.doubles.wire import Call, Reply, Wire, serving

PAGE = 2
"""Jobs of a page of a list, whatever page is asked for: a vendor may give fewer."""


@dataclass
class Job:
    """As the vendor has it. `late`: looks at the list that do not see it yet; from `shown_at` on the list shows it, from `known_at` on it is found by its id."""

    id: str
    attempt: str
    body: dict[str, Any]
    word: str
    model: str | None = None
    tokens: int | None = None
    late: int = 0
    shown_at: datetime | None = None
    known_at: datetime | None = None
    cancelled: bool = False


@dataclass
class File:
    id: str
    name: str
    content: bytes = b""


def fine(submission: int) -> str:
    return "ok"


class Vendor(Wire):
    """`fate` says what becomes of each submission, from 1: `ok`; `lost` and `500-made`, where the job is made; `500`, `429`, `400`, where it
    is not. `late`: how many looks at the list do not see a new job; `lag`: for how long they do not, by `clock`; `unknown`: for how long it is not found by its id. `faults`: statuses of the next calls that are no submissions."""

    KEY = "key-of-tuning"
    QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "succeeded", "failed", "cancelled"

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.jobs: list[Job] = []
        self.files: dict[str, File] = {}
        self.fate: Callable[[int], str] = fine
        self.late = 0
        self.clock: Callable[[], datetime] | None = None
        self.lag = self.unknown = timedelta()
        self.faults: list[int] = []
        self.submissions = self.looks = self.uploads = 0
        self.foreign(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def key(self) -> str:
        """As a tenant sets it."""
        return self.KEY

    def ours(self, attempts: str = "rt") -> list[Job]:
        return [job for job in self.jobs if job.attempt.startswith(attempts)]

    def foreign(self, count: int) -> None:
        """Jobs of others."""
        for number in range(count):
            id = f"ftjob-other{len(self.jobs)}"
            self.jobs.append(Job(id, f"other{number}", {}, self.DONE, model="m"))

    def end(self, job: Job, word: str, model: str | None = None, tokens: int | None = None) -> None:
        job.word, job.model, job.tokens = word, model, tokens

    def _reply(self, call: Call) -> Reply:
        path, query = urlsplit(call.path).path, parse_qs(urlsplit(call.path).query)
        submits = self._submits(call.method, path)
        if not submits and self.faults and "/token" not in path:
            status = self.faults.pop(0)
            return self._error(status, {"Retry-After": "7"} if status == 429 else {})
        if submits:
            self.submissions += 1
            return self._submitted(call, self.fate(self.submissions))
        return self._others(call, path, query)

    def _submitted(self, call: Call, fate: str) -> Reply:
        if fate in ("400", "500", "429"):
            return self._error(int(fate), {"Retry-After": "7"} if fate == "429" else {})
        job = self._make(call)
        job.late = self.late
        if self.clock is not None:
            job.shown_at, job.known_at = self.clock() + self.lag, self.clock() + self.unknown
        self.jobs.append(job)
        if fate == "lost":
            return Reply(raw=b"")
        if fate == "500-made":
            return self._error(500, {})
        return _json(self._told(job))

    def _find(self, id: str) -> Job | None:
        job = next((job for job in self.jobs if job.id == id), None)
        known = job is None or job.known_at is None or self.clock is None or job.known_at <= self.clock()
        return job if known else None

    def _listed(self) -> list[Job]:
        """The newest first."""
        self.looks += 1
        seen = [job for job in self._shown() if job.late <= 0]
        for job in self.jobs:
            job.late -= 1
        return seen

    def _shown(self) -> list[Job]:
        """Those that the list may show, the newest first."""
        now = None if self.clock is None else self.clock()
        return [job for job in reversed(self.jobs) if now is None or not job.shown_at or job.shown_at <= now]

    def _cancel(self, job: Job | None) -> Reply:
        if job is None:
            return self._error(404, {})
        if job.word in (self.DONE, self.FAILED, self.CANCELLED):
            return self._error(400, {})
        job.word, job.cancelled = self.CANCELLED, True
        return _json(self._told(job))

    def _error(self, status: int, fields: dict[str, str]) -> Reply:
        body = {
            "error": {"message": "private words", "code": {429: "rate_limit_exceeded"}.get(status, "bad")}
        }
        return Reply(status=status, body=json.dumps(body).encode(), fields=fields)

    def _submits(self, method: str, path: str) -> bool:
        raise NotImplementedError

    def _make(self, call: Call) -> Job:
        raise NotImplementedError

    def _told(self, job: Job) -> dict[str, Any]:
        raise NotImplementedError

    def _others(self, call: Call, path: str, query: dict[str, list[str]]) -> Reply:
        raise NotImplementedError


class OpenAIVendor(Vendor):
    """Filters its list by metadata, in pages; `status` may be a word that nobody knows."""

    filters = True

    def _submits(self, method: str, path: str) -> bool:
        return method == "POST" and path.endswith("/fine_tuning/jobs")

    def _make(self, call: Call) -> Job:
        body = call.body
        assert body["training_file"] in self.files
        assert re.fullmatch(r"[a-z0-9]{1,64}", body["suffix"])
        return Job(f"ftjob-{len(self.jobs)}", body["metadata"]["retrace_attempt"], body, "validating_files")

    def _told(self, job: Job) -> dict[str, Any]:
        return {
            "object": "fine_tuning.job",
            "id": job.id,
            "model": job.body.get("model", "m"),
            "created_at": 1,
            "status": job.word,
            "fine_tuned_model": job.model,
            "trained_tokens": job.tokens,
            "metadata": {"retrace_attempt": job.attempt} if job.body else None,
            "error": {"code": "invalid_training_file", "message": "private words"}
            if job.word == "failed"
            else {},
            "unheard_of": {"by": ["anybody"]},
        }

    def _others(self, call: Call, path: str, query: dict[str, list[str]]) -> Reply:
        assert call.fields["authorization"] == f"Bearer {self.KEY}"
        rest = path.partition("/v1")[2]
        if rest == "/files":
            if call.method == "POST":
                return self._uploaded(call)
            listed = [self._file(file) for file in self.files.values()]
            return _json({"object": "list", "data": listed, "has_more": False})
        if rest.startswith("/files/"):
            there = self.files.pop(rest.removeprefix("/files/"), None)
            return self._error(404, {}) if there is None else _json({"id": there.id, "deleted": True})
        if rest == "/fine_tuning/jobs":
            return self._page(query)
        id = rest.split("/")[3]
        if rest.endswith("/cancel"):
            return self._cancel(self._find(id))
        job = self._find(id)
        return self._error(404, {}) if job is None else _json(self._told(job))

    def _uploaded(self, call: Call) -> Reply:
        self.uploads += 1
        parts = _parts(call)
        assert parts["purpose"] == (None, b"fine-tune")
        name, content = parts["file"]
        file = File(f"file-{self.uploads}", name or "", content)
        self.files[file.id] = file
        return _json(self._file(file))

    def _file(self, file: File) -> dict[str, Any]:
        return {
            "object": "file",
            "id": file.id,
            "filename": file.name,
            "bytes": len(file.content),
            "status": "processed",
        }

    def _page(self, query: dict[str, list[str]]) -> Reply:
        wanted = query.get("metadata[retrace_attempt]", [None])[0]
        jobs = self._listed() if "after" not in query else [job for job in self._shown() if job.late < 0]
        if self.filters and wanted is not None:
            jobs = [job for job in jobs if job.attempt == wanted]
        ids = [job.id for job in jobs]
        begin = ids.index(query["after"][0]) + 1 if "after" in query else 0
        page = jobs[begin : begin + PAGE]
        more = begin + PAGE < len(jobs)
        return _json({"object": "list", "data": [self._told(job) for job in page], "has_more": more})


class TogetherVendor(Vendor):
    """Lists all in one page; a file goes to another place; the same content is there once."""

    QUEUED, RUNNING, DONE, FAILED, CANCELLED = "pending", "running", "completed", "error", "cancelled"

    def _submits(self, method: str, path: str) -> bool:
        return method == "POST" and path.endswith("/v1/fine-tunes")

    def _make(self, call: Call) -> Job:
        body = call.body
        assert self.files[body["training_file"]].content
        assert len(body["suffix"]) <= 40
        return Job(f"ft-{len(self.jobs)}", body["suffix"], body, "pending")

    def _told(self, job: Job) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": job.id,
            "status": job.word,
            "model": job.body.get("model"),
            "model_output_name": job.model,
            "token_count": job.tokens,
            "total_price": None if job.tokens is None else job.tokens * 5_000,
            "created_at": "2026-11-28T10:00:00Z",
            "updated_at": "2026-11-28T10:00:00Z",
            "user_id": "u",
        }
        # Its list may tell the name of the model alone.
        return told | ({"suffix": job.attempt} if job.model is None else {})

    def _others(self, call: Call, path: str, query: dict[str, list[str]]) -> Reply:
        if path.startswith("/storage/"):
            assert "authorization" not in call.fields
            self.files[path.removeprefix("/storage/")].content = call.content
            return Reply(body=b"")
        assert call.fields["authorization"] == f"Bearer {self.KEY}"
        rest = path.partition("/v1")[2]
        if rest == "/files" and call.method == "GET":
            listed = [
                {"id": file.id, "object": "file", "filename": file.name} for file in self.files.values()
            ]
            return _json({"data": listed})
        if rest == "/files":
            return self._named(call)
        if rest.startswith("/files/"):
            id = rest.split("/")[2]
            if id not in self.files:
                return self._error(404, {})
            file = self.files.pop(id) if call.method == "DELETE" else self.files[id]
            return _json({"id": id, "object": "file", "filename": file.name})
        if rest == "/fine-tunes":
            return _json({"data": [self._told(job) for job in self._listed()]})
        id = rest.split("/")[2]
        if rest.endswith("/cancel"):
            return self._cancel(self._find(id))
        job = self._find(id)
        return self._error(404, {}) if job is None else _json(self._told(job))

    def _named(self, call: Call) -> Reply:
        parts = {name: value.decode() for name, (_, value) in _parts(call).items()}
        for file in self.files.values():
            if file.id == f"file-{parts['checksum'][:12]}" and file.content:
                return Reply(status=409, body=json.dumps({"file_id": file.id}).encode())
        self.uploads += 1
        file = File(f"file-{parts['checksum'][:12]}", parts["file_name"])
        self.files[file.id] = file
        where = {"Location": f"http://127.0.0.1:{self.port}/storage/{file.id}", "X-Together-File-Id": file.id}
        return Reply(status=302, fields=where, body=b"")


class VertexVendor(Vendor):
    """With a token for a signed assertion; a bucket beside it; a list in pages."""

    QUEUED, RUNNING, DONE = "JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_SUCCEEDED"
    FAILED, CANCELLED = "JOB_STATE_FAILED", "JOB_STATE_CANCELLED"
    tokens_given = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        return service_account()

    def _submits(self, method: str, path: str) -> bool:
        return method == "POST" and path.endswith("/tuningJobs")

    def _make(self, call: Call) -> Job:
        body = call.body
        assert body["supervisedTuningSpec"]["trainingDatasetUri"] in self.files
        return Job(
            f"projects/shop-1/locations/us-central1/tuningJobs/{len(self.jobs)}",
            body["labels"]["retrace-attempt"],
            body,
            "JOB_STATE_QUEUED",
        )

    def _told(self, job: Job) -> dict[str, Any]:
        told: dict[str, Any] = {"name": job.id, "state": job.word, "unheardOf": 1}
        if job.body:
            told |= {"labels": {"retrace-attempt": job.attempt}}
            told |= {"supervisedTuningSpec": {**job.body["supervisedTuningSpec"]}}
        if job.model is not None and job.body:
            told["tunedModel"] = {
                "endpoint": job.model,
                "model": "projects/shop-1/locations/us-central1/models/1",
            }
        if job.tokens is not None:
            told["tuningDataStats"] = {
                "supervisedTuningDataStats": {"totalBillableTokenCount": str(job.tokens)}
            }
            told["supervisedTuningSpec"]["hyperParameters"] = {"epochCount": "2"}
        return told

    def _others(self, call: Call, path: str, query: dict[str, list[str]]) -> Reply:
        if path.endswith("/token"):
            self.tokens_given += 1
            claims = call.body["assertion"].split(".")[1]
            facts = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
            assert facts["aud"] == "https://oauth2.googleapis.com/token"
            assert facts["iss"] == "tuner@shop-1.example"
            return _json({"access_token": self.KEY, "expires_in": 3600, "token_type": "Bearer"})
        assert call.fields["authorization"] == f"Bearer {self.KEY}"
        if path.startswith("/upload/storage/"):
            self.uploads += 1
            name = f"gs://{path.split('/')[5]}/{query['name'][0]}"
            self.files[name] = File(name, query["name"][0], call.content)
            return _json({"name": query["name"][0]})
        if path.startswith("/storage/v1/"):
            _, _, _, _, bucket, _, name = path.split("/")
            there = self.files.pop(f"gs://{bucket}/{unquote(name)}", None)
            return self._error(404, {}) if there is None else Reply(status=204, body=b"")
        if path.endswith("/tuningJobs"):
            return self._page(query)
        id = path.removeprefix("/v1beta1/")
        if id.endswith(":cancel"):
            found = self._cancel(self._find(id.removesuffix(":cancel")))
            return _json({}) if found.status == 200 else found
        job = self._find(id)
        return self._error(404, {}) if job is None else _json(self._told(job))

    def _page(self, query: dict[str, list[str]]) -> Reply:
        begin = int(query.get("pageToken", ["0"])[0])
        jobs = self._listed() if begin == 0 else [job for job in self._shown() if job.late < 0]
        page = {"tuningJobs": [self._told(job) for job in jobs[begin : begin + PAGE]]}
        more = {"nextPageToken": str(begin + PAGE)} if begin + PAGE < len(jobs) else {}
        return _json(page | more)

    def _error(self, status: int, fields: dict[str, str]) -> Reply:
        word = {429: "RESOURCE_EXHAUSTED", 404: "NOT_FOUND", 400: "INVALID_ARGUMENT"}.get(status, "INTERNAL")
        body = {"error": {"code": status, "message": "private words", "status": word}}
        return Reply(status=status, body=json.dumps(body).encode(), fields=fields)


VENDORS: dict[str, type[Vendor]] = {
    "openai": OpenAIVendor,
    "together": TogetherVendor,
    "vertex": VertexVendor,
}
PLACES: dict[str, dict[str, str]] = {"vertex": {"location": "us-central1", "bucket": "shop-bucket"}}
MODELS = {"openai": "gpt-4o-mini", "together": "openai/gpt-oss-20b", "vertex": "gemini-2.5-flash-lite"}
TUNED = {
    "openai": "ft:gpt-4o-mini:shop:rt:1",
    "together": "shop/gpt-oss-20b-tuned",
    "vertex": "projects/shop-1/locations/us-central1/endpoints/77",
}


@asynccontextmanager
async def tuning_vendor(provider: str) -> AsyncIterator[Vendor]:
    vendor = VENDORS[provider]()
    async with serving(vendor):
        yield vendor


@cache
def service_account() -> str:
    """A key file in base64."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, *form).decode()
    facts = {"type": "service_account", "project_id": "shop-1", "private_key": pem}
    facts |= {"client_email": "tuner@shop-1.example", "token_uri": "http://10.0.0.1/steal"}
    return base64.b64encode(json.dumps(facts).encode()).decode()


def _json(body: dict[str, Any]) -> Reply:
    return Reply(body=json.dumps(body).encode())


def _parts(call: Call) -> dict[str, tuple[str | None, bytes]]:
    """Of a multipart form: file's name and content by field."""
    boundary = call.fields["content-type"].partition("boundary=")[2].strip('"').encode()
    found = {}
    for part in call.content.split(b"--" + boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        names = dict(re.findall(r'(\bname|filename)="([^"]*)"', head.decode()))
        found[names["name"]] = names.get("filename"), content.removesuffix(b"\r\n")
    return found
