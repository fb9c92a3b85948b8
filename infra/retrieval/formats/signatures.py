"""What is no document, by its first bytes, and how to make one of it."""

from __future__ import annotations

from infra.retrieval.forking import Unreadable
from infra.retrieval.formats.media_types import DOCX

_IMAGE = "an image; put it into a document, with what it says as text, and upload that"
_ARCHIVE = "an archive; unpack it and upload the documents in it"
_SOUND = "sound or video; upload what is said in it as text"
_PROGRAM = "a program; upload documents"

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", _IMAGE),
    (b"\xff\xd8\xff", _IMAGE),
    (b"GIF87a", _IMAGE),
    (b"GIF89a", _IMAGE),
    (b"II*\x00", _IMAGE),
    (b"MM\x00*", _IMAGE),
    (b"\x00\x00\x01\x00", _IMAGE),
    (b"8BPS\x00", _IMAGE),
    (b"\x1f\x8b", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (b"Rar!\x1a\x07", _ARCHIVE),
    (b"\xfd7zXZ\x00", _ARCHIVE),
    (b"BZh91AY&SY", _ARCHIVE),
    (b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (b"OggS\x00", _SOUND),
    (b"fLaC\x00", _SOUND),
    (b"ID3\x02", _SOUND),
    (b"ID3\x03", _SOUND),
    (b"ID3\x04", _SOUND),
    (b"\x1aE\xdf\xa3", _SOUND),
    (b"\x7fELF", _PROGRAM),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "in an old Office format, or protected by a password; save it as DOCX (a table as CSV) or PDF, without a password, "
        "and upload that",
    ),
)
_PACKED: tuple[tuple[bytes, str], ...] = (
    (b"xl/", "a spreadsheet; save each of its sheets as CSV, or print it to a PDF, and upload that"),
    (b"ppt/", "a presentation; save it as PDF and upload that"),
    (
        b"mimetypeapplication/vnd.oasis.opendocument",
        "in an OpenDocument format; save it as DOCX or PDF and upload that",
    ),
    (b"mimetypeapplication/epub+zip", "an e-book; save it as PDF and upload that"),
)
_LOCAL_HEADER = b"PK\x03\x04"
"""Of a part of a ZIP file: its name begins 30 bytes later (APPNOTE.TXT, 4.3.7)."""


def packed_type(sample: bytes) -> str | None:
    """The media type of a file that is packed, None for one that begins like none of those that are known. Raises Unreadable."""
    for beginning, kind in _BEGINNINGS:
        if sample.startswith(beginning):
            raise Unreadable(f"the file is {kind}")
    if sample[:4] == b"RIFF" and sample[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        raise Unreadable(f"the file is {_IMAGE if sample[8:12] == b'WEBP' else _SOUND}")
    if sample[4:8] == b"ftyp":
        image = sample[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"heif")
        raise Unreadable(f"the file is {_IMAGE if image else _SOUND}")
    if sample[257:262] == b"ustar":
        raise Unreadable(f"the file is {_ARCHIVE}")
    if sample[:4] not in (_LOCAL_HEADER, b"PK\x05\x06"):
        return None
    names = [part[26:96] for part in sample.split(_LOCAL_HEADER)[1:]]
    for name, kind in _PACKED:
        if any(each.startswith(name) for each in names):
            raise Unreadable(f"the file is {kind}")
    if any(each.startswith((b"word/", b"[Content_Types].xml")) for each in names):
        return DOCX
    raise Unreadable(f"the file is {_ARCHIVE}")
