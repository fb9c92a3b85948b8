"""What litestar reads and writes in another form than is meant: `null` in a query, and small decimals in an answer's JSON."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from litestar import Request, Response
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.serialization import default_serializer

from domain.base.plain_digits import to_json


async def refuse_null(request: Request[Any, Any, Any]) -> None:
    """Raises ValidationException where `null` stands for what is no text: it would be taken for a parameter that is not there; a filter that was meant would have no effect, and all would be shown."""
    if b"null" not in request.scope["query_string"].lower():
        return
    wrong = _no_texts(request.route_handler) & {
        name for name, value in request.query_params.multi_items() if value.lower() == "null"
    }
    if wrong:
        text = "null is no value; leave it out, or send one"
        raise ValidationException(extra=[{"key": name, "message": text} for name in sorted(wrong)])


@lru_cache(maxsize=2048)
def _no_texts(handler: BaseRouteHandler) -> frozenset[str]:
    """Names of the parameters that may be left out and are no texts."""
    found = set()
    for name, field in handler.parsed_fn_signature.parameters.items():
        if field.is_optional and not field.has_inner_subclass_of(str) and str not in (field.args or ()):
            found.add(getattr(field.kwarg_definition, "query", None) or name)
    return frozenset(found)


async def in_plain_digits(response: Response[Any]) -> Response[Any]:
    """The same response, which litestar would write with 1.2E-7 in it; its content is encoded already, where it is JSON that litestar would encode."""
    content, media_type = getattr(response, "content", None), str(getattr(response, "media_type", None) or "")
    if content is None or isinstance(content, str | bytes) or (media_type and "json" not in media_type):
        return response
    response.content = to_json(content, default_serializer)
    return response
