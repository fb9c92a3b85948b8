"""E-mail addresses of operators, and the names that they are shown by."""

from __future__ import annotations

import re
import unicodedata

from domain.base.errors import Invalid

LONGEST = 254
"""Characters of an address (RFC 5321, section 4.5.3.1.3, without its angle brackets)."""

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]+")


def same_address(email: str) -> str:
    """One form for all that are taken for the same: capitals do not count, nor does how a letter is composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email.strip()).casefold())


def checked_address(email: str) -> str:
    """As it is kept. Raises Invalid, whose text does not hold the address."""
    email = unicodedata.normalize("NFC", email.strip())
    if len(email) > LONGEST or not _ADDRESS.fullmatch(email) or not email.isprintable():
        raise Invalid("email is an address as ann@example.com, of at most 254 characters")
    return email


def checked_name(name: str) -> str:
    name = unicodedata.normalize("NFC", name.strip())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise Invalid("an operator's name has 1 to 200 printable characters")
    return name
