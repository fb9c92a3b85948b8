"""What is asked of a setting's text beyond its being one. Raise ValueError whose text goes on from the setting's name, and shows no secret."""

from __future__ import annotations

from email.utils import parseaddr
from urllib.parse import urlsplit

from domain.base.errors import Invalid
from domain.retrieval.embedding_model import space_named
from domain.tenancy.origins import origin_of

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def web_address(text: str) -> str:
    try:
        good = urlsplit(text).scheme in ("http", "https") and "://" in text
    except ValueError:
        good = False
    if not good:
        raise ValueError("must begin with http:// or https://")
    return text


def public_address(text: str) -> str:
    parts = urlsplit(web_address(text))
    if not parts.hostname or parts.username or parts.query or parts.fragment or text.endswith("?"):
        raise ValueError("has no user, query or fragment; give it as https://service.example.com")
    return text


def origins(text: str) -> str:
    """Parted by commas, each as a browser sends it."""
    try:
        found = [
            each.strip() if each.strip() == "*" else origin_of(each)
            for each in text.split(",")
            if each.strip()
        ]
    except Invalid as error:
        raise ValueError(f"parts origins by commas, or is *: {error.detail}") from None
    return ",".join(dict.fromkeys(found))


def level(text: str) -> str:
    if text.upper() not in LEVELS:
        raise ValueError(f"is {text!r}; give one of {', '.join(LEVELS)}")
    return text.upper()


def operator_key(text: str) -> str:
    if len(text) < 32 or not (text.isascii() and text.isprintable()):
        raise ValueError("has 32 or more printable ASCII characters; make one with: openssl rand -hex 32")
    return text


def vault_key(text: str) -> str:
    if not all(text.rpartition("/")[::2]):
        raise ValueError(f"is {text!r}; give MOUNT/NAME, as transit/retrace")
    return text


def embedding_model(text: str) -> str:
    try:
        return space_named(text).id
    except Invalid as error:
        raise ValueError(f"is {text!r}: {error.detail}") from None


def mail_server(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
        good = good and parts.path in ("", "/") and not parts.query and not parts.fragment
        good = good and (parts.username is None) == (parts.password is None)
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            "is given as smtps://USER:PASSWORD@HOST:465, or as smtp:// for STARTTLS; user and password, percent-encoded, go together"
        )
    return text


def mail_address(text: str) -> str:
    address = parseaddr(text)[1]
    name, at, domain = address.partition("@")
    if not (name and at and domain) or not text.isascii() or not text.isprintable():
        raise ValueError("is an address as alerts@example.com, or Retrace <alerts@example.com>")
    return text
