"""The console's own files: style sheet, scripts. What a page loads comes from here, and from nowhere else.

An address has the file's digest in it, so browsers keep it for a year; each file is compressed once. Pages are not compressed: they hold
secrets beside what others wrote, and their length would tell of both (BREACH).
"""

from __future__ import annotations

import gzip
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Request, Response, Router, get
from litestar.params import FromPath

from domain.base.errors import NotFound

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FOREVER, AGAIN = "public, max-age=31536000, immutable", "no-cache"


class File(NamedTuple):
    content: bytes
    packed: bytes
    media_type: str
    digest: str


def _file(path: Path) -> File:
    content = path.read_bytes()
    digest = sha256(content).hexdigest()[:16]
    return File(content, gzip.compress(content, 9, mtime=0), MEDIA_TYPES[path.suffix], digest)


FILES = {
    path.name: _file(path)
    for path in (Path(__file__).parent / "static").rglob("*")
    if path.suffix in MEDIA_TYPES
}
"""By name: nothing else is given out."""


def path_of(name: str) -> str:
    """A file's address, below the service's root."""
    return f"/console/static/{FILES[name].digest}/{name}"


@get("/console/static/{digest:str}/{name:str}")
async def read(
    digest: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """One of them. Under another digest (a page of another version asks) it is as it is here, and is not kept."""
    file = FILES.get(name)
    if file is None:
        raise NotFound("there is no such file")
    headers = {
        "Cache-Control": FOREVER if digest == file.digest else AGAIN,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(file.packed, headers=headers, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)


ROUTER = Router("/", route_handlers=[read], include_in_schema=False)
