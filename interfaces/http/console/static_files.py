"""The console's own files: its style sheet. What a page loads comes from here, and from nowhere else."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.params import FromPath

from domain.base.errors import NotFound

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FILES = {
    file.name: (file.read_bytes(), MEDIA_TYPES[file.suffix])
    for file in (Path(__file__).parent / "static").iterdir()
    if file.suffix in MEDIA_TYPES
}
"""By name: nothing else is given out."""

TAGS = {name: f'"{sha256(content).hexdigest()[:16]}"' for name, (content, _) in FILES.items()}


@get("/console/static/{name:str}")
async def read(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """One of them; looked at again each time, and sent only where it has changed."""
    if name not in FILES:
        raise NotFound("there is no such file")
    content, media_type = FILES[name]
    headers = {"ETag": TAGS[name], "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    if TAGS[name] in request.headers.get("If-None-Match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(content, headers=headers, media_type=media_type)


ROUTER = Router("/", route_handlers=[read], include_in_schema=False)
