"""A page that shows what routes answer, and has forms that send what routes take. The routes' scopes are the page's and the forms'."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler

from domain.base.errors import Forbidden, Invalid, Refusal
from interfaces.bootstrap import Services
from interfaces.http.base.problems import on_refusal
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.page import done, page
from interfaces.http.console.screens.calling import AT, Api, Told
from interfaces.http.console.screens.fields import Field, fields_of_body
from interfaces.http.console.screens.form import Facts, Form, Shown, shown_form
from interfaces.http.console.screens.reading import body_of
from interfaces.http.console.screens.wrong import Sent, given_of

VERSION = "version"
"""Hidden field of a form: the version that its sender has seen."""

Wrong = tuple[Refusal, Sent]
Asked = Request[Any, Any, Any]


class Forms(dict[str, Shown | None]):
    """By name; None for one that is not offered, or not to this operator."""

    def __missing__(self, name: str) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class Screen:
    """`reads`: by the name that the template has for the answer. The first one's scope opens the page; what others answer is None where
    the operator lacks theirs. Path parameters go to the reads that know them, and of the query what `filters` has; `given` is
    said beside them (a text may have path parameters). `more`: facts that follow
    from the answers and from `path`, the parameters; `also`: those for which other routes are
    asked. Without a template there is no page, only the forms."""

    path: str
    template: str = ""
    reads: Mapping[str, HTTPRouteHandler]
    forms: Mapping[str, Form] = field(default_factory=dict)
    filters: type[msgspec.Struct] | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    more: Callable[[Facts], Facts] | None = None
    also: Callable[[Facts, Api], Awaitable[Facts]] | None = None

    def router(self) -> Router:
        """Its page, and below it one address a form."""
        handlers = [handler for name in self.forms for handler in _sent(self, name)]
        handlers += [_opened(self)] if self.template else []
        return Router("/", route_handlers=handlers, include_in_schema=False, exception_handlers=HANDLERS)

    @property
    def scope(self) -> Any:
        return next(iter(self.reads.values())).opt["scope"]


def _opened(screen: Screen) -> HTTPRouteHandler:
    @get(screen.path, scope=screen.scope)
    async def opened(request: Asked, services: NamedDependency[Services]) -> Response[Any]:
        return await _draw(screen, request, services)

    return opened


def _sent(screen: Screen, name: str) -> list[HTTPRouteHandler]:
    form = screen.forms[name]
    options: dict[str, Any] = {"scope": form.route.opt["scope"]}
    if form.rate:
        options["rate"] = form.rate

    @post(f"{screen.path}/{name}", status_code=303, **options)
    async def sent(request: Asked, services: NamedDependency[Services]) -> Response[Any]:
        return await _submit(screen, name, request, services)

    if not form.confirm:
        return [sent]

    @get(f"{screen.path}/{name}", scope=form.route.opt["scope"])
    async def asked(request: Asked, services: NamedDependency[Services]) -> Response[Any]:
        return await _ask(screen, name, request, services)

    return [asked, sent]


async def _submit(screen: Screen, name: str, request: Asked, services: Services) -> Response[Any]:
    form, sent = screen.forms[name], await request.form()
    given: dict[str, Any] = {**_formatted(screen.given, request), **request.path_params}
    version = str(sent.get(VERSION, ""))
    try:
        if form.body is not None:
            filled = body_of(form.body, sent, _formatted(form.fixed, request))
            given["data"] = form.into(filled) if form.into is not None else filled
        told = await Api(request, services)(
            form.route, _seen=int(version) if version.isdecimal() else None, **given
        )
    except Forbidden:
        raise
    except Refusal as error:
        if form.confirm or not screen.template:
            return await _ask(screen, name, request, services, (error, sent))
        return await _draw(screen, request, services, name, (error, sent))
    if form.answer and (form.shows is None or form.shows(told.body)):
        return page(request, services, form.answer, made=told.body, back=_here(screen, request))
    at = f"?{AT}={told.position}" if told.position is not None else ""
    to = form.to.format(**request.path_params, id=getattr(told.body, "id", "")) or _here(screen, request)
    return done(request, services, f"{to}{at}", form.done)


def _formatted(facts: Facts, request: Asked) -> dict[str, Any]:
    """With path parameters where texts name them."""
    return {
        name: value.format(**request.path_params) if isinstance(value, str) else value
        for name, value in facts.items()
    }


async def _draw(
    screen: Screen, request: Asked, services: Services, sent: str = "", wrong: Wrong | None = None
) -> Response[Any]:
    """`sent`: the form of it that was sent, and `wrong` with it."""
    api, here = Api(request, services), _here(screen, request)
    asked, filters, refused = _asked(screen, request)
    told = {name: Told(None) for name in screen.reads}
    if not refused:
        try:
            told = await _told(screen, request, api, asked)
        except Invalid as invalid:  # of what the query asks for
            if screen.filters is None:
                raise
            refused, filters = invalid, _refilled(screen, request, invalid)
    facts = _facts(screen, request, told)
    if screen.also is not None and not refused:
        facts = {**facts, **await screen.also(facts, api)}
    forms = Forms(
        (name, _shown(screen, name, request, facts, told, wrong if name == sent else None))
        for name, form in screen.forms.items()
        if api.may(form.route) and not refused
        if form.offered is None or form.offered(facts) or name == sent
    )
    error = refused or (wrong[0] if wrong else None)
    query = urlencode(
        {name: value for name, value in request.query_params.items() if value and name in asked}
    )
    return page(
        request,
        services,
        screen.template,
        status=_status(request, error),
        forms=forms,
        filters=filters,
        address=f"{here}?{query}" if query else here,
        here_path=here,
        cursor=request.query_params.get("cursor", ""),
        failed=error is not None,
        refused=refused,
        **facts,
    )


async def _ask(
    screen: Screen, name: str, request: Asked, services: Services, wrong: Wrong | None = None
) -> Response[Any]:
    told = await _told(screen, request, Api(request, services), {})
    facts = _facts(screen, request, told)
    form = screen.forms[name]
    return page(
        request,
        services,
        "screens/confirm.html",
        status=_status(request, wrong[0] if wrong else None),
        form=_shown(screen, name, request, facts, told, wrong),
        back=_here(screen, request) if screen.template else form.to.format(**request.path_params),
    )


def _shown(
    screen: Screen,
    name: str,
    request: Asked,
    facts: Facts,
    told: Mapping[str, Told],
    wrong: Wrong | None,
) -> Shown:
    form = screen.forms[name]
    version = told[form.of or next(iter(told))].version
    return shown_form(form, f"{_here(screen, request)}/{name}", facts, version, wrong)


async def _told(screen: Screen, request: Asked, api: Api, asked: Facts) -> dict[str, Told]:
    """What the reads answer."""
    cursor = request.query_params.get("cursor", "")
    given = {
        **_formatted(screen.given, request),
        **asked,
        **({"cursor": cursor} if cursor else {}),
        **request.path_params,
    }
    return {
        name: await api(route, **given) if api.may(route) else Told(None)
        for name, route in screen.reads.items()
    }


def _facts(screen: Screen, request: Asked, told: Mapping[str, Told]) -> dict[str, Any]:
    facts = {"path": request.path_params, **{name: each.body for name, each in told.items()}}
    return {**facts, **screen.more(facts)} if screen.more is not None else facts


def _asked(screen: Screen, request: Asked) -> tuple[dict[str, Any], Any, Refusal | None]:
    """What the page's query asks the reads for, the fields with it, and how it was refused."""
    if screen.filters is None:
        return {}, [], None
    query = request.query_params
    try:
        body = body_of(screen.filters, query)
    except Invalid as error:
        return {}, _refilled(screen, request, error), error
    asked = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not None}
    return asked, fields_of_body(screen.filters, body), None


def _refilled(screen: Screen, request: Asked, error: Refusal) -> list[Field]:
    """The fields of the query as it was sent, with what was wrong."""
    assert screen.filters is not None
    names = [each.name for each in fields_of_body(screen.filters)]
    return fields_of_body(screen.filters, None, given_of(error, request.query_params, names))


def _status(request: Asked, error: Refusal | None) -> int:
    """As the API answers it; it is counted too."""
    return (on_refusal(request, error).status_code or 400) if error is not None else 200


def _here(screen: Screen, request: Asked) -> str:
    """The page's own address, without what a proxy has before it."""
    parts = screen.path.split("/")
    return "/".join(
        str(request.path_params[part[1:].partition(":")[0].rstrip("}")]) if part.startswith("{") else part
        for part in parts
    )
