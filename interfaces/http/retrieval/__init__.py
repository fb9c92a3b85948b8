"""Documents, and search in them. `upload.py`: a form taken in piece by piece."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.retrieval import document, search
from interfaces.http.retrieval.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (
    document.ROUTER,
    search.ROUTER,
)
