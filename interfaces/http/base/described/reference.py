"""The reference: the description of the API as one page, made on the server, without scripts. Text in `code` marks is set so."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import msgspec

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#f4f4f4;padding:.7rem;overflow:auto}table{border-collapse:collapse}"
    "td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}section{border-top:1px solid #ccc}"
)
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def page_of(text: bytes) -> str:
    """Of the description as it is sent."""
    description = msgspec.json.decode(text)
    by_tag: dict[str, list[str]] = defaultdict(list)
    links: dict[str, list[str]] = defaultdict(list)
    for path, item in description["paths"].items():
        for method, operation in item.items():
            for tag in operation.get("tags", ["other"])[:1]:
                by_tag[tag].append("".join(_operation(path, method, operation)))
                name = operation.get("summary") or path
                links[tag].append(f'<li><a href="#{_anchor(method, path)}">{escape(name)}</a></li>')
    told = {tag["name"]: tag["description"] for tag in description["tags"]}
    index = "".join(
        f"<h2>{escape(tag)}</h2><p>{escape(told.get(tag, ''))}</p><ul>{''.join(links[tag])}</ul>"
        for tag in sorted(links)
    )
    body = "".join("".join(by_tag[tag]) for tag in sorted(by_tag))
    info = description["info"]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}: reference</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(info['title'])}</h1>{_paragraphs(info['description'])}"
        f'<p>For programs: <a href="/schema">the same as OpenAPI 3.1</a>.</p>'
        f'<nav aria-label="Routes">{index}</nav>{body}</main></body></html>'
    )


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<section id="{_anchor(method, path)}"><h3>{escape(operation.get("summary") or path)}</h3>'
    yield f"<p><code>{method.upper()} {escape(path)}</code></p>{_paragraphs(operation.get('description') or '')}"
    if parameters := operation.get("parameters"):
        yield "<table><caption>Parameters</caption><tr><th>Name</th><th>In</th><th>Form</th><th></th></tr>"
        for each in parameters:
            form = each["schema"].get("format") or each["schema"].get("type") or "see /schema"
            cells = (each["name"], each["in"], form, each.get("description") or "")
            yield f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>"
        yield "</table>"
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body, <code>{escape(media)}</code>{_named(content.get('schema', {}))}</p>"
        for example in content.get("examples", {}).values():
            shown = msgspec.json.format(msgspec.json.encode(example["value"]), indent=2).decode()
            yield f"<pre>{escape(shown)}</pre>"
    yield "<table><caption>Answers</caption><tr><th>Status</th><th></th></tr>"
    for status, answer in sorted(operation["responses"].items()):
        schemas = "".join(_named(each.get("schema", {})) for each in answer.get("content", {}).values())
        yield f"<tr><td>{escape(status)}</td><td>{escape(answer.get('description') or '')}{schemas}</td></tr>"
    yield "</table></section>"


def _named(schema: Mapping[str, Any]) -> str:
    """The name of a schema, where it has one."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f" (<code>{escape(name)}</code>)" if name else ""


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_code(part)}</p>" for part in text.split("\n\n") if part.strip())


def _code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _anchor(method: str, path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{method} {path}".lower()).strip("-")
