"""The calls of Twilio's API at the wire: what goes out, and what each answer means."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import pytest
import pytest_asyncio

from application.ports import Account, Approved, FateUnknown, NotTaken, OutgoingMessage, SentMessage
from domain.conversations.rich import Attachment, Card, Choices, Link, Option, QuickReplies, Rich
from infra.twilio import client
from infra.twilio.client import TwilioChannel
from infra.twilio.hosts import hosts_of
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio, twilio_double
from tests.doubles.wire import Reply

TENANT = UUID(int=5)
ADA = "whatsapp:+4915550100101"
BASE = Account(tenant=TENANT, account=ACCOUNT, token=TOKEN, sender=SENDER)
FORMS: list[Rich] = [
    QuickReplies(body="Which one?", options=(Option(title="Red", id="r"), Option(title="Blue {{1}}"))),
    Choices(
        body="Which {{2}}?",
        button="Open",
        options=(Option(title="A", id="1", description="first"), *(Option(title=f"B{n}") for n in range(9))),
    ),
    Card(
        body="Red, 42",
        media="https://shop.example.com/a/b.jpg?x=1",
        media_type="image/jpeg",
        links=(
            Link(title="Buy", url="https://shop.example.com/buy/1"),
            Link(title="Home", url="https://shop.example.com"),
        ),
    ),
    Card(body="Red, 42", title="Shoe", options=(Option(title="Order"),)),
]


@pytest_asyncio.fixture(name="twilio")
async def _twilio() -> AsyncIterator[Twilio]:
    async with twilio_double() as double:
        yield double
        assert double.mistakes == []


@pytest_asyncio.fixture(name="channel")
async def _channel(twilio: Twilio) -> AsyncIterator[TwilioChannel]:
    found = TwilioChannel(
        hosts_of(twilio.url),
        lambda tenant, attempt: f"https://retrace.example.com/{tenant}?attempt={attempt}",
    )
    yield found
    await found.close()


async def send(channel: TwilioChannel, words: str | Rich | Approved, account: Account = BASE) -> SentMessage:
    template = None
    if not isinstance(words, str | Approved) and channel.shape(words) is not None:
        template = await channel.make(words, account)
    message = OutgoingMessage(to=ADA, words=words, attempt="c.1.1", template=template)
    return await channel.send(message, account)


async def test_a_text_goes_out_with_the_address_that_is_called_with_what_became_of_it(
    twilio: Twilio, channel: TwilioChannel
) -> None:
    sent = await send(channel, "Hello & good day ☀")
    assert twilio.messages[sent.sid].form == {
        "To": ADA,
        "From": SENDER,
        "Body": "Hello & good day ☀",
        "StatusCallback": f"https://retrace.example.com/{TENANT}?attempt=c.1.1",
    }
    assert sent.status == "queued"


async def test_a_messaging_service_chooses_the_sender(twilio: Twilio, channel: TwilioChannel) -> None:
    service = Account(tenant=TENANT, account=ACCOUNT, token=TOKEN, sender=SENDER, service="MG" + "1" * 32)
    sent = await send(channel, "Hello", service)
    assert "From" not in twilio.messages[sent.sid].form
    assert sent.status == "accepted"


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_is_what_it_was_with_its_words_in_variables(
    twilio: Twilio, channel: TwilioChannel, form: Rich
) -> None:
    sent = await send(channel, form)
    (content,) = twilio.contents.values()
    shape = json.dumps(content["types"])
    assert not any(word in shape for word in ("Red", "Blue", "first", "Buy", "Which"))
    assert twilio.messages[sent.sid].body == getattr(form, "body", None)
    assert set(json.loads(twilio.messages[sent.sid].form["ContentVariables"])) == set(content["variables"])


async def test_one_shape_has_one_template_whatever_the_words(channel: TwilioChannel) -> None:
    one = QuickReplies(body="One?", options=(Option(title="a"), Option(title="b")))
    two = QuickReplies(body="Two?", options=(Option(title="c"), Option(title="d", id="x")))
    three = QuickReplies(body="Two?", options=(Option(title="c"),))
    assert channel.shape(one) == channel.shape(two) != channel.shape(three)
    assert channel.shape(FORMS[1]) != channel.shape(
        Choices(body="x", button="y", options=FORMS[1].options[1:])
    )  # type: ignore[union-attr]


async def test_a_file_goes_out_with_its_caption(twilio: Twilio, channel: TwilioChannel) -> None:
    sent = await send(
        channel, Attachment(url="https://shop.example.com/a.jpg", media_type="image/jpeg", caption="A")
    )
    assert sent.sid.startswith("MM")
    form = twilio.messages[sent.sid].form
    assert (form["MediaUrl"], form["Body"]) == ("https://shop.example.com/a.jpg", "A")


async def test_an_approved_template_goes_out_in_one_line(twilio: Twilio, channel: TwilioChannel) -> None:
    twilio.contents["HX1"] = {"types": {"twilio/text": {"body": "News: {{1}}"}}, "approved": True}
    sent = await send(channel, Approved(content="HX1", text="one\n\n two   three"))
    assert twilio.messages[sent.sid].body == "News: one two three"


@pytest.mark.parametrize(
    ("fate", "code", "passing"),
    [("429", "20429", True), ("503", "20500", True), ("63016", "63016", False), ("63018", "63018", True)],
)
async def test_a_refusal_comes_with_twilios_code_and_whether_it_passes(
    twilio: Twilio, channel: TwilioChannel, fate: str, code: str, passing: bool
) -> None:
    twilio.script = lambda form: fate
    with pytest.raises(NotTaken) as refused:
        await send(channel, "Hello")
    assert (refused.value.code, refused.value.passing) == (code, passing)
    assert "+4915" not in str(refused.value)
    assert twilio.messages == {}


@pytest.mark.parametrize("date", [False, True])
async def test_twilio_says_how_long_to_wait(twilio: Twilio, channel: TwilioChannel, date: bool) -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    twilio.script, twilio.retry_after = (lambda form: "429"), in_a_minute if date else "60"
    with pytest.raises(NotTaken) as refused:
        await send(channel, "Hello")
    assert refused.value.after == pytest.approx(60, abs=30)


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("fate", ["lost", "unanswered", "cut", "500"])
async def test_of_a_call_that_breaks_nobody_knows_and_it_is_made_once(
    twilio: Twilio, channel: TwilioChannel, fate: str, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kept:
        await send(channel, "The first goes well, and leaves its connection.")
    monkeypatch.setattr(client, "PATIENCE", 0.5)
    twilio.script = lambda form: fate
    with pytest.raises(FateUnknown):
        await send(channel, "Hello")
    assert len(twilio.calls) == 1 + kept
    assert twilio.connections == 1


async def test_a_connection_is_used_again_as_long_as_it_is_open(
    twilio: Twilio, channel: TwilioChannel
) -> None:
    for number in range(3):
        await send(channel, f"{number}")
    assert twilio.connections == 1
    for connection in twilio.open:  # the other side closes it, just now
        connection.transport.close()
    await send(channel, "3")
    assert [message.body for message in twilio.to(ADA)] == ["0", "1", "2", "3"]
    assert (len(twilio.calls), twilio.connections) == (4, 2)


async def test_a_server_that_is_not_there_has_taken_nothing(twilio: Twilio) -> None:
    nowhere = TwilioChannel(hosts_of("http://127.0.0.1:1"), None)
    try:
        with pytest.raises(NotTaken) as refused:
            await send(nowhere, "Hello")
    finally:
        await nowhere.close()
    assert (refused.value.code, refused.value.passing) == ("unreachable", True)


async def test_an_error_in_the_newer_form_is_read_too(twilio: Twilio, channel: TwilioChannel) -> None:
    problem = {
        "type": "https://www.twilio.com/docs/api/errors/63013",
        "title": "Policy",
        "status": 400,
        "code": 63013,
    }
    twilio.answer = lambda call: Reply(
        400, {"Content-Type": "application/problem+json"}, json.dumps(problem).encode()
    )
    with pytest.raises(NotTaken) as refused:
        await send(channel, "Hello")
    assert refused.value.code == "63013"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"code": "x"}'])
async def test_an_error_that_is_none_of_twilios_has_the_status_as_its_code(
    twilio: Twilio, channel: TwilioChannel, body: bytes
) -> None:
    twilio.answer = lambda call: Reply(404, body=body)
    with pytest.raises(NotTaken) as refused:
        await send(channel, "Hello")
    assert (refused.value.code, refused.value.passing) == ("HTTP 404", False)


async def test_a_wrong_token_is_told_by_its_code(channel: TwilioChannel) -> None:
    wrong = Account(tenant=TENANT, account=ACCOUNT, token="wrong", sender=SENDER)
    with pytest.raises(NotTaken) as refused:
        await send(channel, "Hello", wrong)
    assert refused.value.code == "20003"
    assert "wrong" not in repr(wrong)


async def test_a_template_that_is_gone_is_told_so(channel: TwilioChannel) -> None:
    with pytest.raises(NotTaken) as refused:
        await channel.send(OutgoingMessage(to=ADA, words=FORMS[0], attempt="a", template="HX0"), BASE)
    assert refused.value.lost


async def test_the_list_is_read_over_its_pages_and_no_further_back_than_asked(
    twilio: Twilio, channel: TwilioChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        await send(channel, f"m{number}")
    await channel.send(OutgoingMessage(to="whatsapp:+15550100999", words="other", attempt="a"), BASE)
    monkeypatch.setattr(client, "PAGE", 3)
    since = datetime.now(UTC) - timedelta(minutes=1)
    found = await channel.recent(BASE, ADA, since)
    assert sorted(listed.text for listed in found) == [f"m{number}" for number in range(7)]
    assert {listed.status for listed in found} == {"queued"}
    assert await channel.recent(BASE, ADA, datetime.now(UTC) + timedelta(minutes=1)) == []
    twilio.lag = 900.0
    assert await channel.recent(BASE, ADA, since) == []


async def test_typing_is_shown_to_who_has_written(twilio: Twilio, channel: TwilioChannel) -> None:
    await channel.typing(BASE, "SM" + "a" * 32)
    assert twilio.typed == ["SM" + "a" * 32]
    twilio.typing_fate = "500"
    with pytest.raises(NotTaken):
        await channel.typing(BASE, "SM" + "a" * 32)


async def test_typing_is_shown_where_whatsapp_is_spoken(twilio: Twilio, channel: TwilioChannel) -> None:
    by_sms = Account(tenant=TENANT, account=ACCOUNT, token=TOKEN, sender="+15550100100")
    await channel.typing(by_sms, "SM" + "a" * 32)
    assert twilio.calls == []
