"""What enters at the edge of every use case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

Clock = Callable[[], datetime]
"""Now, in UTC."""


Ids = Callable[[], UUID]
"""A new UUIDv7."""
