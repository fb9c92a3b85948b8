"""What an object store says is wrong, as one sentence that ends in the way out: never its own text, which may hold keys and signatures."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from application.ports import Unavailable

log = logging.getLogger("retrace.files")
log.addHandler(logging.NullHandler())  # commands, which have no log, tell it themselves

CODE = re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
KEYS = "mend AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
RIGHTS = (
    "it needs s3:GetObject, s3:PutObject and s3:DeleteObject on the objects, and s3:ListBucket on the bucket"
)

LASTING = {
    "NoSuchBucket": "there is no such bucket: make it, or mend RETRACE_FILES",
    "PermanentRedirect": "the bucket is in another region: name it in RETRACE_FILES (region=…)",
    "AuthorizationHeaderMalformed": "the bucket is in another region: name it in RETRACE_FILES (region=…)",
    "InvalidAccessKeyId": f"the store does not know this access key: {KEYS}",
    "SignatureDoesNotMatch": f"the secret key does not belong to the access key, or a proxy changes requests: {KEYS}",
    "InvalidToken": "the session token is not taken: mend AWS_SESSION_TOKEN",
    "ExpiredToken": "the session token has expired: give a new AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "this machine's clock is not the store's: set it, as by NTP",
    "AccessDenied": f"these keys may not do this: {RIGHTS}",
    "AllAccessDisabled": "the bucket is locked: see its owner",
    "QuotaExceeded": "the bucket's quota is used up: make room, or raise it",
    "InsufficientCapacity": "the store is full: make room",
    "XMinioStorageFull": "the store is full: make room",
    "MethodNotAllowed": "this is no bucket of an S3-compatible store: mend RETRACE_FILES (endpoint=…)",
}
"""What does not pass by itself, by the store's code."""

NO_KEYS = (
    "there are no keys for it: give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role to this machine"
)


class FilesUnavailable(Unavailable):
    """The store for files can't be used; nothing was changed. Try again in a moment."""

    def __init__(self, why: str, *, lasting: bool) -> None:
        """`why`: for whoever runs it, where it is and what is wrong. `lasting`: that does not pass by itself."""
        super().__init__("the store for files can't be used just now; try again in a moment")
        self.why, self.lasting = why, lasting


class Gone(Exception):
    """There is no such object."""


@contextmanager
def explained(place: str) -> Iterator[None]:
    """The client's errors as ours. Raises Gone, FilesUnavailable."""
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        text = str(error)
        found = CODE.search(text)
        code = found[1] if found is not None else ""
        if isinstance(error, FileNotFoundError) and code != "NoSuchBucket":
            raise Gone from None
        why, lasting = _why(error, code, text)
        log.warning("files at %s: %s", place, why)
        raise FilesUnavailable(f"{place}: {why}", lasting=lasting) from None


def _why(error: Exception, code: str, text: str) -> tuple[str, bool]:
    """What is wrong, and whether it stays so."""
    kind = type(error).__name__
    if code in LASTING:
        return LASTING[code], True
    if "169.254.169.254" in text or "credential" in text.lower():
        return NO_KEYS, True
    if kind in ("PermissionDeniedError", "UnauthenticatedError"):
        return f"the store refuses ({code or kind}): {RIGHTS}", True
    if "redirect" in text.lower():
        return LASTING["PermanentRedirect"], True
    if code:
        return f"the store says {code}, also when it was asked again", False
    status = re.search(r"status (\d{3})|\b(\d{3}) [A-Z][a-z]+", text)
    told = f"status {status[1] or status[2]}" if status is not None else "no answer"
    return f"the store does not answer as it should ({told}): is it up, and is the endpoint its own?", False
