"""Rules that the bets took the place of, beside them in the same simulation."""

from __future__ import annotations

from math import log

import numpy as np

from tests.soak.experiments import Floats, Played


def fixed(played: Played, over: int, per: int | None, rise_harms: bool) -> bool:
    """Whether somebody who looks after every answer, with a test that holds for one look, ever raises an alarm."""
    z, _, _ = _each_look(played, over, per, rise_harms)
    return bool((z > 1.96).any())


def rule_1(played: Played, over: int, per: int | None, rise_harms: bool) -> bool:
    """Whether the rule that was there before does: a confidence sequence (Waudby-Smith et al., 2023) over answers, from 30 on each side on,
    each step for itself."""
    z, count, least = _each_look(played, over, per, rise_harms, smooth=per is None)
    rho2 = (-2 * log(0.05) + log(-2 * log(0.05) + 1)) / 5000
    spread = count * rho2 + 1
    multiplier = np.sqrt(2 * spread / (count * rho2) * np.log(np.sqrt(spread) / 0.05))
    return bool(((z > multiplier) & (least >= 30)).any())


def _each_look(
    played: Played, over: int, per: int | None, rise_harms: bool, *, smooth: bool = False
) -> tuple[Floats, Floats, Floats]:
    """After each answer of each step: by how many standard errors the new side is worse, answers of both, and of the smaller side."""
    found = []
    for step in np.unique(played.answers[:, 0]):
        rows = played.answers[played.answers[:, 0] == step]
        new = rows[:, 1]
        a, b = rows[:, over], np.ones(len(rows)) if per is None else rows[:, per]
        sides = []
        with np.errstate(divide="ignore", invalid="ignore"):
            for side in (new, 1 - new):
                n, sa, sb = np.cumsum(side), np.cumsum(side * a), np.cumsum(side * b)
                r = sa / sb
                error = (
                    np.cumsum(side * a * a)
                    - 2 * r * np.cumsum(side * a * b)
                    + r * r * np.cumsum(side * b * b)
                ) / sb**2
                if smooth:
                    share = (sa + 1) / (n + 2)
                    error = np.maximum(error, share * (1 - share) / n)
                sides.append((n, r, error))
            (n1, r1, e1), (n0, r0, e0) = sides
            z = (r1 - r0) * (1 if rise_harms else -1) / np.sqrt(e1 + e0)
        found.append((np.nan_to_num(z, nan=0.0, posinf=0.0, neginf=0.0), n1 + n0, np.minimum(n1, n0)))
    z, count, least = (np.concatenate(each) for each in zip(*found, strict=True))
    return z, count, least
