"""Refusals: what a user may be told. A class's docstring is its message; `detail` says what to do.

Refusal
├── Invalid          the input is not of the form it must have            HTTP 400
├── Unauthenticated  the key is unknown, expired or revoked            HTTP 401
├── Forbidden        the caller may not do this                           HTTP 403
├── NotFound         there is no such thing in this tenant                HTTP 404
│   └── Erased       it was erased                                        HTTP 404
├── Moved            the tenant is another deployment's by now            HTTP 421
├── Conflict         somebody else was first; look again and retry        HTTP 409
│   └── Ahead        the log ends before this position                    HTTP 409
├── TooManyRequests  more at once than is taken; try again soon           HTTP 429
│   └── RateLimited  more within a time than is taken                     HTTP 429
└── Refused          a rule of the business says no                       HTTP 422
    └── LimitReached a limit that many commands share leaves no room      HTTP 422

Anything else that escapes is a fault of ours or of a server that we need; see `application/ports/faults.py`.
"""

from __future__ import annotations

import math


class Refusal(Exception):
    """The request was refused."""

    def __init__(self, detail: str = "", **facts: object) -> None:
        """`detail` ends in what to do about it; `facts` are shown to the caller beside it (JSON values, no secrets)."""
        self.detail = detail or (type(self).__doc__ or "").strip()
        self.facts = facts
        super().__init__(self.detail)


class Invalid(Refusal):
    """The input is not of the form it must have."""


class Unauthenticated(Refusal):
    """The API key is unknown, expired or revoked; send a valid one."""


class Forbidden(Refusal):
    """The caller may not do this."""


class NotFound(Refusal):
    """There is no such thing in this tenant."""


def nowhere(kind: str, id: object, at: str = "") -> NotFound:
    """For an aggregate of a kind, by its topic, that there is not; `at`: at that point of its life."""
    if kind == "tenant":
        return NotFound(
            f"there is no tenant {id}{at}; GET /v1/tenants, and `retrace tenant list`, show those there are"
        )
    return NotFound(f"there is no {kind} {id}{at} in this tenant")


class Erased(NotFound):
    """It was erased; what it said can't be read again."""


class Moved(Refusal):
    """The tenant is another deployment's by now. Facts: `place`, as whoever moved it calls that one."""

    def __init__(self, place: str) -> None:
        super().__init__(f"this tenant has moved to {place}: send requests there", place=place)


class Conflict(Refusal):
    """Somebody else was first; look again and retry."""


class Ahead(Conflict):
    """The log ends before this position."""

    def __init__(self, position: int, end: int) -> None:
        super().__init__(
            f"this tenant's log ends at position {end}, before {position}: it was restored from a backup, perhaps, and what came "
            f"after that is gone; take what you hold of later positions for void, and go on from {end} or an earlier one",
            end=end,
        )


class TooManyRequests(Refusal):
    """More at once than is taken; try again soon."""


class RateLimited(TooManyRequests):
    """More came within a time than is taken; try again later. Facts: `limit`, its name; `retry_after`: seconds."""

    def __init__(self, detail: str, *, limit: str, retry_after: float) -> None:
        self.limit, self.retry_after = limit, max(1, math.ceil(retry_after))
        super().__init__(detail, limit=limit, retry_after=self.retry_after)


class Refused(Refusal):
    """A rule of the business says no."""


class LimitReached(Refused):
    """A limit that many commands share leaves no room for this. Facts: `limits`, as kind/key."""
