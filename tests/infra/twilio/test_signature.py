"""Signatures are made by the vendor's own validator, and checked by ours."""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from infra.twilio.signature import algorithm_of, authentic

TOKEN, NEXT = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
URL = "https://service.example/webhooks/twilio/4d1c"
FORM = [("From", "whatsapp:+15550100101"), ("Body", "Größe 42 👍 "), ("NumMedia", "0"), ("Empty", "")]


class Many(dict[str, list[str]]):
    """As frameworks hand forms over."""

    def getall(self, name: str) -> list[str]:
        return self[name]


def signed(
    pairs: list[tuple[str, str]], url: str = URL, token: str = TOKEN, algorithm: str | None = None
) -> str:
    many = Many()
    for name, value in pairs:
        many.setdefault(name, []).append(value)
    return str(RequestValidator(token).compute_signature(url, many, algorithm))


@given(st.lists(st.tuples(st.text(min_size=1, max_size=9), st.text(max_size=20)), max_size=12))
def test_a_form_that_twilio_has_signed_is_authentic_repeated_keys_too(pairs: list[tuple[str, str]]) -> None:
    assert authentic([TOKEN], URL, pairs, b"", signed(pairs))


@given(
    pairs=st.lists(st.tuples(st.text(min_size=1, max_size=9), st.text(max_size=20)), min_size=1, max_size=9),
    at=st.integers(0, 8),
    change=st.sampled_from(["value", "name", "gone", "more"]),
)
def test_nothing_of_a_signed_form_can_be_changed(pairs: list[tuple[str, str]], at: int, change: str) -> None:
    signature, changed, at = signed(pairs), list(pairs), at % len(pairs)
    name, value = changed[at]
    changed[at : at + 1] = {
        "value": [(name, value + "x")],
        "name": [(name + "x", value)],
        "gone": [],
        "more": [(name, value), ("x" + name, "y")],
    }[change]
    joined = {"".join(n + v for n, v in sorted(set(each))) for each in (pairs, changed)}
    # What is joined without a mark between two looks the same: that is the vendor's way.
    if len(joined) == 2:
        assert not authentic([TOKEN], URL, changed, b"", signature)


@pytest.mark.parametrize(
    ("configured", "signed_over"),
    [
        (URL, URL),
        (URL, URL.replace(".example", ".example:443")),
        ("https://service.example:8443/a", "https://service.example:8443/a"),
        ("https://service.example:8443/a", "https://service.example/a"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1/a"),
        ("http://service.example/a", "http://service.example:80/a"),
        (URL, URL + "?"),
        (URL + "?attempt=a-1", URL + "?attempt=a-1"),
    ],
)
def test_the_address_counts_with_and_without_its_port(configured: str, signed_over: str) -> None:
    assert authentic([TOKEN], configured, FORM, b"", signed(FORM, signed_over))


@pytest.mark.parametrize("other", ["https://service.example/webhooks/twilio/4d1d", URL + "?a=b", URL + "/"])
def test_another_address_is_another_request(other: str) -> None:
    assert not authentic([TOKEN], other, FORM, b"", signed(FORM))


def test_the_next_token_counts_too_and_no_third_one() -> None:
    assert authentic([TOKEN, NEXT], URL, FORM, b"", signed(FORM, token=NEXT))
    assert not authentic([TOKEN], URL, FORM, b"", signed(FORM, token=NEXT))
    assert not authentic([TOKEN, NEXT], URL, FORM, b"", signed(FORM, token="another-token-0123456789"))


def test_a_json_body_counts_by_its_hash_in_the_address_and_by_nothing_else() -> None:
    body = '{"MessageSid":"SM1","Body":"Größe"}'
    digest = hashlib.sha256(body.encode()).hexdigest()
    url = f"{URL}?{urlencode({'bodySHA256': digest})}"
    validator = RequestValidator(TOKEN)
    signature = validator.compute_signature(url, {})
    assert validator.validate(url, body, signature)
    assert authentic([TOKEN], url, None, body.encode(), signature)
    assert not authentic([TOKEN], url, None, body.encode() + b" ", signature)
    assert not authentic([TOKEN], URL, None, body.encode(), validator.compute_signature(URL, {}))


def test_sha256_counts_where_the_request_says_so() -> None:
    settings = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    signature = signed(FORM, algorithm="HMAC_SHA256")
    assert authentic([TOKEN], URL, FORM, b"", signature, settings)
    assert not authentic([TOKEN], URL, FORM, b"", signature)
    assert not authentic([TOKEN], URL, FORM, b"", signed(FORM), "algorithm=HMAC_MD5")
    assert algorithm_of("key=a") == "HMAC_SHA1"


@pytest.mark.parametrize("signature", ["", "é", "0" * 28, "\ud800"])
def test_what_is_no_signature_is_none(signature: str) -> None:
    assert not authentic([TOKEN], URL, FORM, b"", signature)
