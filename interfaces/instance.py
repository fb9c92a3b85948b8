"""Which start of Retrace a process belongs to: `/healthz` tells it, so that `retrace up` knows its own HTTP role from another one."""

from __future__ import annotations

import os
import secrets

VARIABLE = "RETRACE_INSTANCE"
"""What `retrace up` gives its roles; a role that runs apart makes one."""

INSTANCE = os.environ.get(VARIABLE) or secrets.token_hex(8)
SERVICE = "retrace"
"""What `/healthz` calls us, beside it."""
