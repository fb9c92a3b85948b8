"""Elements of HTML, by what a reader does with them (HTML Living Standard, section 4)."""

from __future__ import annotations

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
DROPPED = frozenset(
    [
        "head",
        "script",
        "style",
        "template",
        "noscript",
        "nav",
        "svg",
        "canvas",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "map",
        "select",
        "datalist",
        "textarea",
        "input",
        "meter",
        "progress",
        "del",
        "s",
        "strike",
    ]
)
"""Say nothing that a person reads, or are struck out."""

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "br",
    ]
)
"""Begin a line of their own."""

APART = frozenset({"span", "a", "small", "label", "button", "time", "data", "output"})
"""What pages draw with a gap that their text lacks: a price's euros and cents, say."""
