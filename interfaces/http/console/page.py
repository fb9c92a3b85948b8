"""A page: a template with what every page has, under a strict Content-Security-Policy, and never kept by a cache."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response

from domain.base.plain_digits import digits
from interfaces.bootstrap import Services
from interfaces.http.base.session.forgery import FIELD, csrf_token
from interfaces.http.console import flash
from interfaces.http.console.ends import named_in, told_end, told_instead
from interfaces.http.console.formats import FILTERS
from interfaces.http.console.navigation import entry_at, sections_for
from interfaces.http.console.static_files import path_of

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Not no-referrer: under that a browser sends `Origin: null` with a form (Fetch, section 4.6 "append a request Origin header").
    "Referrer-Policy": "same-origin",
}

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: digits(value) if isinstance(value, Decimal) else value,
)
_templates.filters.update(FILTERS)
_templates.globals.update(named_in=named_in, told_end=told_end, told_instead=told_instead)


def page(
    request: Request[Any, Any, Any],
    services: Services,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **facts: Any,
) -> Response[str]:
    """`facts` are the template's own. Beside them it has `root`, before each address; `static(name)`, a file's address; `session` (None:
    nobody is signed in), `csrf`, which every form sends, `menu`, `here` (the menu's entry that it stands below) and `told` (what the form
    before has done)."""
    caller = request.scope["state"].get("caller")
    session = caller.session if caller is not None else None
    before = root(services)
    told = flash.told(request, session, services) if session is not None else ""
    text = _templates.get_template(template).render(
        root=before,
        static=lambda name: before + path_of(name),
        here=entry_at(request.scope["path"].rstrip("/")),
        session=session,
        csrf_field=FIELD,
        csrf=csrf_token(session) if session is not None else "",
        menu=sections_for(session.principal.scopes) if session is not None else [],
        told=told,
        **facts,
    )
    reply = Response(
        text, status_code=status, media_type=MediaType.HTML, headers={**HEADERS, **(headers or {})}
    )
    if told:
        reply.cookies.append(flash.said(services))
    return reply


def moved(services: Services, path: str, status: int = 303) -> Response[bytes]:
    """After a form: look at another page."""
    headers = {**HEADERS, "Location": root(services) + path}
    return Response(b"", status_code=status, media_type=MediaType.HTML, headers=headers)


def done(request: Request[Any, Any, Any], services: Services, path: str, text: str) -> Response[bytes]:
    """After a form: another page, which says `text` (one plain sentence of what was done)."""
    reply = moved(services, path)
    flash.tell(reply, text, request, services)
    return reply


def root(services: Services) -> str:
    """What a proxy has before the paths of the service, as /api; empty where it has nothing."""
    return urlsplit(services.settings.public).path.rstrip("/")
