"""What a content is, by the content itself: images and PDF files that models read. Pure; headers alone are read, and nothing is unpacked."""

from __future__ import annotations

import re
import struct
from typing import Literal

import msgspec

PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
PACKED_PAGE = 20_000
"""Bytes of a page of a PDF whose pages are packed, as a careful guess."""


class Recognised(msgspec.Struct, frozen=True, kw_only=True):
    kind: Literal["image", "file"]
    content_type: str
    width: int | None = None
    height: int | None = None
    pages: int | None = None


def recognised(content: bytes) -> Recognised | None:
    """None for what no model is shown: other types, and images without a size."""
    if content.startswith(b"%PDF-"):
        pages = max(len(PAGE.findall(content)), len(content) // PACKED_PAGE, 1)
        return Recognised(kind="file", content_type="application/pdf", pages=pages)
    for content_type, size in (
        ("image/png", _png(content)),
        ("image/gif", _gif(content)),
        ("image/webp", _webp(content)),
        ("image/jpeg", _jpeg(content)),
    ):
        if size is not None and all(size):
            return Recognised(kind="image", content_type=content_type, width=size[0], height=size[1])
    return None


def _png(content: bytes) -> tuple[int, int] | None:
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR" or len(content) < 24:
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _gif(content: bytes) -> tuple[int, int] | None:
    if content[:6] not in (b"GIF87a", b"GIF89a") or len(content) < 10:
        return None
    width, height = struct.unpack("<HH", content[6:10])
    return width, height


def _webp(content: bytes) -> tuple[int, int] | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or len(content) < 30:
        return None
    match content[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(content[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = struct.unpack("<HH", content[26:30])
            return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """The first frame's; segments before it are passed over by their lengths."""
    if content[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += (
            2
            if marker == 0x01 or 0xD0 <= marker <= 0xD9
            else 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        )
    return None
