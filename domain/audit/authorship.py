"""Is this text one of ours? Texts are compared by fingerprints, so that none is stored twice. Pure.

fingerprint = SHA-256(tenant 16 bytes | SHA-256(text as UTF-8)), of the text as it was sent and of the text made plain.

It is not keyed, because whoever has nothing but a text's SHA-256 is to get an answer too, and because a rebuild must give the
same rows without any secret. The tenant in it keeps tables of guesses from serving twice. A short answer can still be guessed
by whoever reads the table, which row-level security keeps to the tenant; the rows of a forgotten conversation or call are deleted.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from uuid import UUID

from domain.retrieval.markers import without_markers


def plain(text: str) -> str:
    """The text in Unicode's NFKC, case folded, without markers as [1], each run of white space as one space."""
    text = without_markers(unicodedata.normalize("NFKC", text))
    return " ".join(unicodedata.normalize("NFKC", text.casefold()).split())


def digest_of(text: str) -> bytes:
    # A lone surrogate, which JSON can hold, is no UTF-8; it can't have been sent either.
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def fingerprint(tenant: UUID, digest: bytes) -> bytes:
    """`digest` is the SHA-256 of a text."""
    return hashlib.sha256(tenant.bytes + digest).digest()


def fingerprints(tenant: UUID, text: str) -> frozenset[bytes]:
    """Those under which an answer is kept: one or two."""
    return frozenset(fingerprint(tenant, digest_of(form)) for form in (text, plain(text)))


def candidates(tenant: UUID, text: str, disclosures: Iterable[str]) -> frozenset[bytes]:
    """Those under which a text may be found. An answer is kept without the disclosure that it may have been sent with."""
    asked = plain(text)
    found = set(fingerprints(tenant, text))
    for disclosure in disclosures:
        if (start := plain(disclosure)) and asked.startswith(f"{start} "):
            found.add(fingerprint(tenant, digest_of(asked[len(start) + 1 :])))
    return frozenset(found)
