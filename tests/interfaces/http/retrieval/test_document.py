"""Documents over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from application.ports import Progress
from domain.retrieval.document import LARGEST
from interfaces.bootstrap import Services
from tests.infra.retrieval.pdfs import pdf
from tests.interfaces.http.conftest import Customer, settled

POLICY = b"Returns\n\nYou may return unworn shoes within 30 days. The refund comes in five days.\n"


async def upload(customer: Customer, content: bytes, name: str = "policy.txt") -> httpx.Response:
    return await customer.http.post("/v1/documents", files={"file": (name, content)})


async def test_a_document_is_processed_found_and_cited(ours: Customer) -> None:
    made = await upload(ours, POLICY)
    assert made.status_code == 201, made.text
    assert made.json()["status"] == "pending"
    address = made.headers["Location"]
    assert (await ours.http.get(address)).status_code == 200  # at once, without a position
    shown = await settled(ours, address)
    assert (shown["status"], shown["chunks"], shown["name"]) == ("completed", 1, "policy.txt")
    found = await ours.http.post("/v1/search", json={"query": "returning shoes", "limit": 3})
    assert found.json()["items"][0]["document"] == shown["id"]
    assert found.json()["next_cursor"] is None
    answer = (await ours.ask("Within how many days may I return shoes?")).json()
    assert "30 days" in answer["text"]
    (citation,) = answer["citations"]
    assert (citation["title"], citation["document"], citation["marker"]) == ("policy.txt", shown["id"], 1)


async def test_an_upload_and_a_look_can_wait_until_it_is_processed(ours: Customer) -> None:
    made = await ours.http.post(
        "/v1/documents?wait=60", files={"file": ("w.txt", b"Whales are washed on Wednesdays.")}
    )
    assert (made.status_code, made.json()["status"]) == (201, "completed")
    broken = await upload(ours, b"%PDF-1.7\nalso not really\n%%EOF", "broken.pdf")
    shown = (await ours.http.get(f"{broken.headers['Location']}?wait=60")).json()
    assert (shown["status"], bool(shown["reason"])) == ("failed", True)
    answer = (await ours.ask("When are whales washed?")).json()
    assert ("Wednesdays" in answer["text"], answer["pending_documents"]) == (True, 0)
    for wait in ("61", "-1", "x"):
        assert (await ours.http.get(f"{broken.headers['Location']}?wait={wait}")).status_code == 400
    assert (await ours.http.get(f"/v1/documents/{uuid4()}?wait=1")).status_code == 404


async def test_pages_that_could_not_be_read_are_told(ours: Customer) -> None:
    content = pdf("Page one tells of walnuts.", "", "", "Page four tells of hazelnuts.", "")
    made = await upload(ours, content, "scans.pdf")
    shown = (await ours.http.get(f"{made.headers['Location']}?wait=60")).json()
    (warning,) = shown["warnings"]
    assert (shown["status"], shown["pages"]) == ("completed", 5)
    assert warning.startswith("pages 2–3, 5 have no text")
    whole = await upload(ours, pdf("Page one tells of almonds."), "whole.pdf")
    assert (await ours.http.get(f"{whole.headers['Location']}?wait=60")).json()["warnings"] == []


async def test_what_was_made_of_a_document_can_be_read_and_counted(ours: Customer, theirs: Customer) -> None:
    text = "\n\n".join(f"Wombat number {n} is washed at {n} o'clock and dried by a fan." for n in range(60))
    address = (await upload(ours, text.encode(), "wombats.txt")).headers["Location"]
    shown = (await ours.http.get(f"{address}?wait=60")).json()
    assert (shown["progress"], shown["took_ms"] > 0) == (None, True)
    counted = shown["statistics"]
    assert (counted["chunks"], counted["tokens"]) == (shown["chunks"], shown["tokens"])
    assert counted["chunks"] > 1
    assert counted["cut"] == {"smallest": 300, "largest": 500, "overlap": 50}
    assert 0 < counted["smallest"] <= counted["average"] <= counted["largest"] <= 500
    first = (await ours.http.get(f"{address}/chunks?limit=1")).json()
    rest = (await ours.http.get(f"{address}/chunks?cursor={first['next_cursor']}")).json()
    chunks = [*first["items"], *rest["items"]]
    assert (rest["next_cursor"], [each["ordinal"] for each in chunks]) == (None, [*range(counted["chunks"])])
    assert sum(each["tokens"] for each in chunks) == counted["tokens"]
    assert ("number 0 is" in chunks[0]["text"], "number 59 is" in chunks[-1]["text"]) == (True, True)
    found = await ours.http.post("/v1/search", json={"query": "wombat number 59", "limit": 50})
    assert {each["id"] for each in found.json()["items"]} >= {each["id"] for each in chunks}
    for path in ("/chunks", "/removal", ""):
        assert (await theirs.http.get(f"{address}{path}")).status_code == 404
    assert (await ours.http.get(f"{address}/removal")).status_code == 422


async def test_a_deleted_document_is_shown_to_be_gone(ours: Customer) -> None:
    address = (await upload(ours, b"The yak is shorn on the first Tuesday.", "yak.txt")).headers["Location"]
    await settled(ours, address)
    await ours.http.delete(address)
    async with asyncio.timeout(30):
        while not (left := (await ours.http.get(f"{address}/removal")).json())["removed"]:
            assert left["chunks"] == left["vectors"] == left["words"] == 0, "with the answer to the deletion"
            await asyncio.sleep(0.05)
    assert not any(left[name] for name in ("key", "file", "chunks", "vectors", "words", "embeddings"))


async def test_an_answer_says_that_documents_are_still_being_processed(
    ours: Customer, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    extract = parts.extractor.extract

    async def slow(content: Any, media_type: str, **how: Any) -> Any:
        await how["told"](Progress(step="reading", done=3, of=20))
        begun.set()
        await go.wait()
        return await extract(content, media_type, **how)

    monkeypatch.setattr(parts.extractor, "extract", slow)
    made = await upload(ours, b"Walruses are waxed on Thursdays.", "walrus.txt")
    early = (await ours.ask("When are walruses waxed?", address="early")).json()
    assert (early["status"], early["pending_documents"]) == ("answered", 1)
    assert (await ours.http.get(f"/v1/interactions/{early['id']}")).json()["pending_documents"] == 1
    not_yet = await ours.http.get(f"{made.headers['Location']}?wait=0.1")
    assert not_yet.json()["status"] in ("pending", "processing")
    await begun.wait()
    shown = (await ours.http.get(f"{made.headers['Location']}")).json()
    told = {"step": "reading", "done": 3, "of": 20} if parts.redis.configured else None
    assert (shown["status"], shown["progress"]) == ("processing", told)
    listed = (await ours.http.get("/v1/documents?status=processing")).json()["items"]
    assert [each["progress"] for each in listed if each["id"] == shown["id"]] == [shown["progress"]]
    go.set()
    assert (await ours.http.get(f"{made.headers['Location']}?wait=60")).json()["status"] == "completed"
    late = (await ours.ask("When are walruses waxed?", address="late")).json()
    assert ("Thursdays" in late["text"], late["pending_documents"]) == (True, 0)


async def test_the_same_content_again_is_the_first_document(ours: Customer) -> None:
    first = await upload(ours, b"Once and again.")
    again = await upload(ours, b"Once and again.", "other.txt")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["duplicate"] is True
    assert int(again.headers["Retrace-Position"]) >= int(first.headers["Retrace-Position"])


async def test_a_document_is_downloaded_as_it_was(ours: Customer) -> None:
    made = await upload(ours, b"Line one\nLine two\n", 'über "a".txt')
    reply = await ours.http.get(f"{made.headers['Location']}/content")
    assert reply.content == b"Line one\nLine two\n"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%C3%BCber")


async def test_a_deleted_document_is_gone_everywhere(ours: Customer) -> None:
    made = await upload(ours, b"The zebra crossing is painted on Mondays only.")
    address = made.headers["Location"]
    await settled(ours, address)
    gone = await ours.http.delete(address)
    assert gone.status_code == 204
    position = {"Retrace-Position": gone.headers["Retrace-Position"]}
    assert (await ours.http.get(address, headers=position)).status_code == 404
    assert (await ours.http.get(f"{address}/content")).status_code == 404
    assert (await ours.http.delete(address)).status_code == 404
    assert (await ours.http.post(f"{address}/reprocess")).status_code == 404
    listed = (await ours.http.get("/v1/documents", headers=position)).json()["items"]
    assert made.json()["id"] not in [item["id"] for item in listed]
    deleted = (await ours.http.get("/v1/documents?status=deleted", headers=position)).json()["items"]
    assert made.json()["id"] in [item["id"] for item in deleted]
    again = await upload(ours, b"The zebra crossing is painted on Mondays only.")
    assert again.status_code == 201  # a new document


async def test_a_document_is_processed_again(ours: Customer) -> None:
    made = await upload(ours, b"To be processed twice.")
    address = made.headers["Location"]
    await settled(ours, address)
    again = await ours.http.post(f"{address}/reprocess")
    assert again.status_code == 202
    position = {"Retrace-Position": again.headers["Retrace-Position"]}
    assert (await ours.http.get(address, headers=position)).status_code == 200
    assert (await settled(ours, address))["status"] == "completed"


async def test_a_document_that_can_not_be_read_says_why(ours: Customer) -> None:
    made = await upload(ours, b"%PDF-1.7\nnot really\n%%EOF", "broken.pdf")
    assert made.status_code == 201, made.text
    shown = await settled(ours, made.headers["Location"])
    assert shown["status"] == "failed"
    assert shown["reason"]


async def test_names_are_made_safe(ours: Customer) -> None:
    for number, name in enumerate(("../../etc/passwd", "C:\\boot.ini", "a\u202e.txt", "x" * 500)):
        made = await upload(ours, f"Content number {number}.".encode(), name)
        assert made.status_code == 201, made.text
        shown = (await ours.http.get(made.headers["Location"])).json()
        assert "/" not in shown["name"]
        assert "\\" not in shown["name"]
        assert 1 <= len(shown["name"]) <= 200


async def test_files_that_are_taken_nowhere_are_refused(ours: Customer) -> None:
    for content in (b"", b"\x89PNG\r\n\x1a\n" + bytes(50), bytes(range(256)) * 4, b"PK\x03\x04" + bytes(60)):
        reply = await upload(ours, content, "file.txt")
        assert reply.status_code == 400, (content[:8], reply.text)


async def test_ten_megabytes_are_taken_and_not_a_byte_more(ours: Customer) -> None:
    content = POLICY.ljust(LARGEST)  # blanks are soon read
    reply = await upload(ours, content + b"x")
    assert reply.status_code == 413
    assert reply.json()["type"] == "/problems/too-large"
    reply = await upload(ours, content)
    assert reply.status_code == 201
    shown = await settled(ours, reply.headers["Location"])
    assert (shown["status"], shown["chunks"]) == ("completed", 1)
    await ours.http.delete(reply.headers["Location"])


async def test_an_upload_without_end_is_cut_off(ours: Customer) -> None:
    sent = 0

    async def endless():  # type: ignore[no-untyped-def]
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        while True:
            sent += 65536
            yield b"x" * 65536

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    reply = await ours.http.post("/v1/documents", content=endless(), headers=headers)
    assert reply.status_code == 413
    assert sent < LARGEST + 1024 * 1024


def part(name: str = "file", more: str = '; filename="a.txt"', kind: str = "text/plain") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"{more}\r\nContent-Type: {kind}\r\n\r\n'
    return b"--b\r\n" + head.encode() + b"Some \xff text\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--\r\n",
        b"--b\r\n",
        b"nothing of a form",
        part(),
        part(more="") + b"--b--\r\n",
        part(more="", kind="text/plain; charset=nonsense") + b"--b--\r\n",
        part(name="other") + b"--b--\r\n",
        part() + part() + b"--b--\r\n",
        part() + part(name="more") + b"--b--\r\n",
        b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\n" + b"X: y\r\n" * 5000 + b"\r\nx\r\n--b--\r\n",
        b"--b\r\n\r\n\r\n" * 2000,
    ],
)
async def test_a_form_that_is_none_is_400(ours: Customer, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    reply = await ours.http.post("/v1/documents", content=body, headers=headers)
    assert reply.status_code == 400, reply.text
    assert reply.headers["Content-Type"] == "application/problem+json"
    headers = {"Content-Type": "multipart/form-data"}
    reply = await ours.http.post("/v1/documents", content=body, headers=headers)
    assert reply.status_code == 400, reply.text


async def test_lists_are_filtered_and_paged(theirs: Customer) -> None:
    for number in range(5):
        made = await upload(theirs, f"Their document number {number}.".encode(), f"{number}.txt")
    position = {"Retrace-Position": made.headers["Retrace-Position"]}
    names: list[str] = []
    query = {"limit": "2", "media_type": "text/plain"}
    while True:
        reply = await theirs.http.get("/v1/documents", params=query, headers=position)
        names += [item["name"] for item in reply.json()["items"]]
        if (cursor := reply.json()["next_cursor"]) is None:
            break
        query["cursor"] = cursor
    assert names == [f"{number}.txt" for number in reversed(range(5))]
    assert (await theirs.http.get("/v1/documents?media_type=application/pdf")).json()["items"] == []


async def test_a_document_of_nobody_is_404(ours: Customer, theirs: Customer) -> None:
    made = await upload(theirs, b"Their secret.")
    for id in (made.json()["id"], str(uuid4())):
        assert (await ours.http.get(f"/v1/documents/{id}")).status_code == 404
        assert (await ours.http.get(f"/v1/documents/{id}/content")).status_code == 404
        assert (await ours.http.post(f"/v1/documents/{id}/reprocess")).status_code == 404
        assert (await ours.http.delete(f"/v1/documents/{id}")).status_code == 404


async def test_a_file_of_the_same_name_is_told_and_replaced_once_the_new_one_answers(ours: Customer) -> None:
    first = await upload(ours, b"Yaks are yoked on Mondays.", "yaks.txt")
    await settled(ours, first.headers["Location"])
    second = await upload(ours, b"Yaks are yoked on Tuesdays.", "yaks.txt")
    assert (first.json()["same_name"], second.json()["same_name"]) == ([], [first.json()["id"]])
    await settled(ours, second.headers["Location"])
    put = "/v1/documents?replace=true&wait=60"
    broken = await ours.http.post(put, files={"file": ("yaks.txt", b"%PDF-1.7\nno yaks\n%%EOF")})
    assert broken.json()["status"] == "failed"
    for kept in (first, second):  # what can't be read takes nobody's place
        assert (await ours.http.get(f"{kept.headers['Location']}/content")).status_code == 200
    new = (await ours.http.post(put, files={"file": ("yaks.txt", b"Yaks are yoked on Fridays.")})).json()
    assert (new["status"], new["duplicate"]) == ("completed", False)
    found = (await ours.http.post("/v1/search", json={"query": "When are yaks yoked?", "limit": 50})).json()
    assert [each["text"] for each in found["items"] if "yoked" in each["text"]] == [
        "Yaks are yoked on Fridays."
    ]
    for gone in (first, second, broken):
        assert (await ours.http.get(f"{gone.headers['Location']}/content")).status_code == 404
    assert new["same_name"] == []


async def test_a_content_that_is_there_replaces_at_once_and_only_when_it_answers(ours: Customer) -> None:
    old = await upload(ours, b"Emus are fed at noon.", "emus.txt")
    new = await upload(ours, b"Emus are fed at six.", "emus.txt")
    for each in (old, new):
        await settled(ours, each.headers["Location"])
    again = await ours.http.post(
        "/v1/documents?replace=true", files={"file": ("emus.txt", b"Emus are fed at six.")}
    )
    assert (again.status_code, again.json()["id"], again.json()["same_name"]) == (200, new.json()["id"], [])
    assert (await ours.http.get(f"{old.headers['Location']}/content")).status_code == 404
    broken = b"%PDF-1.7\nno emus\n%%EOF"
    failed = await upload(ours, broken, "emus.txt")
    await settled(ours, failed.headers["Location"])
    refused = await ours.http.post("/v1/documents?replace=true", files={"file": ("emus.txt", broken)})
    assert refused.status_code == 422
    assert "nothing was replaced" in refused.json()["detail"]
    assert (await ours.http.get(f"{new.headers['Location']}/content")).status_code == 200
