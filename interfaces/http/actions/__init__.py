"""Actions over HTTP: what a tenant declares that the agent may do, and each call of it.

Begin in `action.py`; `call.py`: calls, and an operator's word on them.
"""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Router

from interfaces.http.actions import action, call
from interfaces.http.actions.examples import EXAMPLES as EXAMPLES

ROUTERS: Sequence[Router] = (action.ROUTER, call.ROUTER)
