"""Whose a request is, before anything of it is proved: each credential, link and address names its tenant."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import msgspec
from litestar.types import Scope

from application.answers.feedback_token import read_token
from application.campaigns.pages import PATH as CAMPAIGN_PAGES
from application.operators.tokens import parsed_link, parsed_session
from application.tenancy.key_text import PREFIX, parsed
from domain.base.errors import Refusal

SIGN_IN, ACCEPT, RATING = "/console/sign-in", "/console/accept", "/v1/bot/feedback/submit"
IN_BODY = frozenset({SIGN_IN, ACCEPT, RATING})
"""Paths whose body says whose it is, where nothing before it does."""


def tenant_of(scope: Scope) -> UUID | None:
    """By headers, path and query; None where they say nothing."""
    path = scope["path"].rstrip("/")
    if path.startswith("/v1"):
        return _of_key(scope) or _in_path(path, "v1", "tenants")
    if path in (SIGN_IN, ACCEPT):
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return _id(_first(query, "tenant")) or _tried(parsed_link, _first(query, "token"))
    if path.startswith("/console"):
        return _of_session(scope)
    if path.startswith(f"{CAMPAIGN_PAGES}/"):
        return _of_page(path.rpartition("/")[2])
    return _in_path(path, "webhooks", "twilio")


def tenant_in(path: str, body: bytes) -> UUID | None:
    """By the body of a request to one of IN_BODY."""
    path = path.rstrip("/")
    if path == RATING:
        try:
            found = msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        token = found.get("feedback_token") if isinstance(found, dict) else None
        return _tried(read_token, token) if isinstance(token, str) else None
    form = parse_qs(body.decode("latin-1"))
    return _id(_first(form, "tenant")) or _tried(parsed_link, _first(form, "token"))


def _of_key(scope: Scope) -> UUID | None:
    """Of the first key that a request carries, else the tenant that it names; several that differ are refused wherever it goes."""
    named: UUID | None = None
    for name, value in scope["headers"]:
        text = value.decode("latin-1").strip()
        if name == b"authorization":
            text = text.partition(" ")[2].strip()
        if name in (b"x-tenant-api-key", b"authorization") and text.startswith(PREFIX):
            try:
                return parsed(text)[0]
            except Refusal:
                continue
        if name == b"x-tenant-id":
            named = named or _id(text)
    return named


def _of_session(scope: Scope) -> UUID | None:
    for name, value in scope["headers"]:
        if name != b"cookie":
            continue
        try:
            cookies = SimpleCookie(value.decode("latin-1"))
        except CookieError:
            continue
        for kind in ("__Host-retrace", "retrace"):
            if kind in cookies and (found := _tried(parsed_session, cookies[kind].value)) is not None:
                return found
    return None


def _of_page(token: str) -> UUID | None:
    try:
        return UUID(bytes=base64.b64decode(token[:24], altchars=b"-_", validate=True)[:16])
    except (binascii.Error, ValueError):
        return None


def _in_path(path: str, *before: str) -> UUID | None:
    """The id that comes after these parts."""
    parts = path.split("/")
    return _id(parts[3]) if len(parts) > 3 and tuple(parts[1:3]) == before else None


def _tried(read: Callable[[str], Any], text: str) -> UUID | None:
    """The tenant of what names one."""
    try:
        found: UUID = read(text).tenant
    except Refusal:
        return None
    return found


def _first(values: dict[str, list[str]], name: str) -> str:
    return values.get(name, [""])[0].strip()


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
