"""Page ranges: where a passage stands in its document. Pure."""

from __future__ import annotations


def pages_told(page: int | None, last: int | None = None) -> str:
    """`page 3`, or `pages 3–4`; nothing where it has no page. `last`: where it ends, if that is another one."""
    if not page:
        return ""
    return f"page {page}" if last is None or last == page else f"pages {page}–{last}"
