"""A form with one file, taken in piece by piece: no more of it is ever in memory than one piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from multipart import MultipartSegment, ParserError, ParserLimitReached, PushMultipartParser

from application.ports import Spool
from domain.base.errors import Invalid
from domain.retrieval.document import LARGEST
from interfaces.http.base.gate import MULTIPART
from interfaces.http.base.problem_kinds import bytes_told

FILE = "file"
HOW = f"send a form with one field, `{FILE}`: the content with its file name"


@dataclass
class UploadOperation(Operation):
    """The form in the description at /schema, which is made from what handlers take otherwise."""

    def __post_init__(self) -> None:
        file = Schema(type=OpenAPIType.STRING, content_media_type="application/octet-stream")
        form = Schema(type=OpenAPIType.OBJECT, properties={FILE: file}, required=[FILE], title="UploadIn")
        self.request_body = RequestBody(content={MULTIPART: OpenAPIMediaType(schema=form)}, required=True)


async def read_form(request: Request[Any, Any, Any], spool: Spool) -> str:
    """Put the file of a form into `spool`; returns its name. Raises Invalid, HTTPException (413, 415)."""
    kind, options = request.content_type
    if kind != MULTIPART:
        raise HTTPException(status_code=415, detail=f"send the body as {MULTIPART}")
    name: str | None = None
    try:
        with PushMultipartParser(options.get("boundary", ""), max_segment_count=1) as parser:
            async for piece in request.stream():
                for part in parser.parse(piece):
                    if isinstance(part, MultipartSegment):
                        name = _name(part)
                    elif part:
                        await _take(spool, bytes(part))
    except (ParserError, ParserLimitReached):
        raise Invalid(f"the body is no such form; {HOW}") from None
    if name is None:
        raise Invalid(f"the form is empty; {HOW}")
    return name


def _name(part: MultipartSegment) -> str:
    if part.name != FILE or not part.filename:
        raise Invalid(f"the form has another field, or one without a file name; {HOW}")
    return str(part.filename)


async def _take(spool: Spool, data: bytes) -> None:
    await spool.write(data)
    if spool.size > LARGEST:
        raise HTTPException(
            status_code=413,
            detail=f"a file may have at most {bytes_told(LARGEST)}; send a smaller one, or parts of it",
        )
