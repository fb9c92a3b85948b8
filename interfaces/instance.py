"""Which start of Retrace a process belongs to: `/healthz` tells it, so that `retrace up` knows its own HTTP role from another one."""

from __future__ import annotations

import os
import secrets
from functools import cache

VARIABLE = "RETRACE_INSTANCE"
"""What `retrace up` gives its roles; a role that runs apart makes one."""

SERVICE = "retrace"
"""What `/healthz` calls us, beside it."""


@cache
def instance() -> str:
    """As it was when it was first asked for: a fork has imported this before it is told its own."""
    return os.environ.get(VARIABLE) or secrets.token_hex(8)
