"""Variants of a model's name: dated ones, and those that clouds and gateways give it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_VERSION = re.compile(r"(?:-(\d{4}-\d{2}-\d{2}|\d{8}|\d{4}|\d{3})|@[\w.-]+|-v\d+:\d+|-latest)$")
"""What the vendor, or a cloud, puts behind it: a day, a number, a version."""

_REGION = re.compile(r"^(?:us|eu|apac|au|jp|global)\.")
"""What Bedrock puts before it."""


def undated(name: str) -> str:
    """The model that a snapshot is one of: gpt-4o of gpt-4o-2024-11-20. Other names are given back as they are."""
    return _VERSION.sub("", name)


def variants(name: str) -> Iterator[str]:
    """The name itself, then what it may be a variant of, the nearest first: without its version, without a prefix as in azure/gpt-4o."""
    while name:
        shortened = name
        yield shortened
        while (shorter := undated(shortened)) != shortened:
            yield shorter
            shortened = shorter
        elsewhere = _REGION.sub("", name)
        name = elsewhere if elsewhere != name else name.partition("/")[2]
