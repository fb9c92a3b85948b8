"""A bucket of an S3-compatible object store, as a setting names it: `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from infra.secret import Secret

FORM = "give s3://BUCKET/PREFIX, with ?endpoint=https://… for another store than AWS, and &region=…"
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
AWS = re.compile(r"s3(\.dualstack)?([.-][a-z0-9-]+)?\.amazonaws\.com")
PORTS = {"http": 80, "https": 443}
SEGMENT = re.compile(r"[A-Za-z0-9!_.()-]+")


@dataclass(frozen=True)
class Keys:
    """Of an account; without them those are taken that the machine has (a role of an instance, a container or a web identity)."""

    id: Secret | None = None
    secret: Secret | None = None
    token: Secret | None = None


@dataclass(frozen=True)
class Bucket:
    """`prefix`: what all names begin with, empty or without a slash at its ends. `endpoint`: None is AWS."""

    name: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None

    @property
    def text(self) -> str:
        """As a setting has it."""
        asked = {"endpoint": self.endpoint, "region": self.region}
        query = urlencode({name: value for name, value in asked.items() if value}, safe=":/")
        return f"s3://{self.name}{f'/{self.prefix}' if self.prefix else ''}{f'?{query}' if query else ''}"

    @property
    def place(self) -> str:
        """The same however it is spelled: a region is no part of where it is, nor is the address of AWS itself."""
        endpoint = None if self.endpoint is None else urlsplit(self.endpoint)
        if endpoint is None or AWS.fullmatch(endpoint.hostname or ""):
            return replace(self, endpoint=None, region=None).text
        host, port = endpoint.hostname or "", endpoint.port
        host = f"[{host}]" if ":" in host else host
        shown = "" if port in (None, PORTS[endpoint.scheme]) else f":{port}"
        return replace(self, endpoint=f"{endpoint.scheme}://{host}{shown}{endpoint.path}", region=None).text

    def below(self, *names: str) -> Bucket:
        """A place of its own in it."""
        return replace(self, prefix="/".join(filter(None, (self.prefix, *names))))


def bucket_of(text: str) -> Bucket:
    """Raises ValueError whose text goes on from the setting's name."""
    parts = urlsplit(text)
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError(f"is no address of a bucket: {FORM}")
    if "@" in parts.netloc:
        raise ValueError("has no keys: they are given as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if not BUCKET.fullmatch(parts.netloc):
        raise ValueError(f"names {quote(parts.netloc)!r}, which is no name of a bucket: {FORM}")
    prefix = unquote(parts.path).strip("/")
    if prefix and any(not SEGMENT.fullmatch(each) or not each.strip(".") for each in prefix.split("/")):
        raise ValueError(f"has the prefix {prefix!r}; it has letters, digits and !_.()- between slashes")
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(asked.keys() - {"endpoint", "region"}):
        raise ValueError(f"asks for {', '.join(unknown)}, which is not known: {FORM}")
    if parts.fragment or "" in asked.values():
        raise ValueError(f"has an empty value, or a fragment (#…): {FORM}")
    if (endpoint := asked.get("endpoint")) is not None:
        _check_endpoint(endpoint)
    return Bucket(
        parts.netloc, prefix, endpoint.rstrip("/") if endpoint else None, asked.get("region") or None
    )


def is_same(one: str | None, other: str | None) -> bool:
    """Whether two settings name one bucket, or both none. Raises ValueError as above."""
    return (bucket_of(one).place if one else None) == (bucket_of(other).place if other else None)


def checked_bucket(text: str) -> str:
    """The same text. Raises ValueError as above."""
    bucket_of(text)
    return text


def _check_endpoint(text: str) -> None:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.query or parts.fragment:
        raise ValueError("has an endpoint that is none: give it as endpoint=https://s3.example.com:9000")
