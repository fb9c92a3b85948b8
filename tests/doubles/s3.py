"""An S3-compatible object store on loopback: one bucket, path style, Signature Version 4 checked on every request (docs.aws.amazon.com/AmazonS3/latest/API)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.doubles.wire import Call, Reply, Wire, serving

BUCKET, KEY, SECRET, REGION = "shop", "AKIADOUBLE", "secret-of-the-double", "eu-central-1"
PAGE = 3
"""Keys of one list: those that follow are asked for again."""


@dataclass(frozen=True)
class Object:
    content: bytes
    at: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


class S3(Wire):
    """`objects` by their keys. `faults`: (status, code) of the next requests, one each; `always`: of all. `cuts`: after so many bytes a download ends, once. `versions`: it keeps them. `denied`: methods that nobody may use."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.objects: dict[str, Object] = {}
        self.faults: list[tuple[int, str]] = []
        self.always: tuple[int, str] | None = None
        self.cuts: list[int] = []
        self.versions = False
        self.denied: set[str] = set()
        self.token: str | None = None
        self.slow = 0.0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, prefix: str = "retrace") -> str:
        """As RETRACE_FILES has it."""
        return f"s3://{BUCKET}/{prefix}?endpoint={self.endpoint}&region={REGION}"

    @property
    def environment(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}

    def _reply(self, call: Call) -> Reply:
        fault = self.always or (self.faults.pop(0) if self.faults else None) or self._refusal(call)
        if fault is not None:
            return _error(*fault)
        parts = urlsplit(call.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        if call.method in self.denied:
            return _error(403, "AccessDenied")
        if bucket != BUCKET:
            return _error(404, "NoSuchBucket")
        if not key:
            return self._list(dict(parse_qsl(parts.query, keep_blank_values=True)))
        match call.method:
            case "PUT" if not parts.query:
                self.objects[key] = Object(call.content, datetime.now(UTC))
                more = {"x-amz-version-id": "v1"} if self.versions else {}
                return Reply(fields={"ETag": self.objects[key].etag, **more}, body=b"", delay=self.slow)
            case "DELETE" if not parts.query:
                self.objects.pop(key, None)
                return Reply(204, body=b"")
            case "GET" if key in self.objects:
                return self._get(self.objects[key], call.fields.get("range"))
            case "GET":
                return _error(404, "NoSuchKey")
        return _error(501, "NotImplemented")

    def _get(self, found: Object, asked: str | None) -> Reply:
        content, status, more = found.content, 200, {}
        if asked is not None:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            end = min(int(last or len(content) - 1), len(content) - 1)
            more = {"Content-Range": f"bytes {first}-{end}/{len(content)}"}
            content, status = content[int(first) : end + 1], 206
        fields = {
            "ETag": found.etag,
            "Last-Modified": format_datetime(found.at, usegmt=True),
            "Content-Type": "application/octet-stream",
            **more,
        }
        if self.cuts:
            end = self.cuts.pop(0)
            lines = "".join(
                f"{name}: {value}\r\n"
                for name, value in {**fields, "Content-Length": str(len(content))}.items()
            )
            return Reply(raw=f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + content[:end])
        return Reply(status, fields, content)

    def _list(self, asked: dict[str, str]) -> Reply:
        if asked.get("list-type") != "2":
            return _error(501, "NotImplemented")
        prefix, after = asked.get("prefix", ""), asked.get("continuation-token", "")
        names = [each for each in self._names(prefix, asked.get("delimiter", "")) if each > after]
        page, left = names[:PAGE], names[PAGE:]
        rows = "".join(
            f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
            if name not in self.objects
            else f"<Contents><Key>{escape(name)}</Key><LastModified>{self.objects[name].at.strftime('%Y-%m-%dT%H:%M:%S.000Z')}</LastModified>"
            f"<ETag>{escape(self.objects[name].etag)}</ETag><Size>{len(self.objects[name].content)}</Size></Contents>"
            for name in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if left else ""
        text = (
            f"<ListBucketResult><Name>{BUCKET}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>"
            f"<IsTruncated>{'true' if left else 'false'}</IsTruncated>{token}{rows}</ListBucketResult>"
        )
        return Reply(fields={"Content-Type": "application/xml"}, body=text.encode())

    def _names(self, prefix: str, delimiter: str) -> list[str]:
        found = set()
        for key in self.objects:
            if key.startswith(prefix):
                rest, end, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
                found.add(prefix + rest + end if end else key)
        return sorted(found)

    def _refusal(self, call: Call) -> tuple[int, str] | None:
        """What speaks against its signature."""
        given = dict(_words(call.fields.get("authorization", "").removeprefix("AWS4-HMAC-SHA256 ")))
        key, _, scope = given.get("Credential", "").partition("/")
        if not key or call.fields.get("x-amz-security-token") != self.token:
            return 403, "AccessDenied" if not key else "InvalidToken"
        if key != KEY:
            return 403, "InvalidAccessKeyId"
        if scope.split("/")[1:] != [REGION, "s3", "aws4_request"]:
            return 400, "AuthorizationHeaderMalformed"
        digest = call.fields["x-amz-content-sha256"]
        if digest != hashlib.sha256(call.content).hexdigest():
            return 400, "XAmzContentSHA256Mismatch"
        return (
            None
            if given["Signature"] == _signature(call, given["SignedHeaders"], scope)
            else (403, "SignatureDoesNotMatch")
        )


def _words(text: str) -> Iterator[tuple[str, str]]:
    for each in text.split(","):
        name, _, value = each.strip().partition("=")
        yield name, value


def _signature(call: Call, signed: str, scope: str) -> str:
    parts = urlsplit(call.path)
    query = "&".join(
        sorted(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in parse_qsl(parts.query, True))
    )
    headers = "".join(f"{name}:{' '.join(call.fields[name].split())}\n" for name in signed.split(";"))
    asked = "\n".join([call.method, parts.path, query, headers, signed, call.fields["x-amz-content-sha256"]])
    text = "\n".join(
        ["AWS4-HMAC-SHA256", call.fields["x-amz-date"], scope, hashlib.sha256(asked.encode()).hexdigest()]
    )
    key = f"AWS4{SECRET}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def _error(status: int, code: str) -> Reply:
    """With what a store tells of the request, which is nobody else's matter."""
    text = (
        f"<Error><Code>{code}</Code><Message>{SECRET}</Message><AWSAccessKeyId>{KEY}</AWSAccessKeyId></Error>"
    )
    return Reply(status, {"Content-Type": "application/xml"}, text.encode())


@asynccontextmanager
async def s3_double() -> AsyncIterator[S3]:
    double = S3()
    async with serving(double):
        yield double
