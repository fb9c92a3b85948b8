"""How a role's process uses the machine: its priority, and how often it looks for garbage."""

from __future__ import annotations

import ctypes
import gc
import os
import sys

BEHIND = 5
"""Priority (nice) of the roles for which no connection waits: where the processors are all taken, the HTTP role has three times their share."""

YOUNG = 10_000
"""New objects after which garbage is looked for. Each look at 700, as Python has it by default, finds most of what requests under way still
hold, and moves it among the old."""


def step_behind() -> None:
    """For all that this process does from now on, with its children."""
    os.nice(max(0, BEHIND - os.nice(0)))


def settle() -> None:
    """What was made until now stays: it is looked at no more. A look through all of it, tables of words and the application among them, held
    everything up for a tenth of a second, and took a tenth of the processor's time."""
    gc.collect()
    give_back()
    gc.freeze()
    gc.set_threshold(YOUNG)


def give_back() -> None:
    """Memory that was taken and is free again goes back to the system, which glibc does not do by itself where something lies above it: of what
    a role reads and compiles while it starts a tenth is free afterwards. Elsewhere than on glibc it does nothing."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
