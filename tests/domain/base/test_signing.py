"""Signatures of webhooks, as the library of Standard Webhooks verifies them."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from domain.base.errors import Invalid
from domain.base.signing import headers, secret_of, secret_text

BODY = json.dumps({"type": "conversation.answered", "data": {"text": "Straße 7 — 五"}}).encode()


def test_the_librarys_own_verifier_takes_what_we_sign() -> None:
    secret = secrets.token_bytes(32)
    fields = headers(str(uuid4()), datetime.now(UTC), BODY, [secret])
    assert Webhook(secret_text(secret)).verify(BODY, fields) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(secret)).verify(BODY + b" ", fields)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(secrets.token_bytes(32))).verify(BODY, fields)


def test_during_a_rotation_both_secrets_verify() -> None:
    new, old = secrets.token_bytes(32), secrets.token_bytes(24)
    fields = headers(str(uuid4()), datetime.now(UTC), BODY, [new, old])
    for secret in (new, old):
        assert Webhook(secret_text(secret)).verify(BODY, fields) == json.loads(BODY)


def test_a_delivery_of_long_ago_is_refused_by_who_verifies() -> None:
    secret = secrets.token_bytes(32)
    fields = headers(str(uuid4()), datetime.now(UTC) - timedelta(minutes=6), BODY, [secret])
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(secret)).verify(BODY, fields)


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_AAAA", "whsec_" + "A" * 200, "whsec_!" + "A" * 31])
def test_a_secret_that_is_none_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(Invalid) as told:
        secret_of(text)
    assert len(text) <= len("whsec_") or text not in str(told.value)
