"""Webhook parameters in all the forms that were seen, documented, or that may come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.channels.incoming import IncomingMessage, IncomingNotice, IncomingStatus
from domain.conversations.content import (
    Choice,
    Contacts,
    Flow,
    Location,
    Media,
    Quote,
    Referral,
    Unknown,
    said,
)
from domain.conversations.messages import LONGEST_MESSAGE
from infra.twilio.incoming import channel_of, kept, parse

SID, PHONE, BSUID, OURS = (
    "SM" + "1" * 32,
    "whatsapp:+15550100101",
    "whatsapp:DE.4815",
    "whatsapp:+15550100100",
)
TEXT = {
    "SmsMessageSid": SID,
    "NumMedia": "0",
    "ProfileName": "Ada Test",
    "MessageType": "text",
    "SmsSid": SID,
    "WaId": "15550100101",
    "SmsStatus": "received",
    "Body": "hello",
    "To": OURS,
    "NumSegments": "1",
    "ReferralNumMedia": "0",
    "MessageSid": SID,
    "AccountSid": "AC" + "1" * 32,
    "From": PHONE,
    "ApiVersion": "2010-04-01",
}
PHOTO = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"


def message(**changes: str) -> IncomingMessage:
    found = parse(list({**TEXT, **changes}.items()))
    assert isinstance(found, IncomingMessage), found
    return found


def test_a_text_is_read_with_who_wrote_it_and_to_which_of_our_addresses() -> None:
    found = message()
    assert (found.id, found.channel, found.address, found.sender) == (SID, "whatsapp", PHONE, OURS)
    assert (found.text, found.parts, found.name, found.aliases) == ("hello", (), "Ada Test", ())
    assert found.raw == TEXT


def test_media_are_read_by_their_numbers_whatever_is_said_of_how_many() -> None:
    for many in ("1", "", "x", "9"):
        found = message(
            NumMedia=many,
            MessageType="IMAGE",
            MediaUrl0=PHOTO,
            MediaContentType0="image/jpeg",
            Body="my bill",
        )
        (part,) = found.parts
        assert isinstance(part, Media)
        assert (part.url, part.content_type) == (PHOTO, "image/jpeg")
        assert said(found.text, found.parts) == "[image: my bill]"
    assert len(message(MediaUrl007=PHOTO).parts) == 1
    two = message(MediaUrl0=PHOTO, MediaUrl1=PHOTO + "x", MediaContentType1="audio/ogg", Body="")
    first, second = two.parts
    assert isinstance(first, Media)
    assert isinstance(second, Media)
    assert (first.content_type, second.content_type) == ("application/octet-stream", "audio/ogg")
    assert first.id != second.id
    (again,) = message(MediaUrl0=PHOTO).parts
    assert isinstance(again, Media)
    assert again.id != first.id, "nothing of its address is in its id"


def test_a_contact_card_is_a_vcard_or_what_says_it_is_one() -> None:
    for kind, content_type in (
        ("contacts", "text/plain"),
        ("", "text/vcard"),
        ("text", "text/x-vcard; charset=utf-8"),
    ):
        found = message(MessageType=kind, MediaUrl0=PHOTO, MediaContentType0=content_type, Body="")
        (part,) = found.parts
        assert isinstance(part, Contacts)
        assert said(found.text, found.parts) == "[contact card]"


@pytest.mark.parametrize(
    ("latitude", "longitude", "good"),
    [("52.5200", "13.4050", True), ("52,52", "13.4", False), ("nan", "1", False), ("", "", False)],
)
def test_a_location_has_numbers_or_is_shown_as_what_is_not_known(
    latitude: str, longitude: str, good: bool
) -> None:
    found = message(MessageType="location", Body="", Latitude=latitude, Longitude=longitude, Label="Shop")
    (part,) = found.parts
    assert isinstance(part, Location if good else Unknown)
    assert found.raw["Latitude"] == latitude


@pytest.mark.parametrize("kind", ["button", "interactive", ""])
def test_a_button_of_a_template_and_one_in_session_are_the_same_choice(kind: str) -> None:
    found = message(
        MessageType=kind,
        Body="Yes",
        ButtonText="Yes",
        ButtonPayload="confirm-1",
        OriginalRepliedMessageSid="SM9",
        OriginalRepliedMessageSender=OURS,
    )
    assert found.parts == (
        Choice(kind="button", id="confirm-1", title="Yes"),
        Quote(message="SM9", sender=OURS),
    )
    assert said(found.text, found.parts) == "Yes"


@pytest.mark.parametrize(
    ("given_", "title"),
    [
        ({"ListId": "opt-2", "ListTitle": "Returns", "Body": "Returns"}, "Returns"),
        ({"ListId": "opt-2", "Body": "Returns"}, "Returns"),
        ({"ListId": "opt-2", "Body": ""}, "opt-2"),
    ],
)
def test_a_row_of_a_list_is_a_choice(given_: dict[str, str], title: str) -> None:
    found = message(MessageType="interactive", **given_)
    assert found.parts == (Choice(kind="list", id="opt-2", title=title),)


def test_a_filled_in_form_is_kept_as_its_data_and_as_what_the_provider_sent() -> None:
    found = message(MessageType="interactive", Body="", InteractiveData='{"size":"42"}', FlowData="{}")
    assert found.parts == (Flow(data='{"size":"42"}', provider_data="{}"),)


def test_an_advertisement_is_told_and_the_count_of_its_media_alone_is_none() -> None:
    assert message(ReferralNumMedia="0").parts == ()
    found = message(ReferralSourceType="ad", ReferralHeadline="Sale", ReferralCtwaClid="c1")
    assert found.parts == (Referral(headline="Sale", source_type="ad", click_id="c1"),)


def test_a_customer_without_a_number_has_a_business_scoped_id() -> None:
    found = message(From=BSUID, ExternalUserId=BSUID, WaId="")
    assert (found.address, found.aliases, found.channel) == (BSUID, (), "whatsapp")
    assert message(ExternalUserId=BSUID).aliases == (BSUID,)
    assert message(ExternalUserIdentifier="DE.4815").aliases == (BSUID,)


@pytest.mark.parametrize("kind", ["reaction", "system", "user_changed_user_id"])
def test_what_is_no_message_is_a_notice(kind: str) -> None:
    found = parse(
        list({**TEXT, "MessageType": kind, "Body": "👍", "OriginalRepliedMessageSid": "SM9"}.items())
    )
    assert isinstance(found, IncomingNotice)
    assert (found.kind, found.about, found.text) == (kind, "SM9", "👍")


def test_whether_a_customer_may_be_called_is_nothing_that_they_said() -> None:
    given_ = {"Body": "VOICE_CALL_REQUEST", "ButtonText": "VOICE_CALL_REQUEST", "ButtonPayload": "ACCEPTED"}
    found = parse(list({**TEXT, "MessageType": "interactive", **given_}.items()))
    assert isinstance(found, IncomingNotice)
    assert (found.kind, found.text) == ("call_permission", "ACCEPTED")


@pytest.mark.parametrize(
    ("kind", "body"), [("unsupported", ""), ("order", "2 x tent"), ("", ""), ("text", "")]
)
def test_what_is_unknown_or_empty_is_kept_and_shown_as_such(kind: str, body: str) -> None:
    found = message(MessageType=kind, Body=body)
    assert isinstance(found.parts[-1], Unknown)
    assert said(found.text, found.parts).startswith(f"[{kind or 'empty'}: can't be shown here]")
    assert said(found.text, found.parts).endswith(body)


@pytest.mark.parametrize(
    ("word", "consent"),
    [
        ("STOP", "out"),
        (" stop. ", "out"),
        ("Unsubscribe", "out"),
        ("START", "in"),
        ("stop it", None),
        ("yes", None),
    ],
)
def test_a_word_that_stands_alone_says_what_the_customer_wants_no_more(
    word: str, consent: str | None
) -> None:
    assert message(Body=word).consent == consent
    assert message(Body="x", OptOutType=word.strip().rstrip(".")).consent == consent


def test_a_text_beyond_all_bounds_is_cut_where_it_is_read_and_whole_where_it_is_kept() -> None:
    found = message(Body="x" * (LONGEST_MESSAGE + 5))
    assert (len(found.text), len(found.raw["Body"])) == (LONGEST_MESSAGE, LONGEST_MESSAGE + 5)


@pytest.mark.parametrize(
    ("given_", "status", "code"),
    [
        ({"MessageStatus": "sent", "SmsStatus": "sent", "StructuredMessage": "false"}, "sent", None),
        ({"EventType": "READ", "MessageStatus": "read", "ChannelPrefix": "whatsapp"}, "read", None),
        ({"MessageStatus": "undelivered", "ErrorCode": "63016"}, "undelivered", "63016"),
        ({"SmsStatus": "partially_delivered"}, "partially_delivered", None),
    ],
)
def test_a_status_is_one_by_what_it_says(given_: dict[str, str], status: str, code: str | None) -> None:
    found = parse(list({"SmsSid": SID, "MessageSid": SID, "From": OURS, "To": PHONE, **given_}.items()))
    assert isinstance(found, IncomingStatus)
    assert (found.sid, found.status, found.code) == (SID, status, code)


@pytest.mark.parametrize("missing", [["MessageSid", "SmsMessageSid", "SmsSid"], ["From"], ["To"]])
def test_what_names_no_message_or_nobody_is_nothing(missing: list[str]) -> None:
    assert parse([(name, value) for name, value in TEXT.items() if name not in missing]) is None


def test_a_channel_is_told_by_the_address() -> None:
    told = {PHONE: "whatsapp", "Messenger:12": "messenger", "+15550100101": "sms", "12:34": "sms", "": "sms"}
    assert {address: channel_of(address) for address in told} == told


NAMES = st.one_of(
    st.sampled_from(
        [*TEXT, "MediaUrl0", "MediaUrl007", "MediaContentType0", "Latitude", "Longitude", "ListId"]
    ),
    st.sampled_from(
        ["ButtonText", "ButtonPayload", "InteractiveData", "FlowData", "ChannelMetadata", "Emoji"]
    ),
    st.sampled_from(["MessageStatus", "ExternalUserId", "OptOutType", "ReferralBody", "From#2"]),
    st.text(max_size=12),
)
VALUES = st.one_of(
    st.text(max_size=20), st.sampled_from([SID, PHONE, BSUID, "reaction", "{", "[1]", "1e999", "null"])
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=25))
def test_no_parameter_is_lost_and_nothing_that_comes_breaks_it(pairs: list[tuple[str, str]]) -> None:
    names = kept(pairs)
    assert sorted(names.values()) == sorted(value for _, value in pairs)
    assert {name for name, _ in pairs} <= set(names)
    found: Any = parse(pairs)
    assert found is None or found.raw == names
    if isinstance(found, IncomingMessage):
        assert said(found.text, found.parts).strip(), "whatever came, something is to be seen of it"
