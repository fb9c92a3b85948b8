"""Images and files through the completions API: to models that can read them, counted, sealed, and erased with their user."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import openai
import pytest

from application.chat.end_user import ERASE_USER_WORK
from application.privacy.work import kinds
from infra.work.items import Item
from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.doubles.pictures import PDF, data_url, png
from tests.interfaces.http.chat.conftest import calls
from tests.interfaces.http.conftest import Customer

MODEL = "openai/gpt-4o-mini"
PICTURE = png(4, 3)


def asking(*parts: Any) -> Any:
    return [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, *parts]}]


def image(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


async def test_an_image_and_a_file_go_to_the_model_and_lie_sealed(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    file = {"type": "file", "file": {"filename": "bill.pdf", "file_data": data_url(PDF, "application/pdf")}}
    messages = asking(
        image(data_url(PICTURE, "image/jpeg"), detail="low"), file, {"type": "text", "text": "And?"}
    )
    given = await client.chat.completions.create(model=MODEL, messages=messages, user="ann")
    assert given.choices[0].message.content == "Yes."
    (sent,) = upstream.requests[-1]["messages"]
    assert sent["content"] == [
        {"type": "text", "text": "What is this?"},
        image(data_url(PICTURE), detail="low"),
        file,
        {"type": "text", "text": "And?"},
    ]
    ((requested, *_),) = await calls(parts, shop)
    (turn,) = requested.messages
    picture, bill = turn.attachments
    assert (picture.content_type, picture.width, picture.height) == ("image/png", 4, 3)
    assert (bill.name, bill.pages, turn.text) == ("bill.pdf", 2, "What is this?\nAnd?")
    kept = [piece async for piece in parts.files.read(shop.tenant, requested.user_id, picture.id)]
    assert b"".join(kept) == PICTURE
    files = [path for path in parts.settings.data.rglob("*") if path.is_file()]
    assert not any(
        PICTURE in path.read_bytes() for path in files if shop.tenant.hex in path.as_posix().replace("-", "")
    )


@pytest.mark.parametrize(
    ("part", "param", "told"),
    [
        (image(data_url(b"<svg/>")), "messages[0]", "models are not shown"),
        (image(data_url(PDF)), "messages[0]", "type file"),
        (image("data:image/png,abc"), "messages[0].content[1].image_url.url", "base64"),
        (image("https://127.0.0.1:9/x.png"), "messages[0]", "private network"),
        (image("http://example.com/x.png"), "messages[0]", "begins with https://"),
        (image("ftp://x"), "messages[0].content[1].image_url.url", "https://"),
        ({"type": "file", "file": {"filename": "x"}}, "messages[0].content[1].file.file_data", "missing"),
        (
            {"type": "input_audio", "input_audio": {"data": "x", "format": "mp3"}},
            "messages[0].content[1].input_audio",
            "leave it out",
        ),
        ({"type": "image_url"}, "messages[0].content[1]", "a member of that name"),
    ],
)
async def test_what_is_none_is_refused_by_its_place(
    client: openai.AsyncOpenAI, upstream: Double, part: Any, param: str, told: str
) -> None:
    before = len(upstream.calls)
    with pytest.raises(openai.BadRequestError, match=told) as refused:
        await client.chat.completions.create(model=MODEL, messages=asking(part))
    assert refused.value.param == param
    assert len(upstream.calls) == before


async def test_there_are_at_most_so_many(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="at most 20"):
        await client.chat.completions.create(model=MODEL, messages=asking(*[image(data_url(PICTURE))] * 21))


@pytest.mark.parametrize("model", ["agent", "local/extractive", "openai/gpt-4"])
async def test_a_model_that_reads_none_is_not_asked(client: openai.AsyncOpenAI, model: str) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        await client.chat.completions.create(model=model, messages=asking(image(data_url(PICTURE))))
    assert refused.value.status_code in (400, 409, 422)


async def test_they_are_erased_with_their_user(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services
) -> None:
    await client.chat.completions.create(model=MODEL, messages=asking(image(data_url(PICTURE))), user="bob")
    ((requested, *_),) = await calls(parts, shop)
    folder = parts.settings.data / "files" / str(shop.tenant) / str(requested.user_id)
    assert len(list(folder.iterdir())) == 1
    body = {"channel": "api", "address": "bob"}
    assert (await shop.http.post("/v1/customers/forget", json=body)).is_success
    item = Item(
        tenant=shop.tenant,
        kind=ERASE_USER_WORK,
        key=requested.user_id.hex,
        due_at=parts.clock(),
        attempts=1,
        revision=1,
        holder=uuid4(),
    )
    await kinds(parts)[ERASE_USER_WORK].handler(item)
    assert not folder.exists()
