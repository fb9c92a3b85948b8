"""Whatever comes in as a document ends in a clear state: refused with what to do, completed, or failed with a reason."""

from __future__ import annotations

import asyncio
from collections import Counter

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from tests.infra.retrieval.pdfs import bomb, pdf
from tests.infra.retrieval.sheets import drawn
from tests.interfaces.http.conftest import Customer, settled

TEXT = "Otters are fed at half past nine. Größere Otter um zehn."
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


def one_line(canvas: Canvas) -> None:
    canvas.drawString(72, 700, "Otters are fed at half past nine.")


def for_readers_without_a_password() -> bytes:
    return drawn(one_line, encrypt=StandardEncryption("", ownerPassword="owner", canPrint=0))


TAKEN = {
    "utf-16.txt": (TEXT.encode("utf-16"), "completed", ""),
    "latin-1.txt": (TEXT.encode("latin-1"), "completed", ""),
    "open.pdf": (for_readers_without_a_password(), "completed", ""),
    "locked.pdf": (pdf("secret", password="1234"), "failed", "protected by a password; remove it"),
    "truncated.pdf": (pdf("text")[:300], "failed", "damaged"),
    "bomb.pdf": (bomb(300), "failed", "could not be read"),
    "mixed.pdf": (pdf("Page one is text.", "", "Page three too."), "completed", ""),
}


async def test_each_file_ends_in_a_clear_state(ours: Customer) -> None:
    made = {}
    for name, (content, _, _) in TAKEN.items():
        reply = await ours.http.post("/v1/documents", files={"file": (f"../{name}", content)})
        assert reply.status_code == 201, (name, reply.text)
        made[name] = reply.headers["Location"]
    for name, (_, status, reason) in TAKEN.items():
        shown = await settled(ours, made[name], within=200)
        assert (name, shown["name"], shown["status"]) == (name, name, status), shown
        assert reason in (shown["reason"] or ""), shown
        assert bool(shown["reason"]) == (status == "failed")
    mixed = (await ours.http.get(made["mixed.pdf"])).json()
    assert "page 2" in mixed["warnings"][0]


async def test_a_picture_that_is_named_a_pdf_is_refused_with_what_to_do(ours: Customer) -> None:
    reply = await ours.http.post("/v1/documents", files={"file": ("scan.pdf", PNG)})
    assert reply.status_code == 400
    assert "image" in reply.json()["detail"]


async def test_fifty_at_once_are_all_taken_or_told_to_come_again(ours: Customer) -> None:
    """Each content comes twice; what was refused comes again."""
    waiting = [(n, f"Otter number {n % 25} is {n % 25} years old.".encode()) for n in range(50)]
    ids: dict[int, str] = {}
    for _ in range(20):
        replies = await asyncio.gather(
            *(ours.http.post("/v1/documents", files={"file": (f"{n}.txt", data)}) for n, data in waiting)
        )
        again = []
        for (n, data), reply in zip(waiting, replies, strict=True):
            if reply.status_code in (429, 503):
                assert int(reply.headers["Retry-After"]) > 0
                again.append((n, data))
            else:
                assert reply.status_code in (200, 201), reply.text
                ids[n] = reply.json()["id"]
        if not again:
            break
        waiting = again
        await asyncio.sleep(0.5)
    assert len(ids) == 50
    assert set(Counter(ids.values()).values()) == {2}
    for id in set(ids.values()):
        assert (await settled(ours, f"/v1/documents/{id}", within=100))["status"] == "completed"
