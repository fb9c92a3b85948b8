"""Images and files in a message, in OpenAI's form: data URLs, and addresses that are fetched here.

https://platform.openai.com/docs/guides/images-vision, …/guides/pdf-files
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal
from uuid import UUID, uuid4

import msgspec
from msgspec import Meta

from domain.models.attachment import Attachment
from interfaces.http.chat.unasked import refused

LONGEST_ADDRESS = 4_096
Detail = Literal["auto", "low", "high"]


class ImageUrl(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url`: a data URL in base64, or an address with https."""

    url: Annotated[str, Meta(min_length=1)]
    detail: Detail | None = None


class FileIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`file_data`: a data URL in base64, or the base64 alone. There are no uploaded files here that `file_id` could name."""

    filename: Annotated[str, Meta(max_length=256)] | None = None
    file_data: str | None = None
    file_id: None = None


class Given(msgspec.Struct, frozen=True):
    """An attachment under an id of its own until its content is known, and the content where it came along."""

    attachment: Attachment
    content: bytes | None


def image_of(image: ImageUrl, at: int, place: str) -> Given:
    """Raises Invalid."""
    return image_at(image.url, at, f"{place}.image_url.url", image.detail)


def image_at(url: str, at: int, place: str, detail: Detail | None) -> Given:
    """`place`: of the address in the body. Raises Invalid."""
    if url.startswith("data:"):
        content = _decoded(url, place)
        return Given(_attachment(uuid4(), "image", at, len(content), detail=detail), content)
    return Given(_attachment(uuid4(), "image", at, 0, url=_address(url, place), detail=detail), None)


def file_at(url: str, at: int, place: str, name: str | None) -> Given:
    """One that is fetched here. Raises Invalid."""
    return Given(_attachment(uuid4(), "file", at, 0, url=_address(url, place), name=name), None)


def file_with(data: str, at: int, place: str, name: str | None) -> Given:
    """Raises Invalid."""
    content = _decoded(data, place)
    return Given(_attachment(uuid4(), "file", at, len(content), name=name), content)


def file_of(file: FileIn, at: int, place: str) -> Given:
    """Raises Invalid."""
    if file.file_data is None:
        raise refused(
            f"{place}.file.file_data", "the file's content is missing; send it as a data URL in base64"
        )
    return file_with(file.file_data, at, f"{place}.file.file_data", file.filename)


def _address(url: str, place: str) -> str:
    if len(url) <= LONGEST_ADDRESS and url.startswith(("https://", "http://")):
        return url
    text = f"it is a data URL in base64, or an address with https:// of at most {LONGEST_ADDRESS} characters"
    raise refused(place, text)


def _attachment(
    id: UUID,
    kind: Literal["image", "file"],
    at: int,
    size: int,
    *,
    name: str | None = None,
    url: str | None = None,
    detail: Detail | None = None,
) -> Attachment:
    return Attachment(id=id, kind=kind, content_type="", size=size, at=at, name=name, url=url, detail=detail)


def _decoded(text: str, place: str) -> bytes:
    """Of a data URL, or of base64 alone. What type it says it is does not matter."""
    head, comma, data = text.partition(",") if text.startswith("data:") else ("base64", ",", text)
    if comma and head.endswith("base64"):
        try:
            return base64.b64decode(data.strip(), validate=True)
        except (binascii.Error, ValueError):
            pass
    raise refused(place, "it is no base64; send data:TYPE;base64, and the content")
