"""Whose a request is, read before anything is proved."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from application.answers.feedback_token import issue_token
from application.campaigns.pages import CampaignPages
from application.operators.tokens import drawn_link, drawn_session
from application.tenancy.key_text import drawn
from interfaces.cells.named import ACCEPT, RATING, SIGN_IN, tenant_in, tenant_of

TENANT, OTHER = uuid4(), uuid4()


class Hashes:
    """Of a keyring what tokens ask for."""

    async def identify(self, tenant: UUID, *parts: str) -> UUID:
        return tenant


def asked(path: str, query: str = "", **headers: str) -> Any:
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "query_string": query.encode(), "headers": fields, "method": "GET"}


def test_keys_and_headers_name_their_tenant() -> None:
    key = drawn(TENANT)[1]
    for scope in (
        asked("/v1/messages", authorization=f"Bearer {key}"),
        asked("/v1/messages", authorization=f"bearer  {key} "),
        asked("/v1/messages", x_tenant_api_key=key),
        asked("/v1/messages", x_tenant_api_key=key, x_tenant_id=str(OTHER)),  # the cell refuses it
        asked("/v1/messages", x_tenant_id=TENANT.hex, x_tenant_api_key="rt_none"),
        asked(f"/v1/tenants/{TENANT}", authorization="Bearer the-operators"),
        asked(f"/v1/tenants/{TENANT}/suspend", authorization="Bearer the-operators"),
        asked(f"/webhooks/twilio/{TENANT}"),
    ):
        assert tenant_of(scope) == TENANT
    for scope in (
        asked("/v1/tenants", authorization="Bearer the-operators"),
        asked("/v1/messages"),
        asked("/v1/messages", authorization=key),
        asked("/healthz", authorization=f"Bearer {key}"),
        asked("/webhooks/twilio/none"),
        asked("/webhooks"),
    ):
        assert tenant_of(scope) is None


@pytest.mark.parametrize("name", ["retrace", "__Host-retrace"])
def test_sessions_and_links_name_their_tenant(name: str) -> None:
    session = drawn_session(TENANT, uuid4()).text
    link = drawn_link(OTHER, uuid4()).text
    assert tenant_of(asked("/console/inbox", cookie=f"a=b; {name}={session}")) == TENANT
    assert tenant_of(asked("/console/inbox", cookie="retrace=none")) is None
    # Whoever is signed in may be invited elsewhere: the form says whose it is.
    signed_in = f"{name}={session}"
    assert tenant_of(asked(ACCEPT, urlencode({"token": link}), cookie=signed_in)) == OTHER
    assert tenant_of(asked(SIGN_IN, urlencode({"tenant": OTHER.hex}), cookie=signed_in)) == OTHER
    assert tenant_of(asked(SIGN_IN, cookie=signed_in)) is None
    assert tenant_in(SIGN_IN, urlencode({"tenant": f" {OTHER} "}).encode()) == OTHER
    assert tenant_in(f"{ACCEPT}/", urlencode({"token": link}).encode()) == OTHER
    assert tenant_in(SIGN_IN, b"\xff\x00") is None


async def test_what_customers_are_sent_names_its_tenant() -> None:
    ids = {"interaction": uuid4(), "conversation": uuid4()}
    keyring: Any = Hashes()
    token = await issue_token(TENANT, **ids, answered_at=datetime.now(UTC), days=1, keyring=keyring)
    assert tenant_in(RATING, json.dumps({"feedback_token": token}).encode()) == TENANT
    for body in (b"", b"[]", b'{"feedback_token": 5}', b'{"feedback_token": "x"}', b"{", b"\xff"):
        assert tenant_in(RATING, body) is None
    pages = CampaignPages("https://shop.example", keyring)
    page = await pages._token(TENANT, uuid4(), uuid4(), 1)
    assert tenant_of(asked(f"/c/{page}")) == TENANT
    assert tenant_of(asked("/c/x")) is None
