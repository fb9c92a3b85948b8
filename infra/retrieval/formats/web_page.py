"""The text of an HTML file, in the encoding that it declares unless it is in another."""

from __future__ import annotations

import re

from infra.retrieval.encoding import decoded

_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_WESTERN = frozenset({"iso-8859-1", "iso8859-1", "latin1", "latin-1", "us-ascii", "ascii"})
"""Which mean Windows-1252 (WHATWG, Encoding Standard)."""


def page_text(content: bytes) -> str | None:
    """None for what is no text."""
    if (said := _DECLARED.search(content[:2048])) is not None and not content.startswith(b"\xef\xbb\xbf"):
        name = said[1].decode("ascii").lower()
        for encoding in ("utf-8", "cp1252" if name in _WESTERN else name):
            try:
                return content.decode(encoding)
            except (UnicodeDecodeError, LookupError):
                continue
    return decoded(content)
