"""What people say of an answer: what was wrong with it, and how good another one is."""

from __future__ import annotations

from typing import Literal

Category = Literal["missing_information", "wrong_information", "tone", "policy", "misunderstanding", "other"]
"""What was wrong with the answer."""

BEST = 5.0
"""Of a quality; the least is 0."""
