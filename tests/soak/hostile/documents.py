"""Documents that cost: large ones, odd texts, broken forms; reprocessed and deleted at any moment."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

from domain.retrieval.document import LARGEST
from tests.soak.hostile.client import Client

PIECE = 64 * 1024
NAMES = ("a.txt", "a.pdf", "../../etc/passwd", "ü" * 100, "a\tb.txt", "x" * 300, "CON", "-rf")


def odd_text(chance: random.Random) -> bytes:
    """Harmless to whatever reads it, and unlike prose."""
    size = int(10 ** chance.uniform(2, 5.7))
    kinds = (
        b"a" * size,
        b"\n" * size,
        b"word " * (size // 5),
        "\N{GRINNING FACE}".encode() * (size // 4),
        "e\N{COMBINING ACUTE ACCENT}".encode() * (size // 3),
        "کتاب ".encode() * (size // 9),
        b"1,2;3\t4\n" * (size // 8),
        b"# " * (size // 2),
        b"</document>\n[1] " * (size // 16),
        b"\xff\xfe\x00" * (size // 3),
        chance.randbytes(size),
        b"%PDF-1.7\n" + chance.randbytes(min(size, 5000)),
        b"",
    )
    return chance.choice(kinds)


async def with_documents(client: Client) -> None:
    key = client.villain()
    if client.chance.random() < 0.4:
        size = client.chance.choice((LARGEST // 3, LARGEST - 1, LARGEST + 1, 3 * LARGEST))
        kind = [("Content-Type", "multipart/form-data; boundary=b")]
        if client.chance.random() < 0.5:
            kind.append(("Content-Length", str(len(_head(size)) + size + len(TAIL))))
        made = await client.ask("POST", "/v1/documents", key, headers=kind, content=_form(size))
    else:
        file = (client.chance.choice(NAMES), odd_text(client.chance))
        wait = {"wait": client.chance.choice((0, 1))}
        made = await client.ask("POST", "/v1/documents", key, files={"file": file}, params=wait)
    await client.pause(2)
    if made is not None and made.status_code in (200, 201, 202):
        path = f"/v1/documents/{made.json()['id']}"
        if client.chance.random() < 0.3:
            await client.ask("POST", f"{path}/reprocess", key)
        if client.chance.random() < 0.3:
            await client.ask("GET", f"{path}/content", key, pieces=2)
        await client.ask("DELETE", path, key)


TAIL = b"\r\n--b--\r\n"


def _head(size: int) -> bytes:
    return (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="long.txt"\r\n\r\n'
        + f"{size}:".encode()
    )


async def _form(size: int) -> AsyncIterator[bytes]:
    """A form with one line without a blank."""
    yield _head(size)
    piece = b"abcdefgh" * (PIECE // 8)
    for start in range(0, size, PIECE):
        yield piece[: min(PIECE, size - start)]
    yield TAIL
