"""How much room there is for what the embedded servers write."""

from __future__ import annotations

import os
from pathlib import Path

LEAST = 64 * 1024 * 1024
"""Bytes; with less, PostgreSQL soon finds no room for the next piece of its log (16 MB), and ends."""

NEW = 2 * LEAST
"""Bytes that a new database wants, with room for its log."""


def room(folder: Path) -> int:
    """Bytes that are free for others than the superuser."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def shortage(folder: Path) -> str:
    """What is to be done about it; empty where there is room enough."""
    if room(folder) >= LEAST:
        return ""
    return f"its disk is full ({folder}); it comes back by itself once there is room"
