"""Files that came with messages: fetched from the vendor's hosts alone, sealed under the conversation's key, gone with it."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from application.channels.channels import SetTwilio, set_twilio
from application.channels.media import FetchMedia, fetch_media, media_file
from application.channels.work import kinds as channel_kinds
from application.conversations.conversation import ReceiveMessage, receive_message
from application.ports import FETCH_MEDIA_WORK, NotGiven
from application.privacy.forget import ForgetCustomer, forget_customer
from application.privacy.work import kinds
from domain.base.errors import Erased, NotFound
from domain.channels.media import LARGEST, ConversationMedia, media_of_conversation
from domain.conversations.content import Media
from infra.twilio.hosts import hosts_of
from infra.twilio.media import TwilioMedia
from infra.work.attempt import attempt
from infra.work.items import Ending, Item
from infra.work.leases import Lease
from interfaces.bootstrap import Services
from tests.application.conftest import Shop
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio, twilio_double
from tests.doubles.wire import CUT, Reply

ADA = "whatsapp:+4915550100101"


@dataclass
class Album:
    """A customer who sends files."""

    shop: Shop
    twilio: Twilio
    source: TwilioMedia

    @property
    def ports(self) -> Services:
        return dataclasses.replace(self.shop.parts, media_source=self.source)

    async def sends(self, *urls: str, account: str = ACCOUNT) -> tuple[UUID, list[UUID]]:
        parts = tuple(Media(id=uuid4(), url=url, content_type="image/jpeg") for url in urls)
        command = ReceiveMessage(
            channel="whatsapp", address=ADA, text="", sender=SENDER, parts=parts, raw={"AccountSid": account}
        )
        received = await receive_message(command, self.shop.context, self.shop.parts)
        return received.conversation, [part.id for part in parts]

    async def fetch(self, conversation: UUID, *, last: bool = False) -> None:
        await fetch_media(FetchMedia(conversation=conversation, last=last), self.shop.context, self.ports)

    async def read(self, conversation: UUID, media: UUID) -> tuple[str, bytes]:
        tenant = self.shop.context.tenant
        content_type, size = await media_file(tenant, conversation, media, self.ports)
        pieces = [piece async for piece in self.ports.files.read(tenant, conversation, media)]
        assert len(b"".join(pieces)) == size
        return content_type, b"".join(pieces)

    async def refused(self, conversation: UUID, media: UUID) -> str:
        with pytest.raises(NotFound) as refused:
            await self.read(conversation, media)
        return refused.value.detail

    def on_disk(self) -> list[Path]:
        folder = self.shop.parts.settings.data / "files" / str(self.shop.context.tenant)
        return [path for path in folder.rglob("*") if path.is_file()]


@pytest_asyncio.fixture(name="album")
async def _album(shop: Shop) -> AsyncIterator[Album]:
    async with twilio_double() as twilio:
        source = TwilioMedia(hosts_of(twilio.url), elsewhere=True, store=shop.parts.store)
        command = SetTwilio(account=ACCOUNT, token=TOKEN, senders=(SENDER,))
        await set_twilio(command, shop.context, store=shop.parts.store, clock=shop.parts.clock)
        yield Album(shop, twilio, source)
        await source.close()
        assert twilio.mistakes == []


async def test_a_file_is_owed_with_its_message_fetched_once_and_read_as_it_was(album: Album) -> None:
    photo, note = b"\xff\xd8 photo" * 50_000, b"OggS note"
    urls = album.twilio.file("image/jpeg", photo), album.twilio.file("audio/ogg", note)
    conversation, (first, second) = await album.sends(*urls)
    assert (FETCH_MEDIA_WORK, conversation.hex) in await album.shop.owed()
    assert "not fetched yet" in await album.refused(conversation, first)
    await album.fetch(conversation)
    assert await album.read(conversation, first) == ("image/jpeg", photo)
    assert await album.read(conversation, second) == ("audio/ogg", note)
    calls = len(album.twilio.calls)
    await album.fetch(conversation)
    assert len(album.twilio.calls) == calls
    for path in album.on_disk():
        assert b"photo" not in path.read_bytes()
        assert b"note" not in path.read_bytes()


async def test_what_came_later_is_fetched_then_and_one_that_fails_keeps_the_others_from_nothing(
    album: Album,
) -> None:
    good = album.twilio.file("image/png", b"one")
    conversation, (missing, found) = await album.sends(good + "0", good)
    with pytest.raises(NotGiven, match="404"):
        await album.fetch(conversation)
    assert await album.read(conversation, found) == ("image/png", b"one")
    album.twilio.files[(good + "0").rpartition("/")[2]] = Reply(
        fields={"Content-Type": "image/png"}, body=b"two"
    )
    _, (later,) = await album.sends(album.twilio.file("image/png", b"three"))
    await album.fetch(conversation)
    assert [(await album.read(conversation, each))[1] for each in (missing, found, later)] == [
        b"two",
        b"one",
        b"three",
    ]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
async def test_a_file_that_the_vendor_never_gives_is_asked_for_so_often_and_then_settled(
    album: Album, status: int
) -> None:
    bad, good = (album.twilio.file("image/png", body) for body in (b"one", b"two"))
    album.twilio.files[bad.rpartition("/")[2]] = Reply(status, {"Retry-After": "90"}, b"")
    conversation, (missing, found) = await album.sends(bad, good)
    kind = channel_kinds(album.ports)[FETCH_MEDIA_WORK]
    item = Item(
        tenant=album.shop.context.tenant,
        kind=FETCH_MEDIA_WORK,
        key=conversation.hex,
        due_at=album.shop.parts.clock(),
        attempts=1,
        revision=1,
        holder=uuid4(),
        correlation=None,
        causation=None,
    )
    first = await attempt(item, kind, Lease(0, 60))
    assert (first.ending, first.wait >= 90) == (Ending.FAILED, True), "it counts, and comes later each time"
    last = await attempt(msgspec.structs.replace(item, attempts=kind.attempts), kind, Lease(0, 60))
    assert last.ending is Ending.DONE
    assert str(status) in await album.refused(conversation, missing)
    assert await album.read(conversation, found) == ("image/png", b"two")
    calls = len(album.twilio.calls)
    await album.fetch(conversation)
    assert len(album.twilio.calls) == calls


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/javascript", "x"])
async def test_what_a_browser_would_run_is_not_taken(album: Album, content_type: str) -> None:
    conversation, (media,) = await album.sends(album.twilio.file(content_type, b"<script>"))
    await album.fetch(conversation)
    assert "not taken" in await album.refused(conversation, media)
    assert album.on_disk() == []


async def test_a_file_that_is_too_large_is_not_taken_whether_it_says_so_or_not(album: Album) -> None:
    told = album.twilio.file("video/mp4", b"x" * (LARGEST + 1))
    untold = album.twilio.file("video/mp4", b"")
    sid = untold.rpartition("/")[2]
    album.twilio.files[sid] = Reply(fields={"Content-Type": "video/mp4"}, steps=[b"x" * 4_000_001] * 4)
    conversation, media = await album.sends(told, untold)
    await album.fetch(conversation)
    for each in media:
        assert str(LARGEST) in await album.refused(conversation, each)
    assert album.on_disk() == []


async def test_a_file_that_is_cut_off_is_fetched_again(album: Album) -> None:
    url = album.twilio.file("image/png", b"")
    sid = url.rpartition("/")[2]
    album.twilio.files[sid] = Reply(fields={"Content-Type": "image/png"}, steps=[b"half", CUT])
    conversation, (media,) = await album.sends(url)
    with pytest.raises(NotGiven):
        await album.fetch(conversation)
    assert album.on_disk() == []
    album.twilio.files[sid] = Reply(fields={"Content-Type": "image/png"}, body=b"half and half")
    await album.fetch(conversation)
    assert await album.read(conversation, media) == ("image/png", b"half and half")
    album.twilio.files[sid] = Reply(fields={"Content-Type": "image/png"}, steps=[b"half", CUT])
    conversation, (media,) = await album.sends(url)
    await album.fetch(conversation, last=True)
    assert "cut off" in await album.refused(conversation, media)


async def test_nobody_but_the_vendor_is_asked(album: Album) -> None:
    async with twilio_double() as other:
        away = album.twilio.file("image/png", b"")
        album.twilio.files[away.rpartition("/")[2]] = Reply(
            302, {"Location": other.file("image/png", b"x")}, b""
        )
        for url in (other.file("image/png", b"x"), "file:///etc/passwd", "http://127.0.0.1:1/x", away):
            conversation, (media,) = await album.sends(url)
            await album.fetch(conversation)
            assert "none of Twilio's" in await album.refused(conversation, media)
        assert other.calls == []


async def test_an_account_that_was_removed_gives_its_credentials_to_nobody(album: Album) -> None:
    conversation, (media,) = await album.sends(album.twilio.file("image/png", b"x"), account="AC" + "9" * 32)
    with pytest.raises(NotGiven, match="account"):
        await album.fetch(conversation)
    await album.fetch(conversation, last=True)
    assert "account" in await album.refused(conversation, media)
    assert album.twilio.calls == []


async def test_files_go_with_their_customer(album: Album) -> None:
    conversation, (media,) = await album.sends(album.twilio.file("image/png", b"one"))
    await album.fetch(conversation)
    assert len(album.on_disk()) == 1
    parts, command = album.shop.parts, ForgetCustomer(channel="whatsapp", address=ADA)
    await forget_customer(
        command, album.shop.context, store=parts.store, keyring=parts.keyring, clock=parts.clock
    )
    with pytest.raises(Erased):
        await media_file(album.shop.context.tenant, conversation, media, album.ports)
    await kinds(parts)["erase"].handler(Erasing(album.shop.context.tenant, conversation.hex))
    assert album.on_disk() == []
    await album.fetch(conversation)
    assert album.on_disk() == []


async def test_the_record_of_files_holds_no_word_of_the_customers(album: Album) -> None:
    conversation, _ = await album.sends(album.twilio.file("image/png", b"one"))
    await album.fetch(conversation)
    tenant, id = album.shop.context.tenant, media_of_conversation(conversation)
    found = await album.shop.parts.store.load(ConversationMedia, id, tenant=tenant)
    assert (found.subject.int, found.state.taken) == (0, 2)


@dataclass
class Erasing:
    """Work that is due."""

    tenant: UUID
    key: str
    kind: str = "erase"
    attempts: int = 1
    correlation: UUID | None = None
    causation: UUID | None = None


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://mms.twiliocdn.com/AC1/x", True),
        ("https://s3-external-1.amazonaws.com/media.twiliocdn.com/AC1/x?Expires=1", True),
        ("https://s3-external-1.amazonaws.com/somebody-else/x", False),
        ("http://mms.twiliocdn.com/x", False),
        ("https://mms.twiliocdn.com:8443/x", False),
        ("https://twiliocdn.com.example/x", False),
        ("https://a@mms.twiliocdn.com/x", False),
        ("https://eviltwiliocdn.com/x", False),
        ("https://[::1/x", False),
        ("", False),
    ],
)
async def test_where_a_file_may_lie(shop: Shop, url: str, good: bool) -> None:
    source = TwilioMedia(hosts_of(None), elsewhere=False, store=shop.parts.store)
    assert source._trusted(url) is good
    await source.close()
