"""Which kind of text a text is, by how it begins: HTML, Markdown, CSV or plain. What is text only for machines is refused."""

from __future__ import annotations

import re

from infra.retrieval.forking import Unreadable
from infra.retrieval.formats.comma_separated import delimiter_of
from infra.retrieval.formats.media_types import CSV, HTML, MARKDOWN, TEXT

_BEFORE = re.compile(r"(?:\s|\ufeff|<!--.*?-->|<\?xml[^>]*\?>)*", re.DOTALL)
_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_PART = re.compile(
    r"<(h[1-6]|p|div|table|ul|ol|dl|section|article|main|header|nav|span|strong|b|em|blockquote|title|meta|style|center)\b[^<>]*>",
    re.IGNORECASE,
)
_OPEN = frozenset({"p", "P", "meta", "META"})
"""Elements that need no end."""

_ELEMENT = re.compile(r"<(?:!doctype|\?xml|[A-Za-z][\w.:-]*)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"^ {0,3}#{1,6}[ \t]+\S"  # a heading
    r"|^ {0,3}\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*$"  # the line below a table's header
    r"|^ {0,3}(?:```|~~~)"
    r"|^\S[^\n]*\n(?:={3,}|-{3,})[ \t]*$"  # a heading that is underlined
    r"|\[[^\[\]\n]{1,200}\]\((?:https?:|mailto:|tel:|/|#|\.)[^)\s]{0,200}\)",
    re.MULTILINE,
)
_MAIL = re.compile(r"^(from|to|subject|date|reply-to)[:\s]", re.IGNORECASE)
_MAILED = re.compile(
    r"^(received|message-id|mime-version|return-path|content-type|delivered-to|dkim-signature|x-[\w-]+):",
    re.IGNORECASE,
)
_HEADER = re.compile(r"^(?:[!-9;-~]+:|From \S+@|[ \t])")


def kind_of_text(text: str, *, cut: bool = False) -> str:
    """The media type. `cut`: the text goes on. Raises Unreadable."""
    begin = text[_BEFORE.match(text).end() :] if text else ""  # type: ignore[union-attr]  # it matches nothing, too
    if begin.startswith("{\\rtf"):
        raise Unreadable(
            "the file is RTF; open it in an office program, save it as DOCX or PDF and upload that"
        )
    if begin.startswith("%!PS"):
        raise Unreadable("the file is PostScript; print it to a PDF and upload that")
    if _is_mail(begin):
        raise Unreadable(
            "the file is an e-mail; print it to a PDF, or save its attachments, and upload those"
        )
    if _PAGE.match(begin):
        return HTML
    if (part := _PART.match(begin)) is not None and (
        part[1] in _OPEN or f"</{part[1].lower()}" in begin.lower()
    ):
        return HTML
    if text.lstrip("\ufeff \t\r\n").startswith("<?xml") or _is_other_markup(begin):
        raise Unreadable(
            "the file is XML, which is for programs; export it as PDF, HTML or CSV and upload that"
        )
    if delimiter_of(text.lstrip("\ufeff"), cut=cut) is not None:
        return CSV
    return MARKDOWN if _MARKDOWN.search(text.replace("\r\n", "\n")) else TEXT


def _is_mail(text: str) -> bool:
    headers = []
    for line in text.splitlines()[:100]:
        if not _HEADER.match(line):
            break
        headers.append(line)
    return any(map(_MAIL.match, headers)) and any(map(_MAILED.match, headers))


def _is_other_markup(text: str) -> bool:
    """Whether it begins with an element, and has several that end: no sentence with <angle brackets>."""
    return _ELEMENT.match(text) is not None and text.count("</") + text.count("/>") > 1
