"""`Retrace-Position`: every write answers with it, every request can ask to see what was written until then."""

from __future__ import annotations

import re
from typing import Annotated, Any
from uuid import UUID

from litestar.connection import ASGIConnection
from litestar.params import HeaderParameter

from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.base.headers import only
from interfaces.http.base.version import tag

POSITION = "Retrace-Position"
LONGEST = 2**62
DESCRIPTION = (
    "Be at least as new as this position, which a write returned. Waits up to 2 s for a read model, then 503 with Retry-After; "
    "409, with the log's end, for a position that the log has not come to."
)

AtLeast = Annotated[int | None, HeaderParameter(name=POSITION, ge=0, le=LONGEST, description=DESCRIPTION)]
_NUMBER = re.compile(r"\d{1,19}", re.ASCII)


def asked(connection: ASGIConnection[Any, Any, Any, Any]) -> int | None:
    """The position that a request asks for. Raises Invalid."""
    text = only(connection, POSITION)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text) or int(text) > LONGEST:
        raise Invalid(f"{POSITION} is a number, as a write answered with")
    return int(text)


async def written(
    services: Services, tenant: UUID, position: int, version: int | None = None
) -> dict[str, str]:
    """The header that every write answers with. 0: nothing was to be written, so what is there now counts.

    `version`: at which what was written to is by now.
    """
    headers = {POSITION: str(position or await services.reads.head(tenant))}
    return headers if version is None else headers | tag(version)
