"""Headers that decide something: a request says each of them once."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection

from domain.base.errors import Invalid


def only(connection: ASGIConnection[Any, Any, Any, Any], name: str) -> str | None:
    """The header's value, also where it stands there twice with the same one. Raises Invalid where the values differ."""
    values = set(connection.headers.getall(name, []))
    if len(values) > 1:
        raise Invalid(f"this request has several {name}, and may have one; send the one that you mean")
    return values.pop() if values else None
