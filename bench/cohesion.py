"""Fit the weights by which clauses are told apart (domain/answers/understanding/words/cohesion.py), on the half of the public sets that figures
are not told of. Prints that file.

Logistic regression with an L2 penalty, by Newton's method; then, one at a time, the pair of signs that explains most of what is left (Rao's
score test). The sets are those of bench/understanding.py.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.understanding import NOTHING, Labelled, held_out, joined, labelled
from domain.answers.understanding.clauses import clauses
from domain.answers.understanding.cohesion import settled, signs
from domain.answers.understanding.intents import name_of, span_of
from domain.answers.understanding.tokens import tokens

SEED, TEXTS, PAIRS, SELDOM, PENALTY = 11, 6_000, 18, 200, 2.0
"""Texts of each set; pairs; how often a pair must hold, and must not."""

CLOSE = 12
"""Characters that a cut may stand before where one text ends and another begins, as the word that joins them."""

Numbers = NDArray[np.float64]


def examples(texts: Sequence[Labelled], chance: random.Random) -> Iterator[tuple[frozenset[str], bool]]:
    """The signs between each clause and what stands before it, and whether they come of different texts."""
    for text, _, begins in joined(texts, chance, TEXTS):
        read, before = tokens(text), None
        for clause in clauses(read, "en"):
            if clause.small is not None:
                continue
            words = read.words[clause.first : clause.last]
            new, place = span_of(read, clause, name_of(words, "en")[0], "en"), read.starts[clause.first]
            if before is None:
                before = new
                continue
            other = any(begin - CLOSE <= place <= begin + CLOSE // 2 for begin in begins)
            if settled(before, new) is None:
                yield signs(before, new), other
            before = new if other else before.with_(new)


def fitted(signs: Numbers, apart: Numbers) -> Numbers:
    """A weight for each column; the last column is that of the bias, which has no penalty."""
    weights, penalty = np.zeros(signs.shape[1]), np.full(signs.shape[1], PENALTY)
    penalty[-1] = 0
    for _ in range(50):
        share = 1 / (1 + np.exp(-signs @ weights))
        curve = (signs * (share * (1 - share))[:, None]).T @ signs + np.diag(penalty + 1e-6)
        step = np.linalg.solve(curve, signs.T @ (apart - share) - penalty * weights)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the weights by which clauses are told apart.")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="the folder with the sets")
    found: list[tuple[frozenset[str], bool]] = []
    for name, texts in labelled(parser.parse_args().data):
        if name != "nlupp":  # its labels are parts of intents
            tuned_on = [each for each in texts if not held_out(each[0]) and each[1] not in NOTHING]
            found += examples(tuned_on, random.Random(SEED))
    names = sorted(set().union(*(each for each, _ in found)))
    single = np.array([[name in each for name in names] for each, _ in found], dtype=np.float64)
    apart, one = np.array([other for _, other in found], dtype=np.float64), np.ones((len(found), 1))
    pairs = [
        pair
        for pair in itertools.combinations(range(len(names)), 2)
        if SELDOM < single[:, pair[0]] @ single[:, pair[1]] < len(found) - SELDOM
    ]
    held = np.stack([single[:, one] * single[:, two] for one, two in pairs], axis=1)
    chosen: list[int] = []
    while True:
        columns = np.hstack([single, held[:, chosen], one])
        weights = fitted(columns, apart)
        if len(chosen) == PAIRS:
            break
        share = 1 / (1 + np.exp(-columns @ weights))
        chosen.append(int(np.argmax((held.T @ (apart - share)) ** 2 / (share * (1 - share) @ held + 1))))
    print(f"BIAS = {weights[-1]:.2f}\nWEIGHT: dict[str, float] = {{")
    for name, weight in zip(names, weights, strict=False):
        print(f'    "{name}": {weight:.2f},')
    print("}\nBOTH: tuple[tuple[str, str, float], ...] = (")
    for pair, weight in zip(chosen, weights[len(names) :], strict=False):
        first, second = pairs[pair]
        print(f'    ("{names[first]}", "{names[second]}", {weight:.2f}),')
    print(")")


if __name__ == "__main__":
    main()
